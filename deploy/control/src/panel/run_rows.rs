//! Runs as rows of a list, with what is read beside them.

use std::collections::{BTreeSet, HashMap};
use std::time::SystemTime;

use postern_shared::document::Kind;
use postern_shared::record_ref::RecordRef;
use postern_shared::resume::RunKey;
use postern_shared::store::runs::{Run, State};
use postern_shared::store::{checkpoints, run_steps};

use super::frame::Frame;
use super::reply::Refusal;
use super::saving;
use super::shown::{Moment, Pill};
use super::visit::Visit;

/// A run in a list.
pub struct Row {
    pub receipt: String,
    /// Its number, which is its place on the page of its receipt.
    pub number: i16,
    pub pill: Pill,
    pub workflow: String,
    pub version: i32,
    pub title: String,
    /// On which it is, or to which it led.
    pub record: String,
    pub length: String,
    /// Why it needs nobody although it failed; empty if it does.
    pub settled: String,
    pub message: String,
    /// When the submission was accepted, which is the order of the list.
    pub at: Moment,
}

/// What is read beside the runs of a list.
struct Beside {
    titles: HashMap<String, String>,
    touched: HashMap<RunKey, BTreeSet<RecordRef>>,
    until: HashMap<RunKey, SystemTime>,
}

/// Runs as rows of a list.
pub async fn rows(visit: &Visit<'_>, p: &Frame, found: &[Run]) -> Result<Vec<Row>, Refusal> {
    let titles = titles(visit).await?.into_iter().collect();
    let without = found.iter().filter(|run| run.record.is_none()).map(Run::key);
    let connection = visit.connection().await?;
    let touched = run_steps::records(&connection, without).await?;
    let waiting = found.iter().filter(|run| run.state == State::Waiting).map(Run::key);
    let until = checkpoints::until(&connection, waiting).await?;
    let beside = Beside { titles, touched, until };
    Ok(found.iter().map(|run| row(p, run, &beside)).collect())
}

/// The numbers and titles of all workflows.
pub async fn titles(visit: &Visit<'_>) -> Result<Vec<(String, String)>, Refusal> {
    let all = saving::load(visit, Kind::Workflow).await?;
    let titles = all.iter().map(|one| (saving::key(Kind::Workflow, one), saving::title(one).to_owned()));
    Ok(titles.collect())
}

/// The record on which a run is, or else the first of those to which it did something, and how many more there are.
fn record(run: &Run, touched: Option<&BTreeSet<RecordRef>>) -> String {
    let more = touched.map(BTreeSet::len).unwrap_or_default().saturating_sub(1);
    match (&run.record, touched.and_then(BTreeSet::first)) {
        (Some(record), _) => record.to_string(),
        (None, Some(first)) if more > 0 => format!("→ {first} + {more}"),
        (None, Some(first)) => format!("→ {first}"),
        (None, None) => String::new(),
    }
}

/// What a run says, and until when it waits.
fn message(p: &Frame, run: &Run, until: Option<&SystemTime>) -> String {
    let message = run.message.as_ref().map(|message| p.message(message));
    let until = until.map(|until| format!("{} {}", p.t("waits-until"), p.moment(until).exact));
    message.into_iter().chain(until).collect::<Vec<_>>().join(" · ")
}

fn row(p: &Frame, run: &Run, beside: &Beside) -> Row {
    let workflow = run.workflow.to_string();
    let took = run.ended_at.and_then(|end| end.duration_since(run.started_at).ok());
    Row {
        receipt: run.receipt.to_string(),
        number: run.number,
        pill: p.pill(run.state.word()),
        version: run.version,
        title: beside.titles.get(&workflow).cloned().unwrap_or_default(),
        workflow,
        record: record(run, beside.touched.get(&run.key())),
        length: took.map(|took| p.length(took)).unwrap_or_default(),
        settled: run.settled.as_ref().map(|settled| p.settled(settled)).unwrap_or_default(),
        message: message(p, run, beside.until.get(&run.key())),
        at: p.moment(&run.receipt.time()),
    }
}
