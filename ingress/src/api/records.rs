//! The records of a module, a page at a time.

use postern_shared::id::ModuleName;
use postern_shared::store::records;
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
    let is_full = i64::try_from(found.len()) == Ok(last);
    let next = found.last().filter(|_| is_full).map(|record| record.id);
    let record = |record: &records::Record| json!({"id": record.id, "module": module, "fields": record.fields});
    let records: Vec<Value> = found.iter().map(record).collect();
    Ok(warp::reply::json(&json!({"records": records, "next": next})).into_response())
}
