//! One refused body, byte for byte.

use postern_shared::store::accounts::Role;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::reveal;
use crate::operation::answer::Bytes;
use crate::operation::{About, Code, Error, Operation, Who};
use crate::state::State;

/// Gets the bytes of a refused body.
#[derive(Debug)]
pub struct GetRefusedBodyBytes;

/// Which body.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// Its number.
    #[schemars(range(min = 1))]
    pub id: i64,
}

impl Operation for GetRefusedBodyBytes {
    type Input = Input;
    type Output = Bytes;
    const ABOUT: About = About::get(
        "getRefusedBodyBytes",
        "/refused_bodies/{id}/raw",
        "one refused body, byte for byte; the audit log notes it",
        "lastname=Lovelace",
    )
    .for_role(Role::Editor)
    .refusing(&[Code::NotFound]);

    async fn run(state: &State, who: &Who, input: Input) -> Result<Bytes, Error> {
        let (_, body) = reveal(state, who, input.id).await?;
        body.map(Bytes).ok_or(Error::Unknown("body: it was not kept"))
    }
}
