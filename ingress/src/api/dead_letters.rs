//! What nobody could run, and why. The bodies stay in the database: they hold what was posted.

use postern_shared::store::dead_letters::{self, Kept};
use serde_json::{Value, json};
use warp::reply::{Reply, Response};

use super::refusal::Refusal;
use super::request::Request;
use crate::receipts::time;
use crate::state::State;

/// The dead letters that the query asks for, and the id before which the next page begins.
pub async fn list(state: &State, request: &Request) -> Result<Response, Refusal> {
    let (before, last) = (request.variable("before")?, request.last()?);
    let found = dead_letters::page(&state.store.connection().await?, before, last).await?;
    let is_full = i64::try_from(found.len()) == Ok(last);
    let next = found.last().filter(|_| is_full).map(|letter| letter.id);
    let letters: Vec<Value> = found.iter().map(describe).collect();
    Ok(warp::reply::json(&json!({"dead_letters": letters, "next": next})).into_response())
}

fn describe(letter: &Kept) -> Value {
    json!({
        "id": letter.id, "receipt": letter.receipt, "kind": letter.kind, "bytes": letter.bytes,
        "reason": letter.reason, "attempt": letter.attempt, "created_at": time(letter.created_at),
    })
}
