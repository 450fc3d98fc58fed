//! Variables of the installation, and where they are used. They stand in no export: each stage has its own values.

pub mod delete;
pub mod list;
pub mod set;

use std::collections::{BTreeMap, BTreeSet};

use postern_shared::document::Kind;
use postern_shared::id::VariableName;
use postern_shared::store::{Connection, StoreError};
use postern_shared::workflow::Workflow;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::state::State;

/// A place that reads a variable.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Place {
    /// The number of the workflow.
    pub workflow: i64,
    /// The step; none = the condition of its start.
    pub step: Option<String>,
}

/// The places that read each variable, in the workflows that are set now.
pub async fn uses(
    connection: &Connection,
    state: &State,
) -> Result<BTreeMap<VariableName, BTreeSet<Place>>, StoreError> {
    let mut uses: BTreeMap<VariableName, BTreeSet<Place>> = BTreeMap::new();
    let (_, workflows) = state.documents.of(connection, Kind::Workflow).await?;
    for workflow in workflows.iter().filter_map(|one| Workflow::from_document(one).ok()) {
        let condition = workflow.start.condition.as_ref().map(|condition| (None, condition.reads()));
        let steps = workflow.steps.iter().map(|step| (Some(step.name.to_string()), &step.reads));
        for (step, reads) in condition.into_iter().chain(steps) {
            for name in &reads.variables {
                let place = Place { workflow: workflow.id.get(), step: step.clone() };
                uses.entry(name.clone()).or_default().insert(place);
            }
        }
    }
    Ok(uses)
}

/// A place in words.
pub fn words(Place { workflow, step }: &Place) -> String {
    format!("workflow {workflow} ({})", step.as_deref().unwrap_or("start"))
}
