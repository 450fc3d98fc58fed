//! The list of runs, newest first. Every state of it is a URL.

use std::collections::HashMap;

use askama::Template;
use postern_shared::document::Kind;
use postern_shared::id::WorkflowId;
use postern_shared::store::runs::{self, Cursor, Run, State};
use warp::reply::Response;

use super::frame::{Frame, Section};
use super::reply::{self, Refusal};
use super::saving;
use super::shown::{Moment, Pill, length};
use super::visit::Visit;

/// How many runs a page shows: two screens.
const PAGE: i64 = 50;

#[derive(Template)]
#[template(path = "runs.html")]
struct List {
    p: Frame,
    rows: Vec<Row>,
    states: Vec<Choice>,
    workflows: Vec<Choice>,
    /// The query of the next page; empty if this is the last.
    next: String,
    is_filtered: bool,
    is_first_page: bool,
}

struct Choice {
    value: String,
    text: String,
    is_chosen: bool,
}

struct Row {
    receipt: String,
    place: i32,
    pill: Pill,
    workflow: String,
    version: i32,
    title: String,
    record: String,
    length: String,
    message: String,
    at: Moment,
}

/// The runs that the query asks for.
pub async fn list(visit: &Visit<'_>) -> Result<Response, Refusal> {
    let p = Frame::new(visit, Section::Runs).await;
    let state = State::from_word(visit.query.get("state"));
    let workflow = visit.query.get("workflow").parse::<WorkflowId>().ok();
    let behind = cursor(visit.query.get("after"));
    let mut found = runs::page(&visit.connection().await?, workflow, state, behind.as_ref(), PAGE + 1).await?;
    let more = i64::try_from(found.len()).unwrap_or(0) > PAGE;
    found.truncate(usize::try_from(PAGE).unwrap_or(0));
    let next = found.last().filter(|_| more).map(|last| next(state, workflow, last)).unwrap_or_default();
    let titles: Vec<(String, String)> = (saving::load(visit, Kind::Workflow).await?.iter())
        .map(|document| (saving::key(Kind::Workflow, document), saving::title(document).to_owned()))
        .collect();
    let chosen = workflow.map(|id| id.to_string()).unwrap_or_default();
    let known: HashMap<&str, &str> = titles.iter().map(|(id, title)| (id.as_str(), title.as_str())).collect();
    let page = List {
        rows: found.iter().map(|run| row(&p, run, &known)).collect(),
        states: (State::ALL.iter())
            .map(|(of, word)| Choice {
                value: (*word).to_owned(),
                text: p.pill(word).text,
                is_chosen: state == Some(*of),
            })
            .collect(),
        workflows: (titles.iter())
            .map(|(id, title)| Choice { value: id.clone(), text: format!("{title} #{id}"), is_chosen: *id == chosen })
            .collect(),
        next,
        is_filtered: state.is_some() || workflow.is_some(),
        is_first_page: behind.is_none(),
        p,
    };
    reply::page(&page)
}

/// A page begins behind the last run of the one before.
fn cursor(text: &str) -> Option<Cursor> {
    let mut parts = text.splitn(4, '~');
    let (receipt, place, workflow) = (parts.next()?, parts.next()?, parts.next()?);
    let (receipt, place, workflow) = (receipt.parse().ok()?, place.parse().ok()?, workflow.parse().ok()?);
    Some(Cursor { receipt, place, workflow, origin: parts.next()?.to_owned() })
}

fn next(state: Option<State>, workflow: Option<WorkflowId>, last: &Run) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    if let Some(state) = state {
        query.append_pair("state", state.word());
    }
    if let Some(workflow) = workflow {
        query.append_pair("workflow", &workflow.to_string());
    }
    query.append_pair("after", &format!("{}~{}~{}~{}", last.receipt, last.place, last.workflow, last.origin));
    query.finish()
}

fn row(p: &Frame, run: &Run, titles: &HashMap<&str, &str>) -> Row {
    let workflow = run.workflow.to_string();
    let took = run.ended_at.and_then(|end| end.duration_since(run.started_at).ok());
    Row {
        receipt: run.receipt.to_string(),
        place: run.place,
        pill: p.pill(run.state.word()),
        version: run.version,
        title: titles.get(workflow.as_str()).copied().unwrap_or_default().to_owned(),
        workflow,
        record: run.record.map(|record| record.to_string()).unwrap_or_default(),
        length: took.map(length).unwrap_or_default(),
        message: run.message.clone().unwrap_or_default(),
        at: p.moment(&run.started_at),
    }
}
