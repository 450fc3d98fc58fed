//! The runs of all workflows, a page at a time.

use std::fmt;
use std::str::FromStr;

use postern_shared::store::runs::{self, Cursor, Filter, Run, State as RunState};
use serde_json::{Value, json};
use warp::reply::{Reply, Response};

use super::refusal::Refusal;
use super::request::Request;
use crate::receipts::time;
use crate::state::State;

/// The runs that the query asks for, and where the next page begins.
pub async fn list(state: &State, request: &Request) -> Result<Response, Refusal> {
    let (workflow, last) = (request.variable("workflow")?, request.last()?);
    let wanted = request.variable::<Word>("state")?.map(|word| word.0);
    let behind = request.variable::<Place>("before")?.map(|place| place.0);
    let connection = state.store.connection().await?;
    let filter = Filter { workflow, state: wanted, within: None };
    let found = runs::page(&connection, &filter, behind.as_ref(), last).await?;
    let is_full = i64::try_from(found.len()) == Ok(last);
    let next = found.last().filter(|_| is_full).map(|run| Place(cursor(run)).to_string());
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

fn cursor(run: &Run) -> Cursor {
    Cursor { receipt: run.receipt, place: run.place, workflow: run.workflow, origin: run.origin.clone() }
}

/// A cursor as it is sent.
#[derive(Debug, PartialEq)]
struct Place(Cursor);

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Cursor { receipt, place, workflow, origin } = &self.0;
        write!(f, "{receipt}.{place}.{workflow}.{origin}")
    }
}

impl FromStr for Place {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut parts = text.splitn(4, '.');
        let mut next = || parts.next();
        let parsed = (|| {
            let (receipt, place, workflow) = (next()?.parse().ok()?, next()?.parse().ok()?, next()?.parse().ok()?);
            Some(Cursor { receipt, place, workflow, origin: next()?.to_owned() })
        })();
        parsed.map(Self).ok_or("must be the `next` of an answer")
    }
}

struct Word(RunState);

impl FromStr for Word {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        RunState::from_word(text).map(Self).ok_or("is not the state of a run")
    }
}

#[cfg(test)]
mod tests {
    use postern_shared::id::ReceiptId;

    use super::*;

    #[test]
    fn a_cursor_is_read_as_it_was_written() {
        let receipt = ReceiptId::new();
        for origin in ["", "1", "a.b"] {
            let cursor = Cursor { receipt, place: 2, workflow: 77.try_into().unwrap(), origin: origin.to_owned() };
            let text = Place(cursor.clone()).to_string();
            assert_eq!(text.parse(), Ok(Place(cursor)));
        }
        let text = format!("{receipt}.2.77.");
        for wrong in ["", "1", &text[1..], &text[..text.len() - 1], &format!("{receipt}.2.x.")] {
            assert!(wrong.parse::<Place>().is_err(), "{wrong}");
        }
    }
}
