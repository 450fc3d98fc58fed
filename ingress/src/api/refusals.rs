//! What was refused: the bodies of permitted callers, and the callers that no permission admits.

use postern_shared::store::refused_bodies::{self, Refusal as Refused};
use postern_shared::store::rejected_callers;
use serde_json::{Value, json};
use warp::http::header::CONTENT_TYPE;
use warp::reply::{Reply, Response, with_header};

use super::refusal::Refusal;
use super::request::Request;
use crate::receipts::time;
use crate::state::State;

/// The latest refused bodies, but for the bodies.
pub async fn list(state: &State, request: &Request) -> Result<Response, Refusal> {
    let found = refused_bodies::latest(&state.store.connection().await?, request.last()?).await?;
    let refused: Vec<Value> = found.iter().map(describe).collect();
    Ok(warp::reply::json(&json!({"refused_bodies": refused})).into_response())
}

/// One with its body, as far as that is text.
pub async fn get(state: &State, request: &Request) -> Result<Response, Refusal> {
    let (refused, body) = find(state, request).await?;
    let mut answer = describe(&refused);
    answer["body"] = json!(body.as_deref().map(String::from_utf8_lossy));
    Ok(warp::reply::json(&answer).into_response())
}

/// The body of one, byte for byte.
pub async fn raw(state: &State, request: &Request) -> Result<Response, Refusal> {
    let (_, body) = find(state, request).await?;
    let body = body.ok_or_else(|| Refusal::unknown("body: it was not kept"))?;
    Ok(with_header(body, CONTENT_TYPE, "application/octet-stream").into_response())
}

/// The addresses that were rejected latest, each with its day.
pub async fn rejected(state: &State, request: &Request) -> Result<Response, Refusal> {
    let found = rejected_callers::latest(&state.store.connection().await?, request.last()?).await?;
    let describe = |(day, caller): &(String, rejected_callers::Rejections)| {
        json!({
            "day": day, "address": caller.address, "count": caller.count, "reason": caller.reason,
            "last_at": time(caller.last_at),
        })
    };
    let callers: Vec<Value> = found.iter().map(describe).collect();
    Ok(warp::reply::json(&json!({"rejected_callers": callers})).into_response())
}

async fn find(state: &State, request: &Request) -> Result<(Refused, Option<Vec<u8>>), Refusal> {
    let unknown = || Refusal::unknown("refused body");
    let id = request.argument.parse().map_err(|_| unknown())?;
    refused_bodies::find(&state.store.connection().await?, id).await?.ok_or_else(unknown)
}

fn describe(refused: &Refused) -> Value {
    json!({
        "id": refused.id, "permission": refused.permission, "address": refused.address, "code": refused.code,
        "message": refused.message, "query": refused.query, "content_type": refused.content_type,
        "bytes": refused.bytes, "refused_at": time(refused.refused_at),
    })
}
