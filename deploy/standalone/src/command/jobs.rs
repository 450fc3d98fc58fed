//! `postern jobs`: work on many runs, and how far it has come.

use clap::{Args, Subcommand};
use postern_control::operation::field::{Last, Page};
use postern_control::operation::job::OneJob;
use postern_control::operation::job::get::{self, GetJob};
use postern_control::operation::job::list::ListJobs;
use postern_control::operation::job::stop::StopJob;
use postern_shared::store::jobs::Started;

use super::bulk;
use crate::options::Server;
use crate::output::table::Column;
use crate::output::{Failure, Output};

/// Arguments of `jobs`.
#[derive(Debug, Args)]
pub struct Options {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Lists jobs, the newest first
    List {
        /// How many
        #[arg(long, default_value_t = 20, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1_000))]
        last: u16,
        #[command(flatten)]
        api: Server,
    },
    /// Shows one job
    Show {
        /// Its number
        id: i64,
        #[command(flatten)]
        api: Server,
    },
    /// Stops a job; what it has done stays
    Stop {
        /// Its number
        id: i64,
        #[command(flatten)]
        api: Server,
    },
}

static COLUMNS: [Column<OneJob>; 10] = [
    Column::number("ID", |job| job.id.to_string()),
    Column::time("CREATED", |job| job.created_at.0.clone()),
    Column::state("STATE", |job| job.state.clone()),
    Column::text("KIND", |job| job.kind.0.to_string()),
    Column::number("DONE", |job| job.done.to_string()),
    Column::number("NOT-POSSIBLE", |job| job.failed.to_string()),
    Column::number("LEFT", |job| job.left.to_string()),
    Column::number("FINISHED", |job| started(job, |started| started.finished)),
    Column::number("FAILED-AGAIN", |job| started(job, |started| started.failed)),
    Column::text("ACCOUNT", |job| job.account.clone()),
];

/// How many of the runs that a job has started; empty = it starts none.
fn started(job: &OneJob, of: fn(&Started) -> i64) -> String {
    job.started.as_ref().map(|started| of(started).to_string()).unwrap_or_default()
}

/// Does what was asked for.
pub async fn run(options: &Options, output: &mut Output) -> Result<(), Failure> {
    match &options.command {
        Command::List { last, api } => {
            let last = Last::try_from(i64::from(*last)).map_err(Failure::fault)?;
            let found = api.api()?.call::<ListJobs>(&Page { last, before: None }).await?;
            output.list(&COLUMNS, |job| job.id.to_string(), &found.jobs, &found).map(drop)
        }
        Command::Show { id, api } => shown(&api.api()?.call::<GetJob>(&get::Input { id: *id }).await?, output),
        Command::Stop { id, api } => shown(&api.api()?.call::<StopJob>(&get::Input { id: *id }).await?, output),
    }
}

fn shown(job: &OneJob, output: &mut Output) -> Result<(), Failure> {
    output.named(&job.id.to_string(), bulk::line(job), job)
}
