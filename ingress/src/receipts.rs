//! `GET /receipts/{id}`: what became of a submission. Shown to callers of the permission that let it in; to all
//! others it is unknown. Tells names and paths, never posted values.

use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use postern_shared::id::{PermissionKey, ReceiptId};
use postern_shared::origin::{Origin, Parent};
use postern_shared::store::dead_letters::Dead;
use postern_shared::store::receipts::Receipt;
use postern_shared::store::replayed::{self, Replayed};
use postern_shared::store::runs::{Run, State as RunState};
use postern_shared::store::{Connection, StoreError, dead_letters, receipts, run_log, runs};
use serde_json::{Value, json};
use warp::http::Method;
use warp::reply::{Reply, Response};

use crate::error::ApiError;
use crate::gate::Gate;
use crate::state::State;

/// How far a receipt's time may lie ahead: clocks of several machines differ.
const CLOCK_SKEW: Duration = Duration::from_secs(60);

/// How long a receipt that no worker has taken yet reads as queued; later it is unknown.
const LONGEST_QUEUE: Duration = Duration::from_secs(7 * 24 * 3600);

/// The most runs of a receipt that are shown with their paths: as many as a page takes.
pub const MAX_SHOWN: usize = 100;

/// Answers for one receipt.
pub async fn show(state: &State, gate: &Gate<'_>, method: &Method, id: &str) -> Result<Response, ApiError> {
    if !matches!(*method, Method::GET | Method::HEAD) {
        return Err(ApiError::method_not_allowed("GET, HEAD"));
    }
    let id: ReceiptId = id.parse().map_err(|_| ApiError::receipt_unknown())?;
    let found = find(state, id).await.inspect(|_| {
        // Its end needs no line: the next failure is the first of another one.
        let _ = state.look_ups.worked();
    });
    let found = found.map_err(|error| {
        if let Some(times) = state.look_ups.failed(1) {
            tracing::warn!(%error, times, "receipts could not be looked up");
        }
        ApiError::unavailable("receipts cannot be looked up now")
    })?;
    match found {
        Some((Some(permission), body)) if gate.holds(&permission) => Ok(warp::reply::json(&body).into_response()),
        // Whose it is cannot be told, so nobody is told why.
        Some((None, body)) => Ok(warp::reply::json(&json!({"receipt": id, "status": body["status"]})).into_response()),
        _ => Err(ApiError::receipt_unknown()),
    }
}

/// What became of a submission, and the permission that let it in as far as that is known; none = unknown.
pub async fn find(state: &State, id: ReceiptId) -> Result<Option<(Option<PermissionKey>, Value)>, StoreError> {
    let connection = state.store.connection().await?;
    let replayed = replayed::of(&connection, id).await?;
    let found = match look_up(&connection, id).await? {
        Found::Taken(receipt, runs, log) => {
            let body = taken(id, &receipt, &runs, &log);
            Some((Some(receipt.permission), body))
        }
        Found::Dead(Dead { permission, reason }) => {
            let permission = permission.or_else(|| replayed.permission.clone());
            Some((permission, json!({"receipt": id, "status": "dead_letter", "reason": reason})))
        }
        Found::Nowhere => nowhere(state, id, &replayed).map(|status| {
            let body = json!({"receipt": id, "status": status});
            (replayed.permission.clone(), body)
        }),
    };
    Ok(found.map(|(permission, mut body)| {
        for (name, other) in [("replayed_as", replayed.replayed_as), ("replay_of", replayed.replay_of)] {
            if let Some(other) = other {
                body[name] = json!(other);
            }
        }
        (permission, body)
    }))
}

enum Found {
    Taken(Receipt, Vec<Run>, Vec<run_log::Entry>),
    Dead(Dead),
    Nowhere,
}

async fn look_up(connection: &Connection, id: ReceiptId) -> Result<Found, StoreError> {
    if let Some(receipt) = receipts::find(connection, id).await? {
        let runs = runs::of(connection, id).await?;
        let log = run_log::of(connection, id, &shown(&runs)).await?;
        return Ok(Found::Taken(receipt, runs, log));
    }
    Ok(dead_letters::of(connection, id).await?.map_or(Found::Nowhere, Found::Dead))
}

/// The status of a receipt that is neither in the history nor a dead letter; none = it is unknown.
fn nowhere(state: &State, id: ReceiptId, replayed: &Replayed) -> Option<&'static str> {
    if replayed.replayed_as.is_some() {
        return Some("replayed");
    }
    (replayed.replay_of.is_some() || may_be_queued(state, id)).then_some("queued")
}

/// A receipt of the last days that nobody has seen is taken to be on its way; so is one of the future that the history
/// would hold, since the clock of the ingress that made it may have been ahead.
fn may_be_queued(state: &State, id: ReceiptId) -> bool {
    let now = state.clock.now();
    let is_made = id.time() <= now + CLOCK_SKEW || state.clock.holds(id.time());
    is_made && id.time() + LONGEST_QUEUE >= now
}

fn taken(id: ReceiptId, receipt: &Receipt, runs: &[Run], log: &[run_log::Entry]) -> Value {
    let mut body = json!({
        "receipt": id,
        "status": if receipt.duplicate_of.is_some() { "duplicate" } else { runs::summary(runs) },
        "accepted_at": time(receipt.accepted_at),
        "target": receipt.target,
        "runs": shown(runs).iter().map(|run| describe(run, log)).collect::<Vec<_>>(),
    });
    if runs.len() > MAX_SHOWN {
        body["runs_left_out"] = json!(runs.len() - MAX_SHOWN);
    }
    if let Some(first) = receipt.duplicate_of {
        body["duplicate_of"] = json!(first);
    } else if !receipt.skipped.is_empty() {
        body["skipped"] = json!(receipt.skipped);
    }
    for (key, names) in [
        ("unread", &receipt.unmet.unread),
        ("unposted", &receipt.unmet.unposted),
        ("dropped_files", &receipt.dropped_files),
    ] {
        if !names.is_empty() {
            body[key] = json!(names);
        }
    }
    body
}

fn describe(run: &Run, log: &[run_log::Entry]) -> Value {
    let path: Vec<Value> = (log.iter().filter(|entry| entry.is_of(run)))
        .map(|entry| {
            let mut step = json!({"step": entry.step, "task": entry.task});
            if let Some(output) = &entry.output {
                step["output"] = json!(output);
            }
            if let Some(message) = &entry.message {
                step["message"] = json!(message);
            }
            step
        })
        .collect();
    let mut described = json!({
        "workflow": run.workflow,
        "origin": run.origin,
        "version": run.version,
        "status": run.state.word(),
        "steps": run.steps,
        "record": run.record,
        "message": run.message,
        "started_at": time(run.started_at),
        "ended_at": run.ended_at.map(time),
        "path": path,
    });
    if let Some(Parent { workflow, origin, step, item }) = Origin::read(&run.origin).parent {
        described["started_by"] = json!({"workflow": workflow, "origin": origin, "step": step, "item": item});
    }
    described
}

/// The runs of a receipt that are shown, in order: all of them, or of many those that most need someone's eye.
pub fn shown(runs: &[Run]) -> Vec<&Run> {
    use RunState::{Failed, Finished, NeedsAttention, Running, Waiting};
    let urgency = [NeedsAttention, Failed, Running, Waiting, Finished];
    let mut places: Vec<usize> = (0..runs.len()).collect();
    places.sort_by_key(|at| urgency.iter().position(|state| *state == runs[*at].state));
    places.truncate(MAX_SHOWN);
    places.sort_unstable();
    places.into_iter().map(|at| &runs[at]).collect()
}

/// RFC 3339 in UTC, with milliseconds.
pub fn time(moment: SystemTime) -> String {
    Timestamp::try_from(moment).map(|at| format!("{at:.3}")).unwrap_or_default()
}
