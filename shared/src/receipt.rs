//! What became of a submission, as JSON: names, paths and messages, never posted values. For callers also the messages
//! are without them, and the paths of bounded length.

mod words;

use serde_json::{Value, json};
use std::collections::HashMap;
use std::time::Duration;

use crate::expression::Template;
use crate::id::{PermissionKey, ReceiptId};
use crate::origin::{Origin, Parent};
use crate::store::dead_letters::Dead;
use crate::store::receipts::{Receipt, Skipped};
use crate::store::replayed::{self, Replayed};
use crate::store::runs::{OfReceipt, Run};
use crate::store::workflows::StepOf;
use crate::store::{Connection, StoreError, dead_letters, receipts, run_log, runs, workflows};

use crate::clock::{Clock, time};

/// How far a receipt's time may lie ahead: clocks of several machines differ.
const CLOCK_SKEW: Duration = Duration::from_secs(60);

/// How long a receipt that no worker has taken yet reads as queued; later it is unknown.
const LONGEST_QUEUE: Duration = Duration::from_secs(7 * 24 * 3600);

/// The most runs of a receipt that are shown with their paths: as many as a page takes. Runs that need attention or
/// failed are shown first.
pub const MAX_SHOWN: usize = 100;

/// The steps of all runs of a receipt that a caller sees: as many as a page takes. They are shared among the runs.
const MAX_STEPS: usize = 1_000;
/// The steps of one run that a caller sees however many runs there are: where it ended, and how it came there.
const MIN_STEPS_OF_RUN: usize = 10;

/// For whom it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// Whoever posts.
    Callers,
    /// Whoever has a token of the API.
    Operators,
}

/// What became of a submission, and the permission that let it in as far as that is known; none = unknown.
pub async fn find(
    connection: &Connection,
    clock: &Clock,
    id: ReceiptId,
    audience: Audience,
) -> Result<Option<(Option<PermissionKey>, Value)>, StoreError> {
    let replayed = replayed::of(connection, id).await?;
    let found = match taken_up(connection, id, audience).await? {
        Some((permission, body)) => Some((permission.or_else(|| replayed.permission.clone()), body)),
        None => not_taken(clock, id, &replayed)
            .map(|status| (replayed.permission.clone(), json!({"receipt": id, "status": status}))),
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

/// A submission that a worker has taken, or given up.
async fn taken_up(
    connection: &Connection,
    id: ReceiptId,
    audience: Audience,
) -> Result<Option<(Option<PermissionKey>, Value)>, StoreError> {
    let Some(receipt) = receipts::find(connection, id).await? else {
        return Ok(dead_letters::of(connection, id).await?.map(|Dead { permission, reason }| {
            let reason = match audience {
                Audience::Callers => words::told(&reason),
                Audience::Operators => Some(reason),
            };
            (permission, json!({"receipt": id, "status": "dead_letter", "reason": reason}))
        }));
    };
    let runs = runs::of(connection, id, MAX_SHOWN).await?;
    let most = match audience {
        Audience::Callers => (MAX_STEPS / runs.shown.len().max(1)).max(MIN_STEPS_OF_RUN),
        Audience::Operators => usize::MAX,
    };
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    let log = run_log::of(connection, id, &runs.shown, most).await?;
    let messages = match audience {
        Audience::Callers => Messages::Told(said_by_stops(connection, &runs.shown, &log).await?),
        Audience::Operators => Messages::All,
    };
    let body = taken(id, &receipt, &runs, &log, &messages);
    Ok(Some((Some(receipt.permission), body)))
}

/// The status of a receipt that is neither in the history nor a dead letter; none = it is unknown.
fn not_taken(clock: &Clock, id: ReceiptId, replayed: &Replayed) -> Option<&'static str> {
    if replayed.replayed_as.is_some() {
        return Some("replayed");
    }
    (replayed.replay_of.is_some() || may_be_queued(clock, id)).then_some("queued")
}

/// A receipt of the last days that nobody has seen is taken to be on its way; so is one of the future that the history
/// would hold, since the clock of the ingress that made it may have been ahead.
fn may_be_queued(clock: &Clock, id: ReceiptId) -> bool {
    let now = clock.now();
    let is_made = id.time() <= now + CLOCK_SKEW || clock.holds(id.time());
    is_made && id.time() + LONGEST_QUEUE >= now
}

/// Which messages are shown.
enum Messages {
    All,
    /// Those that are Postern's own words, and of each `stop` step what it says whatever is posted.
    Told(HashMap<StepOf, String>),
}

/// What the `stop` steps on the path of these runs say whatever is posted.
async fn said_by_stops(
    connection: &Connection,
    runs: &[Run],
    log: &[run_log::Entry],
) -> Result<HashMap<StepOf, String>, StoreError> {
    let stops = log.iter().filter(|entry| is_stop(entry) && entry.message.is_some());
    let stops = stops.filter_map(|entry| Some(step_of(runs.iter().find(|run| entry.is_of(run))?, entry)));
    let mut stops: Vec<StepOf> = stops.collect();
    stops.sort_unstable();
    stops.dedup();
    if stops.is_empty() {
        return Ok(HashMap::new());
    }
    let messages = workflows::settings_of_steps(connection, &stops, "message").await?;
    let outline = |(step, message): (StepOf, Value)| Some((step, Template::parse(&message).ok()?.outline()?));
    Ok(messages.into_iter().filter_map(outline).collect())
}

fn is_stop(entry: &run_log::Entry) -> bool {
    entry.task == "stop"
}

fn step_of(run: &Run, entry: &run_log::Entry) -> StepOf {
    StepOf { workflow: run.workflow, version: run.version, step: entry.step.clone() }
}

impl Messages {
    fn of_step(&self, run: &Run, entry: &run_log::Entry) -> Option<String> {
        let message = entry.message.as_ref()?;
        match self {
            Self::All => Some(message.clone()),
            Self::Told(stops) if is_stop(entry) => stops.get(&step_of(run, entry)).cloned(),
            Self::Told(_) => words::told(message),
        }
    }

    /// `last` is the step at which it ended, if the log has it.
    fn of_run(&self, run: &Run, last: Option<&run_log::Entry>) -> Option<String> {
        let message = run.message.as_ref()?;
        match (self, last) {
            (Self::All, _) => Some(message.clone()),
            (Self::Told(_), Some(last)) if is_stop(last) => self.of_step(run, last),
            (Self::Told(_), _) => words::told(message),
        }
    }

    fn of_skipped(&self, skipped: &Skipped) -> Skipped {
        match self {
            Self::All => skipped.clone(),
            Self::Told(_) => {
                Skipped { workflow: skipped.workflow, reason: words::told(&skipped.reason).unwrap_or_default() }
            }
        }
    }
}

fn taken(id: ReceiptId, receipt: &Receipt, runs: &OfReceipt, log: &[run_log::Entry], messages: &Messages) -> Value {
    let mut body = json!({
        "receipt": id,
        "status": if receipt.duplicate_of.is_some() { "duplicate" } else { runs.word },
        "accepted_at": time(receipt.accepted_at),
        "target": receipt.target,
        "runs": runs.shown.iter().map(|run| describe(run, log, messages)).collect::<Vec<_>>(),
    });
    if runs.left_out > 0 {
        body["runs_left_out"] = json!(runs.left_out);
    }
    if let Some(first) = receipt.duplicate_of {
        body["duplicate_of"] = json!(first);
    } else if !receipt.skipped.is_empty() {
        body["skipped"] = receipt.skipped.iter().map(|one| json!(messages.of_skipped(one))).collect();
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

fn describe(run: &Run, log: &[run_log::Entry], messages: &Messages) -> Value {
    let log: Vec<&run_log::Entry> = log.iter().filter(|entry| entry.is_of(run)).collect();
    let path: Vec<Value> = log.iter().map(|entry| step(run, entry, messages)).collect();
    let mut described = json!({
        "workflow": run.workflow,
        "origin": run.origin,
        "version": run.version,
        "status": run.state.word(),
        "steps": run.steps,
        "record": run.record,
        "message": messages.of_run(run, log.last().copied()),
        "started_at": time(run.started_at),
        "ended_at": run.ended_at.map(time),
        "path": path,
    });
    if let Some(left_out) = log.first().map(|first| first.number - 1).filter(|left_out| *left_out > 0) {
        described["steps_left_out"] = json!(left_out);
    }
    if let Some(Parent { workflow, origin, step, item }) = Origin::read(&run.origin).parent {
        described["started_by"] = json!({"workflow": workflow, "origin": origin, "step": step, "item": item});
    }
    described
}

fn step(run: &Run, entry: &run_log::Entry, messages: &Messages) -> Value {
    let mut step = json!({"step": entry.step, "task": entry.task});
    if let Some(output) = &entry.output {
        step["output"] = json!(output);
    }
    if let Some(message) = messages.of_step(run, entry) {
        step["message"] = json!(message);
    }
    step
}
