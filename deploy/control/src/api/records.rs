//! The records of a module, a page at a time, and one with its comments.

use postern_shared::clock::time;
use postern_shared::id::ModuleName;
use postern_shared::store::{comments, records};
use serde_json::{Value, json};
use warp::reply::{Reply, Response};

use super::refusal::{Code, Refusal};
use super::request::Request;
use crate::state::State;

/// The records that the query asks for, and the id before which the next page begins.
pub async fn list(state: &State, request: &Request) -> Result<Response, Refusal> {
    let module = request.argument.parse::<ModuleName>();
    let module = module.map_err(|error| Refusal::new(Code::NotFound, error.to_string()))?;
    let (before, last) = (request.variable("before")?, request.last()?);
    let found = records::page(&state.store.connection().await?, &module, before, last).await?;
    let next = Request::next(&found, last).map(|record| record.id);
    let record = |record: &records::Record| json!({"id": record.id, "module": module, "fields": record.fields});
    let records: Vec<Value> = found.iter().map(record).collect();
    Ok(warp::reply::json(&json!({"records": records, "next": next})).into_response())
}

/// One record, and what was said of it, the oldest first.
pub async fn get(state: &State, request: &Request) -> Result<Response, Refusal> {
    let unknown = || Refusal::unknown("record");
    let id = request.argument.parse().map_err(|_| unknown())?;
    let connection = state.store.connection().await?;
    let record = records::find(&connection, id).await?.ok_or_else(unknown)?;
    let said = comments::of(&connection, id).await?;
    let said: Vec<Value> =
        said.iter().map(|one| json!({"text": one.text, "created_at": time(one.created_at)})).collect();
    let body = json!({"id": record.id, "module": record.module, "fields": record.fields, "comments": said});
    Ok(warp::reply::json(&body).into_response())
}
