//! Removes a variable that nothing reads.

use postern_shared::id::VariableName;
use postern_shared::store::variables;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Place, uses, words};
use crate::operation::answer::Done;
use crate::operation::field::Text;
use crate::operation::{About, Code, Error, Operation, Who};
use crate::state::State;

/// Removes a variable.
#[derive(Debug)]
pub struct DeleteVariable;

/// Which variable.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// Its name.
    #[schemars(with = "String", length(min = 1, max = 64), regex(pattern = "^[a-z0-9_]+$"))]
    pub name: Text<VariableName>,
}

/// What became of a variable to be removed.
#[derive(Debug)]
pub enum Deleted {
    /// It is gone.
    Done,
    /// There is none of this name.
    Unknown,
    /// These places read it.
    Used(Vec<Place>),
}

/// Removes a variable, for the API as for the panel.
pub async fn delete(state: &State, who: &Who, name: &VariableName) -> Result<Deleted, Error> {
    let mut connection = state.store.connection().await?;
    // The environment still sets it: nothing that reads it would miss it.
    if !state.variables.contains_key(name)
        && let Some(places) = uses(&connection, state).await?.remove(name)
        && variables::load(&connection).await?.contains_key(name)
    {
        return Ok(Deleted::Used(places.into_iter().collect()));
    }
    let is_gone = variables::delete(&mut connection, &who.account, name).await?;
    Ok(if is_gone { Deleted::Done } else { Deleted::Unknown })
}

impl Operation for DeleteVariable {
    type Input = Input;
    type Output = Done;
    const ABOUT: About = About::delete("deleteVariable", "/variables/{name}", "removes a variable that nothing reads")
        .refusing(&[Code::NotFound, Code::Conflict]);

    async fn run(state: &State, who: &Who, input: Input) -> Result<Done, Error> {
        match delete(state, who, &input.name.0).await? {
            Deleted::Done => Ok(Done),
            Deleted::Unknown => Err(Error::Unknown("variable")),
            Deleted::Used(places) => {
                let places: Vec<String> = places.iter().map(words).collect();
                Err(Error::Conflict(format!("the variable is used by {}", places.join(", "))))
            }
        }
    }
}
