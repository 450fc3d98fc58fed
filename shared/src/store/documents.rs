//! Settings are applied together: all documents or none, one new version of the settings.

use std::collections::HashSet;
use std::slice;

use deadpool_postgres::{Object, Transaction};
use serde_json::Value;

use super::audit_log::{self, Change};
use super::settings::Versioned;
use super::{
    StoreError, connections, modules, permissions, secrets, settings, texts, triggers, variables, workflow_drafts,
    workflows,
};
use crate::connection::{Connection, Connections};
use crate::document::batch::{Batch, Checked, ShortUrls, Stored};
use crate::document::{self, Document, Kind, Name};
use crate::id::ConnectionName;
use crate::module::{Module, Modules};

/// Writes documents and notes who changed what; tells for each whether that changed anything. The version is raised only
/// if one did; it is that from which on the documents are in force.
pub async fn apply(
    connection: &mut Object,
    account: &str,
    documents: &[Checked],
) -> Result<Versioned<Vec<bool>>, StoreError> {
    let transaction = connection.transaction().await?;
    // First of all, since its row lock puts concurrent changes in order.
    let raised = settings::raise(&transaction).await?;
    let changed = put_all(&transaction, account, documents).await?;
    if changed.contains(&true) {
        transaction.commit().await?;
        return Ok(Versioned { version: raised, value: changed });
    }
    transaction.rollback().await?;
    Ok(Versioned { version: raised - 1, value: changed })
}

/// What became of a workflow that was made from a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Published {
    /// It is in force.
    Done,
    /// Another version is in force than the one that it was made from; 0 = the workflow was removed. Nothing is written.
    Conflict(i32),
}

/// What a workflow that is published was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// The draft of the account, which then goes. A draft whose text is no longer this one stays, based on the new version.
    Draft(String),
    /// A text that was typed; a draft of the account stays.
    Text,
}

/// Writes a workflow that was made from the version `base`, 0 for a new one.
pub async fn publish(
    connection: &mut Object,
    account: &str,
    checked: Checked,
    (source, base): (Source, i32),
) -> Result<Published, StoreError> {
    let transaction = connection.transaction().await?;
    settings::raise(&transaction).await?;
    if let Document::Workflow(workflow) = &checked.document {
        let current = workflows::current_version(&transaction, workflow.id).await?;
        if current != base {
            transaction.rollback().await?;
            return Ok(Published::Conflict(current));
        }
    }
    put_all(&transaction, account, slice::from_ref(&checked)).await?;
    if let (Source::Draft(text), Document::Workflow(workflow)) = (&source, &checked.document) {
        let version = workflows::current_version(&transaction, workflow.id).await?;
        workflow_drafts::published(&transaction, workflow.id, account, (text, version)).await?;
    }
    transaction.commit().await?;
    Ok(Published::Done)
}

/// Writes documents and notes those that changed anything.
async fn put_all(transaction: &Transaction<'_>, account: &str, documents: &[Checked]) -> Result<Vec<bool>, StoreError> {
    let mut changed = Vec::new();
    for one in documents {
        let is_changed = put(transaction, one).await?;
        if is_changed {
            let (kind, key, document) = (one.document.kind().name(), &one.document.key(), Some(&one.value));
            audit_log::put(transaction, &Change { account, action: "save", kind, key, document }).await?;
        }
        changed.push(is_changed);
    }
    Ok(changed)
}

/// What became of a document that was to be removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Removed {
    /// It is gone from this version of the settings on.
    Done(i64),
    /// There is none of this name.
    Missing,
    /// These documents name it and cannot do without it. Nothing is removed.
    Used(Vec<(Kind, String)>),
}

/// Removes one and notes who did it.
pub async fn delete(connection: &mut Object, account: &str, name: &Name) -> Result<Removed, StoreError> {
    // What names a connection is read first. A document that names it from now on is refused while it is not there.
    let users = match name {
        Name::Connection(name) => users(connection, name).await?,
        Name::Module(_) | Name::Trigger(_) | Name::Workflow(_) | Name::Permission(_) => Vec::new(),
    };
    let transaction = connection.transaction().await?;
    let raised = settings::raise(&transaction).await?;
    if !users.is_empty() || !remove(&transaction, name).await? {
        transaction.rollback().await?;
        return Ok(if users.is_empty() { Removed::Missing } else { Removed::Used(users) });
    }
    let (kind, key) = (name.kind().name(), &name.to_string());
    audit_log::put(&transaction, &Change { account, action: "delete", kind, key, document: None }).await?;
    transaction.commit().await?;
    Ok(Removed::Done(raised))
}

/// The stored documents that name a connection.
pub async fn users(connection: &Object, name: &ConnectionName) -> Result<Vec<(Kind, String)>, StoreError> {
    let modules = load(connection, Kind::Module).await?;
    let modules: Modules = modules.iter().filter_map(|one| Module::from_document(one).ok()).collect();
    Ok(document::connections::users(name, &modules, &load(connection, Kind::Workflow).await?))
}

/// All documents of a kind, in the order of their numbers or keys.
pub async fn load(connection: &Object, kind: Kind) -> Result<Vec<Value>, StoreError> {
    Ok(versioned(connection, kind).await?.value)
}

/// The same, with the version of the settings that they belong to.
pub async fn versioned(connection: &Object, kind: Kind) -> Result<Versioned<Vec<Value>>, StoreError> {
    match kind {
        Kind::Connection => connections::load(connection).await,
        Kind::Module => modules::load(connection).await,
        Kind::Trigger => triggers::load(connection).await,
        Kind::Permission => permissions::load(connection).await,
        Kind::Workflow => {
            let Versioned { version, value } = workflows::load(connection).await?;
            Ok(Versioned { version, value: value.into_iter().map(|stored| stored.document).collect() })
        }
    }
}

/// The short URLs of the stored permissions: one that was made up stays, however often its document is applied.
pub async fn short_urls(connection: &Object) -> Result<ShortUrls, StoreError> {
    let text = |document: &Value, key: &str| document[key].as_str().map(str::to_owned);
    let stored = permissions::load(connection).await?.value;
    Ok(stored.iter().filter_map(|one| Some((text(one, Kind::Permission.name())?, text(one, "short_url")?))).collect())
}

/// The stored connections.
async fn of_connections(connection: &Object) -> Result<Connections, StoreError> {
    let stored = connections::load(connection).await?.value;
    Ok(stored.iter().filter_map(|one| Connection::from_document(one).ok()).collect())
}

/// What the modules and workflows of a batch are judged by.
pub async fn stored(connection: &Object, batch: &Batch) -> Result<Stored, StoreError> {
    let modules = load(connection, Kind::Module).await?;
    Ok(Stored {
        connections: of_connections(connection).await?,
        modules: modules.iter().filter_map(|one| Module::from_document(one).ok()).collect(),
        workflows: if batch.needs_workflows() { load(connection, Kind::Workflow).await? } else { Vec::new() },
        secrets: secrets::list(connection).await?.into_iter().map(|one| one.name).collect(),
        variables: variables::load(connection).await?.into_keys().collect(),
        numbers: if batch.runs_workflows() { workflows::numbers(connection).await? } else { HashSet::new() },
    })
}

async fn put(transaction: &Transaction<'_>, checked: &Checked) -> Result<bool, StoreError> {
    let Checked { document, value, .. } = checked;
    let (kind, key) = (document.kind(), document.key());
    let name = (kind, key.as_str());
    let text = texts::next(transaction, name, value, checked.text.as_deref()).await?;
    let says_another = match document {
        Document::Connection(one) => connections::put(transaction, &one.name, value).await?,
        Document::Module(module) => modules::put(transaction, module, value).await?,
        Document::Trigger(trigger) => triggers::put(transaction, &trigger.key, value).await?,
        Document::Workflow(workflow) => workflows::put(transaction, workflow.id, value).await?,
        Document::Permission(permission) => permissions::put(transaction, &permission.key, value).await?,
    };
    Ok(texts::put(transaction, name, text.as_deref()).await? || says_another)
}

async fn remove(transaction: &Transaction<'_>, name: &Name) -> Result<bool, StoreError> {
    match name {
        Name::Connection(name) => connections::delete(transaction, name).await,
        Name::Module(name) => modules::delete(transaction, name).await,
        Name::Trigger(key) => triggers::delete(transaction, key).await,
        Name::Workflow(id) => workflows::delete(transaction, *id).await,
        Name::Permission(key) => permissions::delete(transaction, key).await,
    }
}
