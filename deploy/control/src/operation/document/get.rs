//! One document, as it was applied; of a workflow any version.

use std::marker::PhantomData;

use postern_shared::document::Name;
use postern_shared::id::WorkflowId;
use postern_shared::store::{texts, workflows};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::find;
use super::kinds::{Key, Of, Stored, Workflows};
use crate::operation::answer::One;
use crate::operation::{About, Error, Operation, Who};
use crate::state::State;

/// Gets a document.
#[derive(Debug)]
pub struct Get<K>(PhantomData<K>);

/// Gets a workflow.
#[derive(Debug)]
pub struct GetWorkflow;

/// Which version of which workflow.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// The workflow.
    pub id: WorkflowId,
    /// An older version of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub version: Option<i32>,
}

impl<K: Of> Operation for Get<K> {
    type Input = Key<K>;
    type Output = One<Stored<K>>;
    const ABOUT: About = K::GET;

    async fn run(state: &State, who: &Who, Key(name, _): Key<K>) -> Result<One<Stored<K>>, Error> {
        let (document, text) = find(state, &name).await?;
        Ok(One(Stored::seen(who, &document, text)))
    }
}

impl Operation for GetWorkflow {
    type Input = Input;
    type Output = One<Stored<Workflows>>;
    const ABOUT: About = Workflows::GET;

    async fn run(state: &State, who: &Who, input: Input) -> Result<One<Stored<Workflows>>, Error> {
        let (document, text) = match input.version {
            None => find(state, &Name::Workflow(input.id)).await?,
            Some(version) => {
                let connection = state.store.connection().await?;
                let found = workflows::of_version(&connection, input.id, version).await?;
                let text = texts::of_version(&connection, input.id, version).await?;
                (found.ok_or(Error::Unknown(Workflows::KIND.name()))?, text)
            }
        };
        Ok(One(Stored::seen(who, &document, text)))
    }
}
