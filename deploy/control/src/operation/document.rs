//! Connections, modules, permissions, triggers and workflows, each by its number or key.

pub mod apply;
pub mod delete;
pub mod export;
pub mod get;
pub mod in_force;
pub mod kinds;
pub mod list;
pub mod sent;
pub mod set;
pub mod validate;
pub mod versions;

use postern_shared::document::batch::Batch;
use postern_shared::document::{Kind, Name};
use postern_shared::store::documents::Removed;
use postern_shared::store::{Connection, StoreError, documents, texts};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::request::Form;
use super::{Error, Finding, Who};
use crate::state::State;
use in_force::Behind;
use sent::Sent;

/// What became of a document.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct Applied {
    /// What kind of document it is.
    #[schemars(extend("enum" = Kind::ALL.map(Kind::name)))]
    pub kind: String,
    /// Its number or key.
    pub key: String,
    /// Whether it differs from what was set before.
    pub changed: bool,
    /// The short URL that was made up for a permission that needs one.
    pub made_short_url: Option<String>,
}

/// The documents that were sent, checked by themselves and against what is stored.
pub async fn checked(connection: &Connection, sent: &Sent) -> Result<Batch, StoreError> {
    let mut batch = Batch::new(documents::short_urls(connection).await?);
    match sent.form {
        Form::Yaml => batch.add_yaml("line", &sent.text),
        Form::Json => batch.add_json("line", &sent.text),
    }
    batch.agree(Some(&documents::stored(connection, &batch).await?));
    Ok(batch)
}

/// Sets checked documents, all or none, and waits until they are in force.
///
/// # Errors
/// They have findings.
pub async fn keep(
    connection: &mut Connection,
    who: &Who,
    mut batch: Batch,
) -> Result<(Vec<Applied>, Vec<Behind>), Error> {
    if !batch.findings.is_empty() {
        return Err(Error::Documents(Finding::all(&batch.findings, who.language)));
    }
    // What others name comes first: connections, modules, triggers, workflows, permissions.
    batch.documents.sort_by_key(|checked| checked.document.kind());
    let changed = documents::apply(connection, &who.account, &batch.documents).await?;
    let behind = in_force::wait(connection, changed.version).await?;
    let applied = batch.documents.into_iter().zip(changed.value).map(|(one, changed)| Applied {
        kind: one.document.kind().name().to_owned(),
        key: one.document.key(),
        changed,
        made_short_url: one.made_short_url,
    });
    Ok((applied.collect(), behind))
}

/// Removes what has this name, and waits until no ingress knows it any more.
pub async fn remove(state: &State, who: &Who, name: &Name) -> Result<(), Error> {
    let mut connection = state.store.connection().await?;
    let version = match documents::delete(&mut connection, &who.account, name).await? {
        Removed::Done(version) => version,
        Removed::Missing => return Err(Error::Unknown(name.kind().name())),
        Removed::Used(users) => {
            let users: Vec<String> = users.iter().map(|(kind, key)| format!("{kind} {key}")).collect();
            return Err(Error::Conflict(format!("the {} is used by {}", name.kind(), users.join(", "))));
        }
    };
    in_force::wait(&connection, version).await?;
    Ok(())
}

/// The stored document of this name, and its text.
pub async fn find(state: &State, name: &Name) -> Result<(Value, Option<String>), Error> {
    let connection = state.store.connection().await?;
    let (_, all) = state.documents.of(&connection, name.kind()).await?;
    let found = all.iter().find(|document| name_of(name.kind(), document).as_ref() == Some(name)).cloned();
    let text = texts::find(&connection, name.kind(), &name.to_string()).await?;
    Ok((found.ok_or(Error::Unknown(name.kind().name()))?, text))
}

fn name_of(kind: Kind, document: &Value) -> Option<Name> {
    let text = match &document[kind.name()] {
        Value::String(key) => key.clone(),
        number => number.to_string(),
    };
    kind.parse_name(&text).ok()
}
