//! What the steps of a workflow did in a time: on its graph, and as a table in which two versions are compared.

use std::time::{Duration, SystemTime};

use askama::Template;
use postern_shared::id::WorkflowId;
use postern_shared::store::workflows;
use warp::reply::Response;

use super::frame::{Frame, Section};
use super::graph::{self, Graph, Marks};
use super::reply::{self, Refusal};
use super::runs::{SPANS, WEEK};
use super::saving;
use super::visit::Visit;
use crate::designer::Sketch;
use crate::operation::statistics::{self, OutputOfStep, Step};

/// How many versions can be chosen: the newest ones.
const MAX_VERSIONS: i64 = 100;

#[derive(Template)]
#[template(path = "statistics.html")]
struct Page {
    p: Frame,
    id: String,
    title: String,
    /// The times that can be chosen: name, words, and whether it is.
    spans: Vec<(&'static str, String, bool)>,
    /// The name of the chosen time.
    last: &'static str,
    /// The versions that can be chosen: whether this one is counted, and whether it is the one to compare with.
    versions: Vec<(i32, bool, bool)>,
    /// The steps of the chosen version, each before its row of the other one.
    rows: Vec<(Option<i32>, Figures)>,
    graph: Graph,
}

/// What a step did, in words.
#[derive(Debug, PartialEq, Eq)]
pub struct Figures {
    pub step: String,
    pub count: i64,
    /// By which output it was left, and how often. A step that ends a run has none.
    pub outputs: Vec<(String, String)>,
    pub median: String,
    pub p95: String,
    pub failures: i64,
    /// How many of 100 times a run failed there; empty = never.
    pub failing: String,
    pub waiting: i64,
}

impl Figures {
    pub fn new(p: &Frame, step: &Step) -> Self {
        let output = |one: &OutputOfStep| {
            let name = p.output(&one.output);
            let name = if name.is_empty() { "→".to_owned() } else { name };
            (name, graph::share(one.percent, one.count))
        };
        let shown = |us: Option<u64>| us.map_or_else(|| "–".to_owned(), |us| p.length(Duration::from_micros(us)));
        let failing = step.failures as f64 * 100.0 / step.count.max(1) as f64;
        Self {
            step: step.step.clone(),
            count: step.count,
            outputs: step.outputs.iter().filter(|one| one.count > 0 && !one.output.is_empty()).map(output).collect(),
            median: shown(step.median_us),
            p95: shown(step.p95_us),
            failures: step.failures,
            failing: if step.failures > 0 { format!("{failing:.1} %") } else { String::new() },
            waiting: step.waiting,
        }
    }
}

/// The statistics of a workflow.
pub async fn show(visit: &Visit<'_>) -> Result<Response, Refusal> {
    let p = Frame::new(visit, Section::Workflows).await;
    let id: WorkflowId = visit.argument.parse().map_err(|_| Refusal::NotFound)?;
    let connection = visit.connection().await?;
    let versions = workflows::versions(&connection, id, MAX_VERSIONS).await?;
    let versions: Vec<i32> = versions.into_iter().map(|(version, _)| version).collect();
    let newest = *versions.first().ok_or(Refusal::NotFound)?;
    let known = |name| visit.query.get(name).parse().ok().filter(|version| versions.contains(version));
    let (chosen, compared) = (known("version"), known("with"));
    let (last, span) = chosen_span(visit).unwrap_or(("week", WEEK));
    let times = (SystemTime::now() - span, SystemTime::now());
    let counted = statistics::of(&connection, id, times, chosen).await?;
    let other = match compared {
        Some(_) => statistics::of(&connection, id, times, compared).await?,
        None => Vec::new(),
    };
    let document = workflows::of_version(&connection, id, chosen.unwrap_or(newest)).await?;
    let document = p.sight.document(&document.ok_or(Refusal::NotFound)?);
    let sketch = Sketch::of(&document);
    let page = Page {
        title: saving::title(&document).to_owned(),
        rows: rows(&p, &sketch, (chosen, &counted), (compared, &other)),
        graph: graph::draw(&sketch, &document, Marks::Counted(&counted, visit.language)),
        id: id.to_string(),
        spans: SPANS.map(|(name, _)| (name, visit.t(&format!("last-{name}")), name == last)).into(),
        last,
        versions: versions.iter().map(|one| (*one, chosen == Some(*one), compared == Some(*one))).collect(),
        p,
    };
    reply::page(&page)
}

/// The time that the query names, and what the steps did in it; an empty name = nothing is counted.
pub async fn of_draft(visit: &Visit<'_>, id: WorkflowId) -> Result<(&'static str, Vec<Step>), Refusal> {
    let Some((last, span)) = chosen_span(visit) else { return Ok(("", Vec::new())) };
    let now = SystemTime::now();
    Ok((last, statistics::of(&visit.connection().await?, id, (now - span, now), None).await?))
}

fn chosen_span(visit: &Visit<'_>) -> Option<(&'static str, Duration)> {
    SPANS.into_iter().find(|(name, _)| *name == visit.query.get("last"))
}

/// The steps in the order of the graph, then those that only another version has. A step that only one of the two
/// versions has taken has one row.
fn rows(
    p: &Frame,
    sketch: &Sketch,
    (chosen, counted): (Option<i32>, &[Step]),
    (compared, other): (Option<i32>, &[Step]),
) -> Vec<(Option<i32>, Figures)> {
    let mut names: Vec<&str> = sketch.steps.iter().map(|step| step.name.as_str()).collect();
    for step in counted.iter().chain(other) {
        if !names.contains(&step.step.as_str()) {
            names.push(&step.step);
        }
    }
    let of = |steps: &[Step], name: &str| steps.iter().find(|step| step.step == name).map(|step| Figures::new(p, step));
    let pair = |name: &str| {
        let pair = [of(counted, name).map(|one| (chosen, one)), of(other, name).map(|one| (compared, one))];
        pair.into_iter().flatten().collect::<Vec<_>>()
    };
    names.into_iter().flat_map(pair).collect()
}
