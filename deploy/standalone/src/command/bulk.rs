//! What `replay`, `run-again`, `cancel`, `wake` and `dismiss` share: instead of one run a filter, whose runs a job takes at a rate.

use clap::Args;
use jiff::Timestamp;
use postern_control::operation::Operation;
use postern_control::operation::field::Text;
use postern_control::operation::job::create::{CreateJob, Input, RATE_DEFAULT};
use postern_control::operation::job::{OneJob, Selection};
use postern_control::operation::run::{ChangedRun, NamedRun};
use postern_shared::document::Name;
use postern_shared::id::{PermissionKey, WorkflowId};
use postern_shared::resume::RunKey;
use postern_shared::store::jobs::{Kind, Started};
use postern_shared::store::runs::State;

use super::runs::state_parser;
use crate::api::Api;
use crate::known;
use crate::options::Server;
use crate::output::{Failure, Output, named, parse_moment};

/// One run or many, with which the same is done.
#[derive(Debug, Args)]
pub struct Runs {
    /// The run: RECEIPT.NUMBER, as `postern runs` lists it
    run: Option<RunKey>,
    #[command(flatten)]
    bulk: Bulk,
    #[command(flatten)]
    api: Server,
}

impl Runs {
    /// Changes the one run, or creates a job that changes many. `became` is what the run is then.
    pub async fn change<O>(&self, kind: Kind, became: &str, output: &mut Output) -> Result<(), Failure>
    where
        O: Operation<Input = NamedRun, Output = ChangedRun>,
    {
        let api = self.api.api()?;
        let Some(run) = self.bulk.one(self.run)? else {
            return self.bulk.create(kind, &api, output).await;
        };
        let answer = api.call::<O>(&NamedRun { run: Text(run) }).await?;
        output.named(&answer.run, format_args!("{} is {became}", answer.run), &answer)
    }
}

/// Which runs, and how fast.
#[derive(Debug, Args)]
#[command(next_help_heading = "Many runs at a time")]
pub struct Bulk {
    /// Runs in this state
    #[arg(long, value_parser = state_parser())]
    state: Option<State>,
    /// Runs of this workflow
    #[arg(long, value_name = "ID")]
    workflow: Option<WorkflowId>,
    /// Runs of this version of the workflow
    #[arg(long, value_name = "N")]
    of_version: Option<i32>,
    /// Runs that failed at this step
    #[arg(long, value_name = "NAME")]
    step: Option<String>,
    /// Runs that failed with this code, as `postern failures` shows it
    #[arg(long, value_name = "CODE")]
    failure: Option<String>,
    /// Runs of submissions that this permission let in
    #[arg(long, value_name = "KEY")]
    permission: Option<PermissionKey>,
    /// Runs of submissions accepted from this moment on: 90m, 2d, 2026-11-24, or a time
    #[arg(long, value_name = "TIME", value_parser = parse_moment)]
    since: Option<Timestamp>,
    /// Runs of submissions accepted before this moment
    #[arg(long, value_name = "TIME", value_parser = parse_moment)]
    until: Option<Timestamp>,
    /// At most so many runs each second
    #[arg(long, value_name = "N/s", value_parser = rate)]
    rate: Option<f64>,
}

impl Bulk {
    /// The one run that is meant, or none if a filter names many; exactly one of both is needed.
    pub fn one(&self, run: Option<RunKey>) -> Result<Option<RunKey>, Failure> {
        match (run, self.is_named()) {
            (Some(run), false) => Ok(Some(run)),
            (None, true) => Ok(None),
            (Some(_), true) => Err(Failure::usage("a run and a filter of runs are named", "name one of them")),
            (None, false) => {
                Err(Failure::usage("no run is named", "name a run, or many by --state, --workflow, --step and others"))
            }
        }
    }

    fn is_named(&self) -> bool {
        let Self { state, workflow, of_version, step, failure, permission, since, until, rate: _ } = self;
        let numbers = state.is_some() || workflow.is_some() || of_version.is_some();
        let texts = step.is_some() || failure.is_some() || permission.is_some();
        numbers || texts || since.is_some() || until.is_some()
    }

    /// Creates the job.
    pub async fn create(&self, kind: Kind, api: &Api, output: &mut Output) -> Result<(), Failure> {
        let filter = Selection {
            state: self.state.map(Text),
            workflow: self.workflow,
            version: self.of_version,
            step: self.step.clone(),
            failure: self.failure.clone(),
            permission: self.permission.clone(),
            from: named(self.since),
            until: named(self.until),
        };
        let per_second = self.rate.unwrap_or(RATE_DEFAULT);
        let names = self.workflow.map(Name::Workflow).into_iter().chain(self.permission.clone().map(Name::Permission));
        let job = api.call::<CreateJob>(&Input { kind: Text(kind), filter, per_second }).await;
        let job = known::or_unknown(api, job, names).await?;
        output.named(&job.id.to_string(), line(&job), &job)
    }
}

/// A job in one line for people.
pub fn line(job: &OneJob) -> String {
    let OneJob { id, kind: Text(kind), state, total, done, failed, left, .. } = job;
    let obstacle = job.obstacle.as_ref().map(|obstacle| format!(" ({obstacle})")).unwrap_or_default();
    let word = if job.started.is_some() { "started" } else { "done" };
    let became = job.started.as_ref().filter(|_| *done > 0).map(became).unwrap_or_default();
    format!("job {id} {kind} {state}: {done} of {total} {word}, {failed} not possible{obstacle}, {left} left{became}")
}

/// What became of the runs that a job has started.
fn became(Started { finished, failed, waiting, running }: &Started) -> String {
    format!("; of those {finished} finished, {failed} failed again, {waiting} waiting, {running} under way")
}

/// Such as `200/s` or `200`.
fn rate(text: &str) -> Result<f64, &'static str> {
    let number = text.strip_suffix("/s").unwrap_or(text).trim();
    number.parse().ok().filter(|rate: &f64| *rate > 0.0).ok_or("must be a number of runs per second, such as 200/s")
}
