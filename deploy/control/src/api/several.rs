//! Several documents at once: check them, set all of them or none, get everything that is set.

use postern_shared::document::Kind;
use postern_shared::document::batch::Batch;
use postern_shared::store::{Connection, StoreError, documents};
use postern_shared::yaml;
use serde_json::{Value, json};
use warp::http::header::CONTENT_TYPE;
use warp::reply::{Reply, Response, with_header};

use super::documents::YAML;
use super::refusal::{Refusal, finding};
use super::request::{Form, Request};
use crate::state::State;

/// Tells everything that is wrong with documents; that they are wrong is no refusal.
pub async fn validate(state: &State, request: &Request) -> Result<Response, Refusal> {
    let batch = batch(&state.store.connection().await?, request).await?;
    let findings: Vec<Value> = batch.findings.iter().map(|found| finding(&found.located)).collect();
    Ok(warp::reply::json(&json!({"documents": batch.documents.len(), "findings": findings})).into_response())
}

/// Sets documents, all or none.
pub async fn apply(state: &State, request: &Request) -> Result<Response, Refusal> {
    let mut connection = state.store.connection().await?;
    let batch = batch(&connection, request).await?;
    if !batch.findings.is_empty() {
        return Err(Refusal::findings(&batch.findings));
    }
    let applied = applied(&mut connection, &request.account, batch).await?;
    Ok(warp::reply::json(&json!({"applied": applied})).into_response())
}

/// Everything that is set, in the order in which it can be applied.
pub async fn export(state: &State) -> Result<Response, Refusal> {
    let connection = state.store.connection().await?;
    let mut texts = Vec::new();
    for kind in Kind::ALL {
        texts.extend(documents::load(&connection, kind).await?.iter().map(yaml::write));
    }
    Ok(with_header(texts.join("---\n"), CONTENT_TYPE, YAML).into_response())
}

/// The documents of a body, checked.
pub async fn batch(connection: &Connection, request: &Request) -> Result<Batch, Refusal> {
    let mut batch = Batch::new(documents::short_urls(connection).await?);
    match request.documents()? {
        (Form::Yaml, text) => batch.add_yaml("line", text),
        (Form::Json, text) => batch.add_json("line", text),
    }
    batch.agree(Some(&documents::stored(connection, &batch).await?));
    Ok(batch)
}

/// Sets documents without findings; tells what became of each.
pub async fn applied(connection: &mut Connection, account: &str, mut batch: Batch) -> Result<Vec<Value>, StoreError> {
    // What others name comes first: modules, triggers, workflows, permissions.
    batch.documents.sort_by_key(|checked| checked.document.kind());
    let (pairs, short_urls): (Vec<_>, Vec<_>) =
        batch.documents.into_iter().map(|one| ((one.document, one.value), one.made_short_url)).unzip();
    let changed = documents::apply(connection, account, &pairs).await?;
    let mut applied = Vec::new();
    for (((document, _), short_url), changed) in pairs.iter().zip(short_urls).zip(changed) {
        let (kind, key) = (document.kind().name(), document.key());
        applied.push(json!({"kind": kind, "key": key, "changed": changed, "made_short_url": short_url}));
    }
    Ok(applied)
}
