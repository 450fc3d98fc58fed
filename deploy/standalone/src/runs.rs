//! `postern runs`: the runs of workflows, the newest first.

use clap::{Args, ValueEnum};
use postern_shared::id::WorkflowId;

use crate::database::Database;
use crate::output::{Failure, Output};

/// Arguments of `runs`.
#[derive(Debug, Args)]
pub struct Options {
    /// Only runs of this workflow
    #[arg(long, value_name = "ID")]
    workflow: Option<WorkflowId>,
    /// Only runs in this state
    #[arg(long, value_enum)]
    state: Option<State>,
    /// How many
    #[arg(long, default_value_t = 20, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    last: u16,
    #[command(flatten)]
    database: Database,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum State {
    Running,
    Waiting,
    Finished,
    Failed,
    NeedsAttention,
}

/// Prints one line per run.
pub async fn run(options: &Options, _output: &mut Output) -> Result<(), Failure> {
    let _url = options.database.url()?;
    let _wanted = (options.workflow, options.state, options.last);
    Err(Failure::Failed("this version cannot reach the store".to_owned()))
}
