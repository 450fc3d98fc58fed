//! The list of runs, newest first. Every state of it is a URL. Those that failed stand in groups of those that are alike,
//! until one of the groups is opened.

use std::collections::HashMap;
use std::time::Duration;

use askama::Template;
use postern_shared::resume::RunKey;
use postern_shared::store::failure_groups::{self, Group};
use postern_shared::store::runs::{self, Filter, Run, State};
use warp::reply::Response;

use super::frame::{Frame, Section};
use super::reply::{self, Refusal};
use super::run_rows::{Row, rows, titles};
use super::shown::{Moment, cut};
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
    filters: Filters,
    /// The group that is open.
    group: Option<Open>,
    /// The query of the next page; empty if this is the last.
    next: String,
    is_filtered: bool,
    is_first_page: bool,
}

#[derive(Template)]
#[template(path = "failures.html")]
struct Failures {
    p: Frame,
    filters: Filters,
    groups: Vec<Alike>,
    /// The runs of all groups.
    total: i64,
    /// The query of the same runs one by one.
    flat: String,
    is_filtered: bool,
}

/// What the filter bar offers.
struct Filters {
    states: Vec<Choice>,
    workflows: Vec<Choice>,
    spans: Vec<Choice>,
}

struct Choice {
    value: String,
    text: String,
    is_chosen: bool,
}

/// A group that is open: runs that failed at a step, or that wait at it.
struct Open {
    is_waiting: bool,
    workflow: String,
    version: String,
    step: String,
    failure: String,
}

/// A group in the list of groups.
struct Alike {
    query: String,
    title: String,
    workflow: String,
    version: i32,
    is_newest: bool,
    step: String,
    message: String,
    count: i64,
    last: Moment,
}

/// Which runs a query asks for; what it names and nobody knows is as if it were not there. Of a group those that
/// count as failed no longer are gone.
pub fn filter(query: &Pairs) -> Filter {
    let text = |name| query.all(name).next().map(str::to_owned);
    let step = text("step");
    Filter {
        workflow: query.get("workflow").parse().ok(),
        state: State::from_word(query.get("state")),
        version: query.get("version").parse().ok(),
        failure: text("failure"),
        within: span(query),
        unreplayed: step.is_some(),
        step,
        ..Filter::default()
    }
}

/// The span of time that a query names.
pub fn span(query: &Pairs) -> Option<Duration> {
    SPANS.iter().find(|(name, _)| *name == query.get("last")).map(|(_, span)| *span)
}

/// The runs that the query asks for.
pub async fn list(visit: &Visit<'_>) -> Result<Response, Refusal> {
    let filter = filter(&visit.query);
    let is_flat = filter.step.is_some() || !visit.query.get("flat").is_empty();
    let behind = visit.query.get("after").parse::<RunKey>().ok();
    if filter.state == Some(State::Failed) && !is_flat && behind.is_none() {
        return failures(visit, &filter).await;
    }
    let p = Frame::new(visit, Section::Runs).await;
    let mut found = runs::page(&visit.connection().await?, &filter, behind, PAGE + 1).await?;
    let next = cut(&mut found, PAGE).map(|last| query(&filter, Some(last), is_flat)).unwrap_or_default();
    let page = List {
        rows: rows(visit, &p, &found).await?,
        filters: filters(visit, &p, &filter).await?,
        group: open(&filter),
        next,
        is_filtered: filter != Filter::default(),
        is_first_page: behind.is_none(),
        p,
    };
    reply::page(&page)
}

async fn failures(visit: &Visit<'_>, filter: &Filter) -> Result<Response, Refusal> {
    let p = Frame::new(visit, Section::Runs).await;
    let found = failure_groups::list(&visit.connection().await?, filter).await?;
    let titles: HashMap<String, String> = titles(visit).await?.into_iter().collect();
    let page = Failures {
        groups: found.groups.iter().map(|group| alike(&p, filter, group, &titles)).collect(),
        total: found.total,
        filters: filters(visit, &p, filter).await?,
        flat: query(filter, None, true),
        is_filtered: true,
        p,
    };
    reply::page(&page)
}

fn alike(p: &Frame, filter: &Filter, group: &Group, titles: &HashMap<String, String>) -> Alike {
    let workflow = group.workflow.to_string();
    let of_group = Filter {
        workflow: Some(group.workflow),
        version: Some(group.version),
        step: Some(group.step.clone()),
        failure: Some(group.failure.clone()),
        ..filter.clone()
    };
    Alike {
        query: query(&of_group, None, false),
        title: titles.get(&workflow).cloned().unwrap_or_default(),
        workflow,
        version: group.version,
        is_newest: group.is_newest,
        step: group.step.clone(),
        message: group.message.as_ref().map(|message| p.message(message)).unwrap_or_default(),
        count: group.count,
        last: p.moment(&group.last_at),
    }
}

/// The group that a filter names.
fn open(filter: &Filter) -> Option<Open> {
    let step = filter.step.clone()?;
    let workflow = filter.workflow?.to_string();
    let version = filter.version.map(|version| version.to_string()).unwrap_or_default();
    let is_waiting = filter.state == Some(State::Waiting);
    Some(Open { is_waiting, workflow, version, step, failure: filter.failure.clone().unwrap_or_default() })
}

async fn filters(visit: &Visit<'_>, p: &Frame, filter: &Filter) -> Result<Filters, Refusal> {
    let chosen = filter.workflow.map(|id| id.to_string()).unwrap_or_default();
    let states = State::ALL.iter().map(|(of, word)| Choice {
        value: (*word).to_owned(),
        text: p.pill(word).text,
        is_chosen: filter.state == Some(*of),
    });
    let workflows = titles(visit).await?.into_iter().map(|(id, title)| Choice {
        text: format!("{title} #{id}"),
        is_chosen: id == chosen,
        value: id,
    });
    let spans = SPANS.iter().map(|(name, span)| Choice {
        value: (*name).to_owned(),
        text: p.t(&format!("last-{name}")),
        is_chosen: filter.within == Some(*span),
    });
    Ok(Filters { states: states.collect(), workflows: workflows.collect(), spans: spans.collect() })
}

/// The query of a filter, behind a run if there is one.
fn query(filter: &Filter, last: Option<&Run>, is_flat: bool) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    let span = SPANS.iter().find(|(_, span)| filter.within == Some(*span)).map(|(name, _)| (*name).to_owned());
    let parts = [
        ("state", filter.state.map(|state| state.word().to_owned())),
        ("workflow", filter.workflow.map(|workflow| workflow.to_string())),
        ("version", filter.version.map(|version| version.to_string())),
        ("step", filter.step.clone()),
        ("failure", filter.failure.clone()),
        ("last", span),
        (
            "flat",
            Some("1".to_owned()).filter(|_| is_flat && filter.step.is_none() && filter.state == Some(State::Failed)),
        ),
        ("after", last.map(|last| last.key().to_string())),
    ];
    for (name, value) in parts {
        if let Some(value) = value {
            query.append_pair(name, &value);
        }
    }
    query.finish()
}
