//! The list of runs, newest first. Every state of it is a URL.

use std::collections::HashMap;
use std::time::Duration;

use askama::Template;
use postern_shared::document::Kind;
use postern_shared::resume::RunKey;
use postern_shared::store::runs::{self, Filter, Run, State};
use warp::reply::Response;

use super::frame::{Frame, Section};
use super::reply::{self, Refusal};
use super::saving;
use super::shown::{Moment, Pill, cut, length};
use super::visit::{Pairs, Visit};

/// How many runs a page shows: two screens.
const PAGE: i64 = 50;

const HOUR: u64 = 3600;

/// A week.
pub const WEEK: Duration = Duration::from_secs(7 * 24 * HOUR);

/// The spans of time that the filter knows, by their names in the URL.
pub const SPANS: [(&str, Duration); 3] =
    [("hour", Duration::from_secs(HOUR)), ("day", Duration::from_secs(24 * HOUR)), ("week", WEEK)];

#[derive(Template)]
#[template(path = "runs.html")]
struct List {
    p: Frame,
    rows: Vec<Row>,
    states: Vec<Choice>,
    workflows: Vec<Choice>,
    spans: Vec<Choice>,
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

/// A run in a list.
pub struct Row {
    pub receipt: String,
    /// Its number, which is its place on the page of its receipt.
    pub number: i16,
    pub pill: Pill,
    pub workflow: String,
    pub version: i32,
    pub title: String,
    pub record: String,
    pub length: String,
    pub message: String,
    pub at: Moment,
}

/// Which runs a query asks for; what it names and nobody knows is as if it were not there.
pub fn filter(query: &Pairs) -> Filter {
    Filter {
        workflow: query.get("workflow").parse().ok(),
        state: State::from_word(query.get("state")),
        within: span(query),
        ..Filter::default()
    }
}

/// The span of time that a query names.
pub fn span(query: &Pairs) -> Option<Duration> {
    SPANS.iter().find(|(name, _)| *name == query.get("last")).map(|(_, span)| *span)
}

/// The runs that the query asks for.
pub async fn list(visit: &Visit<'_>) -> Result<Response, Refusal> {
    let p = Frame::new(visit, Section::Runs).await;
    let filter = filter(&visit.query);
    let behind = visit.query.get("after").parse::<RunKey>().ok();
    let mut found = runs::page(&visit.connection().await?, &filter, behind, PAGE + 1).await?;
    let next = cut(&mut found, PAGE).map(|last| next(&filter, last)).unwrap_or_default();
    let chosen = filter.workflow.map(|id| id.to_string()).unwrap_or_default();
    let page = List {
        rows: rows(visit, &p, &found).await?,
        states: (State::ALL.iter())
            .map(|(of, word)| Choice {
                value: (*word).to_owned(),
                text: p.pill(word).text,
                is_chosen: filter.state == Some(*of),
            })
            .collect(),
        workflows: (titles(visit).await?.into_iter())
            .map(|(id, title)| Choice { text: format!("{title} #{id}"), is_chosen: id == chosen, value: id })
            .collect(),
        spans: (SPANS.iter())
            .map(|(name, span)| Choice {
                value: (*name).to_owned(),
                text: p.t(&format!("last-{name}")),
                is_chosen: filter.within == Some(*span),
            })
            .collect(),
        next,
        is_filtered: filter != Filter::default(),
        is_first_page: behind.is_none(),
        p,
    };
    reply::page(&page)
}

/// Runs as rows of a list.
pub async fn rows(visit: &Visit<'_>, p: &Frame, found: &[Run]) -> Result<Vec<Row>, Refusal> {
    let titles: HashMap<String, String> = titles(visit).await?.into_iter().collect();
    Ok(found.iter().map(|run| row(p, run, &titles)).collect())
}

async fn titles(visit: &Visit<'_>) -> Result<Vec<(String, String)>, Refusal> {
    let all = saving::load(visit, Kind::Workflow).await?;
    let titles = all.iter().map(|one| (saving::key(Kind::Workflow, one), saving::title(one).to_owned()));
    Ok(titles.collect())
}

fn next(filter: &Filter, last: &Run) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    if let Some(state) = filter.state {
        query.append_pair("state", state.word());
    }
    if let Some(workflow) = filter.workflow {
        query.append_pair("workflow", &workflow.to_string());
    }
    if let Some((name, _)) = SPANS.iter().find(|(_, span)| filter.within == Some(*span)) {
        query.append_pair("last", name);
    }
    query.append_pair("after", &last.key().to_string());
    query.finish()
}

fn row(p: &Frame, run: &Run, titles: &HashMap<String, String>) -> Row {
    let workflow = run.workflow.to_string();
    let took = run.ended_at.and_then(|end| end.duration_since(run.started_at).ok());
    Row {
        receipt: run.receipt.to_string(),
        number: run.number,
        pill: p.pill(run.state.word()),
        version: run.version,
        title: titles.get(&workflow).cloned().unwrap_or_default(),
        workflow,
        record: run.record.map(|record| record.to_string()).unwrap_or_default(),
        length: took.map(length).unwrap_or_default(),
        message: run.message.as_ref().map(|message| p.message(message)).unwrap_or_default(),
        at: p.moment(&run.started_at),
    }
}
