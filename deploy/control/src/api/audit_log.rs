//! Who changed what.

use postern_shared::clock::time;
use postern_shared::store::audit_log::{self, Entry};
use serde_json::{Value, json};
use warp::reply::{Reply, Response};

use super::refusal::Refusal;
use super::request::Request;
use crate::state::State;

/// The changes that the query asks for, and the id before which the next page begins.
pub async fn list(state: &State, request: &Request) -> Result<Response, Refusal> {
    let (kind, key) = (request.variable::<String>("kind")?, request.variable::<String>("key")?);
    let (before, last) = (request.variable("before")?, request.last()?);
    let connection = state.store.connection().await?;
    let found = audit_log::page(&connection, kind.as_deref(), key.as_deref(), before, last).await?;
    let next = Request::next(&found, last).map(|entry| entry.id);
    let changes: Vec<Value> = found.iter().map(describe).collect();
    Ok(warp::reply::json(&json!({"changes": changes, "next": next})).into_response())
}

fn describe(entry: &Entry) -> Value {
    json!({
        "id": entry.id, "at": time(entry.at), "account": entry.account, "action": entry.action, "kind": entry.kind,
        "key": entry.key, "document": entry.document,
    })
}
