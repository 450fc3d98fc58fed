//! Encrypts all secrets under the newest key.

use postern_shared::store::secrets;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::operation::{About, Code, Error, Nothing, Operation, Who};
use crate::state::State;

/// Encrypts all secrets under the newest key.
#[derive(Debug)]
pub struct RotateSecrets;

/// What became of the secrets.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct Output {
    /// How many were under an older key, and are now under the newest.
    pub rotated: usize,
    /// Those under a key that control does not have: set them again.
    pub left: Vec<String>,
}

impl Operation for RotateSecrets {
    type Input = Nothing;
    type Output = Output;
    const ABOUT: About = About::post(
        "rotateSecrets",
        "/secret-rotations",
        "encrypts all secrets under the first key of POSTERN_SECRETS_KEY",
        ("{}", r#"{"rotated": 3, "left": []}"#),
    )
    .refusing(&[Code::Conflict]);

    async fn run(state: &State, who: &Who, _: Nothing) -> Result<Output, Error> {
        if state.keys.is_empty() {
            return Err(Error::Conflict("control has no key for secrets: set POSTERN_SECRETS_KEY".to_owned()));
        }
        let connection = &mut state.store.connection().await?;
        let secrets::Rotated { resealed, left } = secrets::rotate(connection, &who.account, &state.keys).await?;
        Ok(Output { rotated: resealed, left: left.into_iter().map(String::from).collect() })
    }
}
