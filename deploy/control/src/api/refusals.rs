//! What was refused: the bodies of permitted callers, and the callers that no permission admits. Of a body its shape is
//! shown; whoever asks for more is noted in the audit log.

use postern_shared::body::shape;
use postern_shared::clock::time;
use postern_shared::id::PermissionKey;
use postern_shared::store::refused_bodies::{self, Refusal as Refused};
use postern_shared::store::rejected_callers;
use serde::Deserialize;
use serde_json::{Value, json};
use warp::http::header::CONTENT_TYPE;
use warp::reply::{Reply, Response, with_header};

use super::refusal::{Code, Refusal};
use super::request::Request;
use crate::reread::{self, Choice, Told};
use crate::state::State;

/// Exactly one of `id` and `permission` says which bodies are meant.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Order {
    id: Option<i64>,
    permission: Option<PermissionKey>,
    charset: Option<String>,
    #[serde(rename = "type")]
    content_type: Option<String>,
}

/// The latest refused bodies, but for the bodies.
pub async fn list(state: &State, request: &Request) -> Result<Response, Refusal> {
    let found = refused_bodies::latest(&state.store.connection().await?, request.last()?).await?;
    let refused: Vec<Value> = found.iter().map(describe).collect();
    Ok(warp::reply::json(&json!({"refused_bodies": refused})).into_response())
}

/// One with the names of its body and the shapes of their values; if the query says so with what was posted, as far as
/// that is text.
pub async fn get(state: &State, request: &Request) -> Result<Response, Refusal> {
    let is_shown = request.variable("values")?.unwrap_or(false);
    let (refused, body) = if is_shown { reveal(state, request).await? } else { find(state, request).await? };
    let shapes = shape::of_body(refused.content_type.as_deref(), body.as_deref().unwrap_or_default());
    let mut answer = describe(&refused);
    answer["shapes"] = shapes.iter().map(|(name, shape)| json!({"name": name, "shape": shape})).collect();
    answer["body"] = Value::Null;
    if is_shown {
        answer["query"] = json!(refused.query);
        answer["body"] = json!(body.as_deref().map(String::from_utf8_lossy));
    }
    Ok(warp::reply::json(&answer).into_response())
}

/// The body of one, byte for byte.
pub async fn raw(state: &State, request: &Request) -> Result<Response, Refusal> {
    let (_, body) = reveal(state, request).await?;
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

/// Reads refused bodies again.
pub async fn replay(state: &State, request: &Request) -> Result<Response, Refusal> {
    let order: Order = request.json()?;
    let choice = match (order.id, order.permission) {
        (Some(id), None) => Choice::One(id),
        (None, Some(permission)) => Choice::Permission(permission),
        _ => return Err(Refusal::new(Code::InvalidRequest, "name one of: id, permission")),
    };
    let unknown = || Refusal::new(Code::InvalidRequest, "charset: no encoding has this label");
    let charset = order.charset.map(|label| reread::charset(&label).ok_or_else(unknown)).transpose()?;
    let told = Told { charset, content_type: order.content_type.as_deref() };
    let replayed = reread::replay(state, &request.account, &choice, told).await?;
    if matches!(choice, Choice::One(_)) && replayed.accepted.is_empty() && replayed.refused.is_empty() {
        return Err(Refusal::unknown("refused body"));
    }
    let accepted = replayed.accepted.iter().map(|(id, receipt)| json!({"id": id, "receipt": receipt}));
    let refused = replayed.refused.iter();
    let refused = refused.map(|(id, error)| json!({"id": id, "code": error.code.as_str(), "message": error.message}));
    let (accepted, refused): (Vec<Value>, Vec<Value>) = (accepted.collect(), refused.collect());
    Ok(warp::reply::json(&json!({"replayed": accepted, "refused": refused, "left": replayed.left})).into_response())
}

async fn find(state: &State, request: &Request) -> Result<(Refused, Option<Vec<u8>>), Refusal> {
    let unknown = || Refusal::unknown("refused body");
    let id = request.argument.parse().map_err(|_| unknown())?;
    refused_bodies::find(&state.store.connection().await?, id).await?.ok_or_else(unknown)
}

/// The same for whoever wants to see what was posted.
async fn reveal(state: &State, request: &Request) -> Result<(Refused, Option<Vec<u8>>), Refusal> {
    let unknown = || Refusal::unknown("refused body");
    let id = request.argument.parse().map_err(|_| unknown())?;
    let connection = state.store.connection().await?;
    refused_bodies::reveal(&connection, &request.account, id).await?.ok_or_else(unknown)
}

fn describe(refused: &Refused) -> Value {
    json!({
        "id": refused.id, "permission": refused.permission, "address": refused.address, "code": refused.code,
        "message": refused.message, "query": shape::of_query(&refused.query), "content_type": refused.content_type,
        "bytes": refused.bytes, "refused_at": time(refused.refused_at),
    })
}
