//! Begins to forget a person. Workers look for the person from now on; what is kept is looked through in parts.

use postern_shared::person::MAX_TEXTS;
use postern_shared::store::accounts::Role;
use postern_shared::store::forgetting;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::person;
use crate::operation::{About, Error, Operation, Who};
use crate::state::State;

/// Begins to forget a person.
#[derive(Debug)]
pub struct ForgetPerson;

/// The person.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// E-mails, phone numbers and names of the person. A value has the person if it has one of them.
    #[schemars(length(min = 1, max = MAX_TEXTS))]
    pub texts: Vec<String>,
}

/// What was begun.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct Output {
    /// The number of the report, for the parts.
    pub report: i64,
}

impl Operation for ForgetPerson {
    type Input = Input;
    type Output = Output;
    const ABOUT: About = About {
        status: 201,
        ..About::post(
            "forgetPerson",
            "/forgettings",
            "begins to forget a person; the parts of `lookForPerson` do it",
            (r#"{"texts": ["ada@example.org"]}"#, r#"{"report": 1}"#),
        )
    }
    .for_role(Role::Admin);

    async fn run(state: &State, who: &Who, input: Input) -> Result<Output, Error> {
        let person = person(&input.texts)?;
        let mut connection = state.store.connection().await?;
        Ok(Output { report: forgetting::begin(&mut connection, &who.account, &person).await? })
    }
}
