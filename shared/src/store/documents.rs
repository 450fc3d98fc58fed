//! Settings are applied together: all documents or none, one new version of the settings.

use deadpool_postgres::Object;
use serde_json::Value;

use super::{StoreError, permissions, settings, triggers, workflows};
use crate::document::Document;

/// Writes documents with the text they were read from; tells for each whether that changed anything. The version
/// is raised only if one did.
pub async fn apply(connection: &mut Object, documents: &[(Document, Value)]) -> Result<Vec<bool>, StoreError> {
    let transaction = connection.transaction().await?;
    // First of all, since its row lock puts concurrent changes in order.
    settings::raise(&transaction).await?;
    let mut changed = Vec::new();
    for (document, value) in documents {
        changed.push(match document {
            Document::Trigger(trigger) => triggers::put(&transaction, &trigger.key, value).await?,
            Document::Workflow(workflow) => workflows::put(&transaction, workflow.id, value).await?,
            Document::Permission(permission) => permissions::put(&transaction, &permission.key, value).await?,
        });
    }
    if changed.contains(&true) {
        transaction.commit().await?;
    } else {
        transaction.rollback().await?;
    }
    Ok(changed)
}
