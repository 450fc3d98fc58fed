//! What became of any submission, whichever permission let it in.

use serde_json::json;
use warp::reply::{Reply, Response};

use super::refusal::Refusal;
use super::request::Request;
use crate::receipts;
use crate::state::State;

/// One receipt, as its caller sees it, and the permission as far as that is known.
pub async fn get(state: &State, request: &Request) -> Result<Response, Refusal> {
    let unknown = || Refusal::unknown("receipt");
    let id = request.argument.parse().map_err(|_| unknown())?;
    let (permission, mut body) = receipts::find(state, id).await?.ok_or_else(unknown)?;
    body["permission"] = json!(permission);
    Ok(warp::reply::json(&body).into_response())
}
