//! Removes a secret that nothing reads.

use postern_shared::id::SecretName;
use postern_shared::store::secrets;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Use, place, uses};
use crate::operation::answer::Done;
use crate::operation::field::Text;
use crate::operation::{About, Code, Error, Operation, Who};
use crate::state::State;

/// Removes a secret.
#[derive(Debug)]
pub struct DeleteSecret;

/// Which secret.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// Its name.
    #[schemars(with = "String", length(min = 1, max = 64), regex(pattern = "^[A-Za-z0-9_.-]+$"))]
    pub name: Text<SecretName>,
}

/// What became of a secret to be removed.
#[derive(Debug)]
pub enum Deleted {
    /// It is gone.
    Done,
    /// There is none of this name.
    Unknown,
    /// These places read it.
    Used(Vec<Use>),
}

/// Removes a secret, for the API as for the panel.
pub async fn delete(state: &State, who: &Who, name: &SecretName) -> Result<Deleted, Error> {
    let mut connection = state.store.connection().await?;
    if let Some(places) = uses(&connection, state).await?.remove(name) {
        return Ok(Deleted::Used(places));
    }
    let is_gone = secrets::delete(&mut connection, &who.account, name).await?;
    Ok(if is_gone { Deleted::Done } else { Deleted::Unknown })
}

impl Operation for DeleteSecret {
    type Input = Input;
    type Output = Done;
    const ABOUT: About = About::delete("deleteSecret", "/secrets/{name}", "removes a secret that nothing reads")
        .refusing(&[Code::NotFound, Code::Conflict]);

    async fn run(state: &State, who: &Who, input: Input) -> Result<Done, Error> {
        match delete(state, who, &input.name.0).await? {
            Deleted::Done => Ok(Done),
            Deleted::Unknown => Err(Error::Unknown("secret")),
            Deleted::Used(places) => {
                let places: Vec<String> = places.iter().map(place).collect();
                Err(Error::Conflict(format!("the secret is used by {}", places.join(", "))))
            }
        }
    }
}
