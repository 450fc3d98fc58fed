//! The documents of `deploy/demo`, which are part of the program: a trigger, a workflow, and a permission for loopback.

use postern_shared::document::Kind;
use postern_shared::document::batch::Batch;
use postern_shared::store::{Connection, documents};

use super::Failure;

/// In the order in which they name each other.
const DOCUMENTS: [&str; 3] = [
    include_str!("../../../demo/trigger-web_lead.yaml"),
    include_str!("../../../demo/workflow-77.yaml"),
    include_str!("../../../demo/permission-loopback.yaml"),
];

/// Applies them, unless there are documents already: somebody's changes are not taken back by the next start.
pub async fn apply_if_empty(connection: &mut Connection) -> Result<(), Failure> {
    for kind in [Kind::Trigger, Kind::Workflow, Kind::Permission] {
        if !documents::load(connection, kind).await?.is_empty() {
            tracing::info!("there are documents already: those of the demo are left out");
            return Ok(());
        }
    }
    let mut batch = Batch::default();
    DOCUMENTS.iter().for_each(|text| batch.add_yaml("the demo", text.as_bytes()));
    if !batch.findings.is_empty() {
        return Err("a document of the demo is not valid".into());
    }
    documents::apply(connection, "postern serve --demo", &batch.documents).await?;
    Ok(())
}
