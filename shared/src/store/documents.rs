//! Settings are applied together: all documents or none, one new version of the settings.

use deadpool_postgres::Object;
use serde_json::Value;

use super::{StoreError, permissions, settings, triggers, workflows};
use crate::document::batch::ShortUrls;
use crate::document::{Document, Kind, Name};

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

/// Removes one; true if it was there. The version is raised only then.
pub async fn delete(connection: &mut Object, name: &Name) -> Result<bool, StoreError> {
    let transaction = connection.transaction().await?;
    settings::raise(&transaction).await?;
    let deleted = match name {
        Name::Trigger(key) => triggers::delete(&transaction, key).await?,
        Name::Workflow(id) => workflows::delete(&transaction, *id).await?,
        Name::Permission(key) => permissions::delete(&transaction, key).await?,
    };
    if deleted {
        transaction.commit().await?;
    } else {
        transaction.rollback().await?;
    }
    Ok(deleted)
}

/// All documents of a kind, in the order of their numbers or keys.
pub async fn load(connection: &Object, kind: Kind) -> Result<Vec<Value>, StoreError> {
    Ok(match kind {
        Kind::Trigger => triggers::load(connection).await?.value,
        Kind::Workflow => workflows::load(connection).await?.value.into_iter().map(|stored| stored.document).collect(),
        Kind::Permission => permissions::load(connection).await?.value,
    })
}

/// The short URLs of the stored permissions: one that was made up stays, however often its document is applied.
pub async fn short_urls(connection: &Object) -> Result<ShortUrls, StoreError> {
    let text = |document: &Value, key: &str| document[key].as_str().map(str::to_owned);
    let stored = permissions::load(connection).await?.value;
    Ok(stored.iter().filter_map(|one| Some((text(one, Kind::Permission.name())?, text(one, "short_url")?))).collect())
}
