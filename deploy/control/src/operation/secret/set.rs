//! Sets a secret. Its value is encrypted here and told to nobody.

use std::fmt;

use postern_shared::id::SecretName;
use postern_shared::secret::{MAX_SECRET_BYTES, MAX_SECRETS, MIN_SECRET_BYTES, check_value};
use postern_shared::store::{StoreError, secrets};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::operation::answer::Done;
use crate::operation::field::Text;
use crate::operation::{About, Code, Error, Operation, Verb, Who};
use crate::state::State;

/// Sets a secret.
#[derive(Debug)]
pub struct SetSecret;

/// The secret to set.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// Its name.
    #[schemars(with = "String", length(min = 1, max = 64), regex(pattern = "^[A-Za-z0-9_.-]+$"))]
    pub name: Text<SecretName>,
    /// Its value.
    #[schemars(length(min = MIN_SECRET_BYTES, max = MAX_SECRET_BYTES))]
    pub value: String,
}

/// Without the value.
impl fmt::Debug for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Input").field("name", &self.name).finish_non_exhaustive()
    }
}

/// What became of a secret to be set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Set {
    /// It is in force.
    Done,
    /// Its value is too short, too long, or no text.
    InvalidValue,
    /// There are [`MAX_SECRETS`] others.
    TooMany,
    /// Control has no key.
    NoKey,
}

/// Sets a secret, for the API as for the panel.
pub async fn set(state: &State, who: &Who, name: &SecretName, value: &str) -> Result<Set, StoreError> {
    if check_value(value).is_err() {
        return Ok(Set::InvalidValue);
    }
    let Some(sealed) = state.keys.seal(name, value) else { return Ok(Set::NoKey) };
    let is_set = secrets::put(&mut state.store.connection().await?, &who.account, name, &sealed).await?;
    Ok(if is_set { Set::Done } else { Set::TooMany })
}

impl Operation for SetSecret {
    type Input = Input;
    type Output = Done;
    const ABOUT: About = About {
        verb: Verb::Put,
        status: 204,
        ..About::post(
            "setSecret",
            "/secrets/{name}",
            "sets the value of a secret",
            (r#"{"value": "a-long-value"}"#, ""),
        )
    }
    .refusing(&[Code::NotFound, Code::Conflict]);

    async fn run(state: &State, who: &Who, Input { name, value }: Input) -> Result<Done, Error> {
        match set(state, who, &name.0, &value).await? {
            Set::Done => Ok(Done),
            Set::InvalidValue => {
                let fault = check_value(&value).err().map(|fault| fault.to_string()).unwrap_or_default();
                Err(Error::Invalid(format!("value: {fault}")))
            }
            Set::TooMany => Err(Error::Conflict(format!("there are {MAX_SECRETS} secrets already"))),
            Set::NoKey => Err(Error::Conflict(
                "control has no key for secrets: set POSTERN_SECRETS_KEY or POSTERN_SECRETS_KEY_FILE".to_owned(),
            )),
        }
    }
}
