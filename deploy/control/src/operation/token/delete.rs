//! Removes a token: from now on it is refused.

use postern_shared::store::accounts::Role;
use postern_shared::store::tokens;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::operation::answer::Done;
use crate::operation::{About, Error, Operation, Who};
use crate::state::State;

/// Removes a token.
#[derive(Debug)]
pub struct DeleteToken;

/// Which token.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// Its number.
    #[schemars(range(min = 1))]
    pub id: i64,
}

impl Operation for DeleteToken {
    type Input = Input;
    type Output = Done;
    const ABOUT: About = About::delete("deleteToken", "/tokens/{id}", "removes a token; it is refused from now on")
        .for_role(Role::Admin);

    async fn run(state: &State, who: &Who, input: Input) -> Result<Done, Error> {
        match tokens::delete(&mut state.store.connection().await?, &who.account, input.id).await? {
            true => Ok(Done),
            false => Err(Error::Unknown("token")),
        }
    }
}
