//! What became of a submission: names, paths and messages, never posted values. For callers also the messages are
//! without them, and the paths of bounded length.

mod report;

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use serde_json::Value;

pub use report::{Report, RunReport, SkippedReport, StartedBy, StepReport};

use crate::expression::Template;
use crate::id::ReceiptId;
use crate::mask;
use crate::message::{Coded, Language, Message};
use crate::record_ref::RecordRef;
use crate::store::dead_letters::Dead;
use crate::store::receipts::{Receipt, Skipped};
use crate::store::replayed::{self, Replayed};
use crate::store::run_steps::Entry;
use crate::store::runs::{OfReceipt, Parent, Run, Settled};
use crate::store::workflows::StepOf;
use crate::store::{Connection, StoreError, dead_letters, receipts, run_steps, runs, workflows};

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

/// What became of a submission; none = it is unknown.
pub async fn find(
    connection: &Connection,
    clock: &Clock,
    id: ReceiptId,
    audience: Audience,
) -> Result<Option<Report>, StoreError> {
    let replayed = replayed::of(connection, id).await?;
    let found = match taken_up(connection, id, audience).await? {
        Some(report) => Some(report),
        None => not_taken(clock, id, &replayed).map(|status| Report::of_status(id, status)),
    };
    Ok(found.map(|report| Report {
        permission: report.permission.or(replayed.permission),
        replayed_as: replayed.replayed_as,
        replay_of: replayed.replay_of,
        ..report
    }))
}

/// A submission that a worker has taken, or given up.
async fn taken_up(connection: &Connection, id: ReceiptId, audience: Audience) -> Result<Option<Report>, StoreError> {
    let Some(receipt) = receipts::find(connection, id).await? else {
        return Ok(dead_letters::of(connection, id).await?.map(|Dead { permission, reason }| {
            let reason = match audience {
                Audience::Callers => reason.told(),
                Audience::Operators => Some(reason.coded()),
            };
            Report { permission, ..Report::of_status(id, "dead_letter") }.with_reason(reason)
        }));
    };
    let runs = runs::of(connection, id, MAX_SHOWN).await?;
    // A run that does not begin may have been forgotten since, and its receipt names the reason now.
    let receipt =
        if runs.shown.is_empty() { receipts::find(connection, id).await?.unwrap_or(receipt) } else { receipt };
    let most = match audience {
        Audience::Callers => (MAX_STEPS / runs.shown.len().max(1)).max(MIN_STEPS_OF_RUN),
        Audience::Operators => usize::MAX,
    };
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    let log = run_steps::of(connection, id, &runs.shown, most).await?;
    let messages = match audience {
        Audience::Callers => Messages::Told(said_by_stops(connection, &runs.shown, &log).await?),
        Audience::Operators => Messages::All,
    };
    let records = match audience {
        Audience::Callers => BTreeSet::new(),
        Audience::Operators => touched(&log),
    };
    let report = taken(id, receipt, &runs, &log, &messages);
    Ok(Some(Report { records: records.into_iter().collect(), ..report }))
}

/// The records to which these steps did something.
pub fn touched(log: &[Entry]) -> BTreeSet<RecordRef> {
    log.iter().flat_map(|entry| &entry.step.records).cloned().collect()
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
    log: &[Entry],
) -> Result<HashMap<StepOf, String>, StoreError> {
    let stops = log.iter().filter(|entry| is_stop(entry) && entry.step.message.is_some());
    let stops = stops.filter_map(|entry| Some(step_of(runs.iter().find(|run| run.number == entry.run)?, entry)));
    let mut stops: Vec<StepOf> = stops.collect();
    stops.sort_unstable();
    stops.dedup();
    if stops.is_empty() {
        return Ok(HashMap::new());
    }
    let messages = workflows::stop_messages(connection, &stops).await?;
    let outline = |(step, message): (StepOf, Value)| Some((step, Template::parse(&message).ok()?.outline()?));
    Ok(messages.into_iter().filter_map(outline).collect())
}

fn is_stop(entry: &Entry) -> bool {
    entry.step.task == "stop"
}

fn step_of(run: &Run, entry: &Entry) -> StepOf {
    StepOf { workflow: run.workflow, version: run.version, step: entry.step.step.clone() }
}

impl Messages {
    /// The name of an account.
    fn names(&self, account: Option<&str>) -> Option<String> {
        account.filter(|_| matches!(self, Self::All)).map(str::to_owned)
    }

    fn of_step(&self, run: &Run, entry: &Entry) -> Option<Coded> {
        let message = entry.step.message.as_ref()?;
        match self {
            Self::All => Some(message.coded()),
            Self::Told(stops) if is_stop(entry) => {
                stops.get(&step_of(run, entry)).map(|text| Message::said(text).coded())
            }
            Self::Told(_) => message.told(),
        }
    }

    /// `last` is the step at which it ended, if the log has it.
    fn of_run(&self, run: &Run, last: Option<&Entry>) -> Option<Coded> {
        let message = run.message.as_ref()?;
        match (self, last) {
            (Self::All, _) => Some(message.coded()),
            (Self::Told(_), Some(last)) if is_stop(last) => self.of_step(run, last),
            (Self::Told(_), _) => message.told(),
        }
    }

    fn of_skipped(&self, skipped: &Skipped) -> SkippedReport {
        let reason_code = match self {
            Self::All => Some(skipped.reason.coded()),
            Self::Told(_) => skipped.reason.told(),
        };
        let reason = english(reason_code.as_ref()).unwrap_or_default();
        SkippedReport { workflow: skipped.workflow, reason, reason_code }
    }
}

fn english(coded: Option<&Coded>) -> Option<String> {
    coded.map(|coded| coded.text(Language::English))
}

fn taken(id: ReceiptId, receipt: Receipt, runs: &OfReceipt, log: &[Entry], messages: &Messages) -> Report {
    let skipped = receipt.skipped.iter().filter(|_| receipt.duplicate_of.is_none());
    Report {
        accepted_at: Some(time(receipt.accepted_at)),
        target: Some(receipt.target),
        runs: Some(runs.shown.iter().map(|run| describe(run, runs, log, messages)).collect()),
        runs_left_out: Some(runs.left_out).filter(|left_out| *left_out > 0),
        skipped: skipped.map(|one| messages.of_skipped(one)).collect(),
        duplicate_of: receipt.duplicate_of,
        unread: shown(receipt.unmet.unread),
        unposted: shown(receipt.unmet.unposted),
        dropped_files: shown(receipt.dropped_files),
        altered: shown(receipt.altered),
        permission: Some(receipt.permission),
        ..Report::of_status(id, if receipt.duplicate_of.is_some() { "duplicate" } else { runs.word })
    }
}

/// Posted names, without those that may be a posted text.
fn shown(names: Vec<String>) -> Vec<String> {
    names.into_iter().map(|name| mask::name(&name).to_owned()).collect()
}

fn describe(run: &Run, runs: &OfReceipt, log: &[Entry], messages: &Messages) -> RunReport {
    let log: Vec<&Entry> = log.iter().filter(|entry| entry.run == run.number).collect();
    let step = |entry: &&Entry| {
        let message_code = messages.of_step(run, entry);
        StepReport {
            step: entry.step.step.clone(),
            task: entry.step.task.clone(),
            output: entry.step.output.clone(),
            message: english(message_code.as_ref()),
            message_code,
        }
    };
    let message_code = messages.of_run(run, log.last().copied());
    let started_by =
        |Parent { run: parent, step, item }| Some(StartedBy { run: parent, workflow: runs.starter(run)?, step, item });
    RunReport {
        number: run.number,
        workflow: run.workflow,
        version: run.version,
        status: run.state.word().to_owned(),
        steps: run.steps,
        record: run.record.clone(),
        message: english(message_code.as_ref()),
        message_code,
        started_at: time(run.started_at),
        ended_at: run.ended_at.map(time),
        path: log.iter().map(step).collect(),
        steps_left_out: log.first().map(|first| first.number - 1).filter(|left_out| *left_out > 0),
        started_by: run.parent.and_then(started_by),
        replays: run.replays,
        replaced_by: run.replaced_by,
        handled_by: run.settled.as_ref().and_then(Settled::handled_by).map(str::to_owned),
        dismissed_by: messages.names(run.settled.as_ref().and_then(Settled::dismissed_by)),
    }
}
