//! Secrets: what is known of them, and where they are used. Their values come in and never go out.

pub mod delete;
pub mod list;
pub mod rotate;
pub mod set;

use std::collections::BTreeMap;

use postern_shared::connection;
use postern_shared::document::Kind;
use postern_shared::id::SecretName;
use postern_shared::store::{Connection, StoreError};
use postern_shared::workflow::Workflow;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::state::State;

/// A place that reads a secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Use {
    /// The kind of the document.
    #[schemars(extend("enum" = [Kind::Workflow.name(), Kind::Permission.name(), Kind::Connection.name()]))]
    pub kind: String,
    /// Its number or key.
    pub key: String,
    /// The step, or the setting of a permission or of a connection.
    pub place: String,
}

/// The places that read each secret, in the documents that are set now.
pub async fn uses(connection: &Connection, state: &State) -> Result<BTreeMap<SecretName, Vec<Use>>, StoreError> {
    let mut uses: BTreeMap<SecretName, Vec<Use>> = BTreeMap::new();
    let mut add = |name: &SecretName, kind: Kind, key: String, place: &str| {
        uses.entry(name.clone()).or_default().push(Use { kind: kind.name().to_owned(), key, place: place.to_owned() });
    };
    let (_, workflows) = state.documents.of(connection, Kind::Workflow).await?;
    for workflow in workflows.iter().filter_map(|one| Workflow::from_document(one).ok()) {
        for step in &workflow.steps {
            step.reads.secrets.iter().for_each(|name| {
                add(name, Kind::Workflow, workflow.id.to_string(), step.name.as_str());
            });
        }
    }
    let (_, _, permissions) = state.documents.permissions(connection).await?;
    for permission in permissions.iter().flatten() {
        permission.secrets().for_each(|(place, name)| {
            add(name, Kind::Permission, permission.key.to_string(), place);
        });
    }
    let (_, connections) = state.documents.of(connection, Kind::Connection).await?;
    for connection in connections.iter().filter_map(|one| connection::Connection::from_document(one).ok()) {
        connection.secrets().into_iter().for_each(|(place, name)| {
            add(name, Kind::Connection, connection.name.to_string(), place);
        });
    }
    Ok(uses)
}

/// A place in words.
pub fn place(Use { kind, key, place }: &Use) -> String {
    format!("{kind} {key} ({place})")
}
