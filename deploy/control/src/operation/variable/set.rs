//! Sets a variable of the installation.

use postern_shared::id::VariableName;
use postern_shared::store::{StoreError, variables};
use postern_shared::variable::{MAX_VARIABLE_BYTES, MAX_VARIABLES, check_value};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::operation::answer::Done;
use crate::operation::field::Text;
use crate::operation::{About, Code, Error, Operation, Verb, Who};
use crate::state::State;

/// Sets a variable.
#[derive(Debug)]
pub struct SetVariable;

/// The variable to set.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// Its name.
    #[schemars(with = "String", length(min = 1, max = 64), regex(pattern = "^[a-z0-9_]+$"))]
    pub name: Text<VariableName>,
    /// Its value.
    #[schemars(length(max = MAX_VARIABLE_BYTES))]
    pub value: String,
}

/// What became of a variable to be set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Set {
    /// It is in force, unless the environment sets it.
    Done,
    /// Its value is too long, or cannot be stored.
    InvalidValue,
    /// There are [`MAX_VARIABLES`] others.
    TooMany,
}

/// Sets a variable, for the API as for the panel.
pub async fn set(state: &State, who: &Who, name: &VariableName, value: &str) -> Result<Set, StoreError> {
    if check_value(value).is_err() {
        return Ok(Set::InvalidValue);
    }
    let is_set = variables::put(&mut state.store.connection().await?, &who.account, name, value).await?;
    Ok(if is_set { Set::Done } else { Set::TooMany })
}

impl Operation for SetVariable {
    type Input = Input;
    type Output = Done;
    const ABOUT: About = About {
        verb: Verb::Put,
        status: 204,
        ..About::post(
            "setVariable",
            "/variables/{name}",
            "sets a variable of the installation; POSTERN_VAR_NAME in the environment wins over it",
            (r#"{"value": "https://crm.example"}"#, ""),
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
            Set::TooMany => Err(Error::Conflict(format!("there are {MAX_VARIABLES} variables already"))),
        }
    }
}
