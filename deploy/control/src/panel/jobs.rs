//! The jobs: what is done with many runs, how far it has come, and a button that stops it.

use askama::Template;
use postern_shared::store::jobs::{self, Job, Started};
use postern_shared::store::runs::Filter;
use warp::reply::Response;

use super::frame::{Frame, Section};
use super::reply::{self, Refusal};
use super::shown::{Moment, Pill, cut};
use super::visit::{Pairs, Visit};
use crate::operation::field::Text;
use crate::operation::job::Selection;
use crate::operation::job::create::{self, CreateJob};
use crate::operation::job::get;
use crate::operation::job::stop::StopJob;
use crate::operation::{Error, Operation};

/// How many a page shows.
pub const PAGE: i64 = 50;

#[derive(Template)]
#[template(path = "jobs.html")]
struct List {
    p: Frame,
    rows: Vec<Row>,
    /// The number behind which the next page begins; empty if this is the last.
    next: String,
    is_first_page: bool,
}

struct Row {
    id: i64,
    pill: Pill,
    kind: String,
    starts_runs: bool,
    /// Which runs, in words.
    runs: String,
    rate: f64,
    done: i64,
    failed: i64,
    /// What was in the way of the last one; empty if nothing was.
    obstacle: String,
    left: i64,
    /// What became of the runs that it has started, in words.
    started: Vec<String>,
    total: i64,
    account: String,
    at: Moment,
    is_running: bool,
}

/// The latest, newest first.
pub async fn list(visit: &Visit<'_>) -> Result<Response, Refusal> {
    let p = Frame::new(visit, Section::Jobs).await;
    let before = visit.query.get("before").parse().ok();
    let mut found = jobs::list(&visit.connection().await?, before, PAGE + 1).await?;
    let next = cut(&mut found, PAGE).map(|last| last.id.to_string()).unwrap_or_default();
    let rows = found.iter().map(|job| row(&p, job)).collect();
    reply::page(&List { rows, next, is_first_page: before.is_none(), p })
}

/// Creates a job of the runs that the form names.
pub async fn create(visit: &Visit<'_>) -> Result<Response, Refusal> {
    let form = &visit.form;
    let kind = form.get("kind").parse().map_err(|_| Refusal::Unreadable)?;
    let per_second = form.get("rate").trim().parse().unwrap_or(create::RATE_DEFAULT);
    let input = create::Input { kind: Text(kind), filter: selection(form), per_second };
    match CreateJob::run(&visit.panel.state, &visit.who(), input).await {
        Ok(_) => Ok(reply::redirect("/jobs?done=job")),
        // Somebody else was faster: none of these runs is left.
        Err(Error::Unknown(_)) => Ok(reply::redirect("/runs?state=failed")),
        Err(error) => Err(error.into()),
    }
}

/// Stops one.
pub async fn stop(visit: &Visit<'_>) -> Result<Response, Refusal> {
    let id = visit.argument.parse().map_err(|_| Refusal::NotFound)?;
    StopJob::run(&visit.panel.state, &visit.who(), get::Input { id }).await?;
    Ok(reply::redirect("/jobs?done=job-stopped"))
}

fn selection(form: &Pairs) -> Selection {
    let text = |name| form.all(name).next().map(str::to_owned);
    Selection {
        state: form.get("state").parse().ok().map(Text),
        workflow: form.get("workflow").parse().ok(),
        version: form.get("version").parse().ok(),
        step: text("step"),
        failure: text("failure"),
        permission: form.get("permission").parse().ok(),
        from: None,
        until: None,
    }
}

fn row(p: &Frame, job: &Job) -> Row {
    Row {
        id: job.id,
        pill: p.pill(&job.state),
        kind: p.word("job", job.kind.word()),
        starts_runs: job.kind.starts_runs(),
        runs: named(p, &job.filter),
        rate: job.rate,
        done: job.done,
        failed: job.failed,
        obstacle: job.obstacle.as_ref().map(|word| p.word("obstacle", word)).unwrap_or_default(),
        left: job.left(),
        started: job.started.map(|started| became(p, started)).unwrap_or_default(),
        total: job.total,
        account: job.account.clone(),
        at: p.moment(&job.created_at),
        is_running: job.state == "running",
    }
}

/// What became of the runs that a job has started: what there is of it, in words.
fn became(p: &Frame, Started { finished, failed, waiting, running }: Started) -> Vec<String> {
    let counts =
        [("job-finished", finished), ("job-failed-again", failed), ("job-waiting", waiting), ("job-running", running)];
    counts.into_iter().filter(|(_, count)| *count > 0).map(|(key, count)| p.n(key, &count)).collect()
}

/// Which runs, in words.
fn named(p: &Frame, filter: &Filter) -> String {
    let mut words = Vec::new();
    words.extend(filter.state.map(|state| p.pill(state.word()).text));
    let version = filter.version.map(|version| format!(" v{version}")).unwrap_or_default();
    words.extend(filter.workflow.map(|workflow| format!("#{workflow}{version}")));
    words.extend(filter.step.clone().filter(|step| !step.is_empty()));
    words.extend(filter.failure.clone().filter(|failure| !failure.is_empty()));
    words.extend(filter.permission.as_ref().map(ToString::to_string));
    words.join(" · ")
}
