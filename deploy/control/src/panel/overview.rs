//! The first screen: are leads coming in, how do they end, and what waits for a person.

use askama::Template;
use postern_shared::document::Kind;
use postern_shared::store::overview::{self, Attention, Hour};
use postern_shared::store::processes::{self, Seen};
use postern_shared::store::runs::{self, Filter};
use postern_shared::store::settings;
use warp::reply::Response;

use super::chart::{Chart, Part};
use super::figures::Counted;
use super::frame::{Frame, Section};
use super::reply::{self, Refusal};
use super::run_rows::{Row, rows};
use super::saving;
use super::shown::Moment;
use super::visit::Visit;

/// How many of the latest runs are shown.
const LATEST: i64 = 8;

#[derive(Template)]
#[template(path = "overview.html")]
struct Page {
    p: Frame,
    notices: Vec<Notice>,
    charts: Vec<Chart>,
    rows: Vec<Row>,
    /// What is left to be set up before the first lead; empty once one has come.
    steps: Vec<Step>,
    settings_version: u64,
    /// When the charts were counted.
    counted: Moment,
}

struct Notice {
    class: &'static str,
    glyph: &'static str,
    text: String,
    href: String,
}

/// A step on the way to the first lead.
struct Step {
    is_done: bool,
    text: String,
    help: String,
    href: &'static str,
}

/// The first screen.
pub async fn show(visit: &Visit<'_>) -> Result<Response, Refusal> {
    let p = Frame::new(visit, Section::Overview).await;
    let state = &visit.panel.state;
    let found = runs::page(&visit.connection().await?, &Filter::default(), None, LATEST).await?;
    let Counted { hours, at, .. } = visit.panel.figures.get(&state.store).await?;
    let attention = overview::attention(&visit.connection().await?).await?;
    let processes = processes::list(&visit.connection().await?).await?;
    // The hours may have been counted a moment ago.
    let is_quiet = found.is_empty() && attention.unmatched == 0 && hours.iter().all(|hour| hour.accepted == 0);
    let page = Page {
        notices: notices(&p, &attention)
            .into_iter()
            .chain(without_key(&p, &processes))
            .chain(away(&p, &processes))
            .collect(),
        charts: vec![accepted(&p, &hours), ended(&p, &hours)],
        rows: rows(visit, &p, &found).await?,
        steps: if is_quiet { steps(visit, &p).await? } else { Vec::new() },
        settings_version: u64::try_from(settings::version(&visit.connection().await?).await?).unwrap_or(0),
        counted: p.moment(&at),
        p,
    };
    reply::page(&page)
}

fn notices(p: &Frame, of: &Attention) -> Vec<Notice> {
    let all = [
        (of.undecided, "attention-undecided", "warn", "▲", "/runs?state=needs_attention"),
        (of.failed, "attention-failed", "bad", "✕", "/runs?state=failed&last=day"),
        (of.dead, "attention-dead", "bad", "✕", "/dead-letters"),
        (of.unmatched, "attention-unmatched", "warn", "▲", "/unmatched"),
        (of.refused, "attention-refused", "warn", "▲", "/refused"),
        (of.rejected, "attention-rejected", "none", "○", "/http-handler#refused"),
        (of.spooled, "attention-spooled", "wait", "◔", ""),
    ];
    let some = all.into_iter().filter(|(count, ..)| *count > 0);
    some.map(|(count, key, class, glyph, href)| Notice { class, glyph, text: p.n(key, &count), href: href.to_owned() })
        .collect()
}

/// The processes that cannot decrypt secrets.
fn without_key(p: &Frame, processes: &[Seen]) -> Vec<Notice> {
    let notice = |one: &Seen| Notice {
        class: "bad",
        glyph: "✕",
        text: format!("{} {}: {}", one.service, one.name, p.n("attention-unopened", &one.held.unopened.into())),
        href: "/secrets".to_owned(),
    };
    processes.iter().filter(|one| one.lacks_a_key()).map(notice).collect()
}

/// The connections whose systems do not answer.
fn away(p: &Frame, all: &[Seen]) -> Vec<Notice> {
    let notice = |name: &str| Notice {
        class: "bad",
        glyph: "✕",
        text: format!("{} {name}: {}", p.t("connection"), p.t("attention-away")),
        href: reply::path(&["connections", name]),
    };
    processes::away(all).into_iter().map(notice).collect()
}

fn accepted(p: &Frame, hours: &[Hour]) -> Chart {
    let of = |hour: &Hour| vec![Part { class: "in", count: hour.accepted, text: p.n("hour-accepted", &hour.accepted) }];
    let total: i64 = hours.iter().map(|hour| hour.accepted).sum();
    let last = hours.last().map_or(0, |hour| hour.accepted);
    let words = format!("{} {}", p.n("day-accepted", &total), p.n("this-hour-accepted", &last));
    Chart::draw(p, p.t("chart-accepted"), words, hours.iter().map(of).collect())
}

fn ended(p: &Frame, hours: &[Hour]) -> Chart {
    let of = |hour: &Hour| {
        vec![
            Part { class: "good", count: hour.finished, text: p.n("hour-finished", &hour.finished) },
            Part { class: "bad", count: hour.failed, text: p.n("hour-failed", &hour.failed) },
        ]
    };
    let finished: i64 = hours.iter().map(|hour| hour.finished).sum();
    let failed: i64 = hours.iter().map(|hour| hour.failed).sum();
    let words = format!("{} {}", p.n("day-finished", &finished), p.n("day-failed", &failed));
    Chart::draw(p, p.t("chart-ended"), words, hours.iter().map(of).collect())
}

async fn steps(visit: &Visit<'_>, p: &Frame) -> Result<Vec<Step>, Refusal> {
    let mut steps = Vec::new();
    for (kind, key, href) in [
        (Kind::Trigger, "trigger", "/triggers/new"),
        (Kind::Workflow, "workflow", "/workflows/new"),
        (Kind::Permission, "permission", "/http-handler/new"),
    ] {
        let is_done = !saving::load(visit, kind).await?.is_empty();
        steps.push(Step { is_done, text: p.t(&format!("first-{key}")), help: p.t(&format!("first-{key}-help")), href });
    }
    let (text, help) = (p.t("first-lead"), p.t("first-lead-help"));
    steps.push(Step { is_done: false, text, help, href: "/http-handler" });
    Ok(steps)
}
