//! The runs of all workflows, a page at a time.

use std::str::FromStr;

use postern_shared::clock::time;
use postern_shared::store::runs::{self, Cursor, Filter, Run, State as RunState};
use serde_json::{Value, json};
use warp::reply::{Reply, Response};

use super::refusal::Refusal;
use super::request::Request;
use crate::state::State;

/// The runs that the query asks for, and where the next page begins.
pub async fn list(state: &State, request: &Request) -> Result<Response, Refusal> {
    let (workflow, last) = (request.variable("workflow")?, request.last()?);
    let wanted = request.variable::<Word>("state")?.map(|word| word.0);
    let behind = request.variable::<Cursor>("before")?;
    let connection = state.store.connection().await?;
    let filter = Filter { workflow, state: wanted, within: None };
    let found = runs::page(&connection, &filter, behind.as_ref(), last).await?;
    let next = Request::next(&found, last).map(|run| Cursor::from(run).to_string());
    let runs: Vec<Value> = found.iter().map(describe).collect();
    Ok(warp::reply::json(&json!({"runs": runs, "next": next})).into_response())
}

fn describe(run: &Run) -> Value {
    json!({
        "receipt": run.receipt, "workflow": run.workflow, "origin": run.origin, "version": run.version, "state": run.state.word(),
        "steps": run.steps, "record": run.record, "message": run.message,
        "started_at": time(run.started_at), "ended_at": run.ended_at.map(time),
    })
}

struct Word(RunState);

impl FromStr for Word {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        RunState::from_word(text).map(Self).ok_or("is not the state of a run")
    }
}
