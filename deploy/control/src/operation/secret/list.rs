//! All secrets, never their values.

use postern_shared::store::secrets;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Use, uses};
use crate::operation::field::Time;
use crate::operation::{About, Error, Nothing, Operation, Who};
use crate::state::State;

/// Lists secrets.
#[derive(Debug)]
pub struct ListSecrets;

/// What is known of a secret; never its value.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct Secret {
    /// Its name.
    pub name: String,
    /// When its value was set.
    pub changed_at: Time,
    /// The places that read it.
    pub used_by: Vec<Use>,
}

/// All secrets.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct Output {
    /// In the order of their names.
    pub secrets: Vec<Secret>,
}

impl Operation for ListSecrets {
    type Input = Nothing;
    type Output = Output;
    const ABOUT: About = About::get(
        "listSecrets",
        "/secrets",
        "all secrets and where they are used, never their values",
        r#"{"secrets": [{"name": "crm", "changed_at": "2026-11-24T13:30:00Z", "used_by": [{"kind": "workflow", "key": "77", "place": "tell"}]}]}"#,
    );

    async fn run(state: &State, _: &Who, _: Nothing) -> Result<Output, Error> {
        let connection = state.store.connection().await?;
        let (all, mut uses) = (secrets::list(&connection).await?, uses(&connection, state).await?);
        let secrets = all.into_iter().map(|one| Secret {
            used_by: uses.remove(&one.name).unwrap_or_default(),
            name: one.name.into(),
            changed_at: one.changed_at.into(),
        });
        Ok(Output { secrets: secrets.collect() })
    }
}
