//! What became of any submission, whichever permission let it in.

use postern_shared::receipt::{self, Audience};
use serde_json::json;
use warp::reply::{Reply, Response};

use super::refusal::Refusal;
use super::request::Request;
use crate::state::State;

/// One receipt, with all messages, and the permission as far as that is known.
pub async fn get(state: &State, request: &Request) -> Result<Response, Refusal> {
    let unknown = || Refusal::unknown("receipt");
    let id = request.argument.parse().map_err(|_| unknown())?;
    let connection = state.store.connection().await?;
    let found = receipt::find(&connection, &state.clock, id, Audience::Operators).await?;
    let (permission, mut body) = found.ok_or_else(unknown)?;
    body["permission"] = json!(permission);
    Ok(warp::reply::json(&body).into_response())
}
