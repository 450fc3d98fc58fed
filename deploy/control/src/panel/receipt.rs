//! A receipt: what was posted, what ran, and the way of each run through its graph.

use std::time::Duration;

use askama::Template;
use postern_shared::id::ReceiptId;
use postern_shared::message::Message;
use postern_shared::receipt::{MAX_SHOWN, touched};
use postern_shared::store::receipts::Receipt;
use postern_shared::store::run_steps::Entry;
use postern_shared::store::runs::{self, OfReceipt, Parent, Run, State};
use postern_shared::store::{Connection, dead_letters, posted, receipts, replayed, run_steps, workflows};
use serde_json::Value;
use warp::reply::Response;

use super::frame::{Frame, Section};
use super::graph::{self, Graph, Marks, Way, summary};
use super::records::RecordLink;
use super::reply::{self, Refusal};
use super::saving;
use super::shown::{Moment, Pill, shortened};
use super::tree::Tree;
use super::visit::Visit;
use crate::designer::Sketch;

/// How much of what a step does its line on the path shows, in characters.
const SUMMARY_CHARS: usize = 120;

#[derive(Template)]
#[template(path = "receipt.html")]
struct Page {
    p: Frame,
    id: String,
    pill: Pill,
    at: Moment,
    /// What is known of it once a worker has taken it.
    taken: Option<Taken>,
    /// Why it is a dead letter; empty otherwise.
    reason: String,
    /// The receipts under which it runs instead, and in whose place it runs; empty if there are none.
    replayed_as: String,
    replay_of: String,
}

struct Taken {
    permission: String,
    permission_href: String,
    target: String,
    record: Option<RecordLink>,
    /// The records to which its runs did something.
    touched: Vec<RecordLink>,
    duplicate_of: String,
    skipped: Vec<(String, String)>,
    /// Posted and never read, read and never posted: that shows misspelt names.
    unread: String,
    unposted: String,
    dropped_files: String,
    /// The names in whose values U+FFFD stands for what was no text.
    altered: String,
    /// Whether it started nothing and can be replayed.
    is_unmatched: bool,
    ran: Vec<Ran>,
    /// How many runs are not on the page.
    left_out: i64,
    trees: Vec<(&'static str, Tree)>,
}

struct Ran {
    /// Its name for the buttons.
    run: String,
    /// Its number, which is its place on the page.
    number: i16,
    /// The run that it replays, and the replay that goes on in its place.
    replays: Option<i64>,
    replaced_by: Option<i64>,
    started_by: Option<StartedBy>,
    /// The runs that it started: number and workflow.
    children: Vec<(i16, String)>,
    /// Why it needs nobody although it failed; empty if it does.
    settled: String,
    /// Whether it failed and no other run goes on in its place.
    can_go_on: bool,
    may_be_dismissed: bool,
    needs_attention: bool,
    /// Whether it waits for a time, as far as its path tells.
    may_be_woken: bool,
    has_ended: bool,
    workflow: String,
    version: i32,
    title: String,
    pill: Pill,
    record: Option<RecordLink>,
    message: String,
    length: String,
    path: Vec<Step>,
    graph: Option<Graph>,
}

/// The step that started a run.
struct StartedBy {
    workflow: String,
    step: i64,
    /// Its run, if that is on the page.
    run: Option<i16>,
    /// The place of the item for which it started the run, if it has started others.
    item: Option<i64>,
}

struct Step {
    number: i32,
    step: String,
    task: String,
    output: String,
    /// What it does, by the document, such as `$env["email"] · subject = Hello`.
    summary: String,
    /// The records to which it did something, and the fields that it changed.
    records: Vec<RecordLink>,
    fields: String,
    message: String,
    /// Its own time.
    took: String,
    /// Whether it is the step at which the run ended or stands still.
    is_deciding: bool,
}

/// What became of a submission.
pub async fn show(visit: &Visit<'_>) -> Result<Response, Refusal> {
    let id: ReceiptId = visit.argument.parse().map_err(|_| Refusal::NotFound)?;
    let connection = visit.connection().await?;
    let p = Frame::new(visit, Section::Runs).await;
    let other = replayed::of(&connection, id).await?;
    let name = |receipt: Option<ReceiptId>| receipt.map(|receipt| receipt.to_string()).unwrap_or_default();
    let (replayed_as, replay_of) = (name(other.replayed_as), name(other.replay_of));
    let Some(receipt) = receipts::find(&connection, id).await? else {
        let reason = dead_letters::of(&connection, id).await?.map(|dead| p.message(&dead.reason));
        let state = match reason {
            Some(_) => "dead_letter",
            None if other.replayed_as.is_some() => "replayed",
            None => "queued",
        };
        let (pill, at) = (p.pill(state), p.moment(&id.time()));
        let reason = reason.unwrap_or_default();
        return reply::page(&Page { p, id: id.to_string(), pill, at, taken: None, reason, replayed_as, replay_of });
    };
    let runs = runs::of(&connection, id, MAX_SHOWN).await?;
    let state = if receipt.duplicate_of.is_some() { "duplicate" } else { runs.word };
    let (pill, at) = (p.pill(state), p.moment(&receipt.accepted_at));
    let taken = Some(taken(&connection, &p, id, &receipt, &runs).await?);
    reply::page(&Page { p, id: id.to_string(), pill, at, taken, reason: String::new(), replayed_as, replay_of })
}

async fn taken(
    connection: &Connection,
    p: &Frame,
    id: ReceiptId,
    receipt: &Receipt,
    of_receipt: &OfReceipt,
) -> Result<Taken, Refusal> {
    let runs = &of_receipt.shown;
    let log = run_steps::of(connection, id, runs, i64::MAX).await?;
    let mut ran = Vec::new();
    for run in runs {
        let document = workflows::of_version(connection, run.workflow, run.version).await?;
        let log: Vec<_> = log.iter().filter(|entry| entry.run == run.number).collect();
        ran.push(describe(p, run, of_receipt, document.as_ref(), &log));
    }
    let posted = posted::find(connection, id).await?;
    let mut trees = Vec::new();
    let mut record = None;
    if let Some(posted) = posted {
        record = posted.record.as_ref().map(RecordLink::from);
        let all = [("$env", &posted.env), ("$query", &posted.query), ("$request", &posted.request)];
        trees.extend(all.into_iter().map(|(name, env)| (name, p.values(env))));
    }
    let skipped = receipt.skipped.iter().map(|one| {
        let workflow = one.workflow.map(|id| format!("#{id}")).unwrap_or_default();
        (workflow, p.message(&one.reason))
    });
    Ok(Taken {
        permission_href: reply::path(&["http-handler", receipt.permission.as_str()]),
        permission: receipt.permission.to_string(),
        target: p.target(&receipt.target),
        record,
        touched: touched(&log).iter().map(RecordLink::from).collect(),
        duplicate_of: receipt.duplicate_of.map(|first| first.to_string()).unwrap_or_default(),
        skipped: skipped.collect(),
        unread: receipt.unmet.unread.join(", "),
        unposted: receipt.unmet.unposted.join(", "),
        dropped_files: receipt.dropped_files.join(", "),
        altered: receipt.altered.join(", "),
        is_unmatched: runs.is_empty() && receipt.duplicate_of.is_none(),
        ran,
        left_out: of_receipt.left_out,
        trees,
    })
}

fn children(run: &Run, all: &[Run]) -> Vec<(i16, String)> {
    let started = all.iter().filter(|one| one.parent.is_some_and(|parent| parent.run == run.number));
    started.map(|one| (one.number, one.workflow.to_string())).collect()
}

fn started_by(run: &Run, of_receipt: &OfReceipt) -> Option<StartedBy> {
    let Parent { run: number, step, item } = run.parent?;
    let is_shown = of_receipt.shown.iter().any(|one| one.number == number);
    let is_other = |parent: Parent| (parent.run, parent.step) == (number, step) && parent.item != item;
    let has_others = of_receipt.shown.iter().filter_map(|one| one.parent).any(is_other);
    let workflow = of_receipt.starter(run)?.to_string();
    let (run, item) = (is_shown.then_some(number), has_others.then_some(item.into()));
    Some(StartedBy { workflow, step: step.into(), run, item })
}

fn describe(p: &Frame, run: &Run, of_receipt: &OfReceipt, document: Option<&Value>, log: &[&Entry]) -> Ran {
    let took =
        |end: std::time::SystemTime| end.duration_since(run.started_at).map(|took| p.length(took)).unwrap_or_default();
    let last = log.last().map(|entry| entry.number).filter(|_| run.state.is_fault());
    let seen = document.map(|document| p.sight.document(document));
    let does = |step: &str, task: &str| {
        let of = seen.as_ref().map(|seen| &seen["steps"][step]).filter(|of| of.is_object());
        of.map(|of| summary(task, of)).filter(|does| does != "null").unwrap_or_default()
    };
    let path: Vec<Step> = (log.iter())
        .map(|Entry { number, step, .. }| Step {
            number: *number,
            step: step.step.clone(),
            task: step.task.clone(),
            output: p.output(step.output.as_deref().unwrap_or_default()),
            summary: shortened(&does(&step.step, &step.task), SUMMARY_CHARS),
            records: step.records.iter().map(RecordLink::from).collect(),
            fields: step.fields.join(", "),
            // What ended the run stands above already.
            message: (step.message.as_ref().filter(|said| Some(*said) != run.message.as_ref()))
                .map(|message| p.message(message))
                .unwrap_or_default(),
            took: p.length(Duration::from_micros(step.took_us.into())),
            is_deciding: last == Some(*number),
        })
        .collect();
    let mut way = Way::default();
    // The delay at which a run waits is not left yet.
    let waits_at = log.last().filter(|entry| run.state == State::Waiting && entry.step.task == "delay");
    let waits_at = waits_at.map(|entry| entry.number);
    for Entry { number, step, .. } in log {
        way.steps.entry(step.step.clone()).or_default().push(*number);
        let output = step.output.clone().filter(|_| waits_at != Some(*number));
        way.outputs.extend(output.map(|output| (step.step.clone(), output)));
    }
    if let Some(entry) = log.last().filter(|_| run.state == State::Failed) {
        way.failed.clone_from(&entry.step.step);
    }
    Ran {
        run: run.key().to_string(),
        number: run.number,
        replays: run.replays.map(i64::from),
        replaced_by: run.replaced_by.map(i64::from),
        started_by: started_by(run, of_receipt),
        children: children(run, &of_receipt.shown),
        settled: run.settled.as_ref().map(|settled| p.settled(settled)).unwrap_or_default(),
        can_go_on: run.state == State::Failed && run.replaced_by.is_none(),
        may_be_dismissed: run.state == State::Failed && run.replaced_by.is_none() && run.settled.is_none(),
        needs_attention: run.state == State::NeedsAttention,
        may_be_woken: run.state == State::Waiting && log.iter().any(|entry| waits_for_time(entry)),
        has_ended: run.state.is_end(),
        workflow: run.workflow.to_string(),
        version: run.version,
        title: document.map(saving::title).unwrap_or_default().to_owned(),
        pill: p.pill(run.state.word()),
        record: run.record.as_ref().map(RecordLink::from),
        message: run.message.as_ref().map(|message| p.message(message)).unwrap_or_default(),
        length: run.ended_at.map(took).unwrap_or_default(),
        graph: seen.as_ref().map(|seen| graph::draw(&Sketch::of(seen), seen, Marks::Taken(&way))),
        path,
    }
}

/// Whether a waiting run may wait behind this step for a time.
fn waits_for_time(Entry { step, .. }: &Entry) -> bool {
    step.task == "delay" || matches!(step.message, Some(Message::AgainLater { .. }))
}
