//! `postern replay`: a run that has failed goes on, as a new run.

use clap::Args;
use postern_control::operation::field::Text;
use postern_control::operation::run::replay::{Input, ReplayRun};
use postern_shared::resume::RunKey;
use postern_shared::store::jobs::Kind;

use super::bulk::Bulk;
use crate::options::Server;
use crate::output::{Failure, Output};

/// Arguments of `replay`.
#[derive(Debug, Args)]
pub struct Options {
    /// The run: RECEIPT.NUMBER, as `postern runs` lists it
    run: Option<RunKey>,
    /// With the newest version of the workflow, as many runs at a time always do
    #[arg(long)]
    newest: bool,
    #[command(flatten)]
    bulk: Bulk,
    #[command(flatten)]
    api: Server,
}

/// Goes on at the failed step.
pub async fn run(options: &Options, output: &mut Output) -> Result<(), Failure> {
    let api = options.api.api()?;
    let Some(run) = options.bulk.one(options.run)? else {
        return options.bulk.create(Kind::GoOn, &api, output).await;
    };
    let new = api.call::<ReplayRun>(&Input { run: Text(run), newest_version: options.newest }).await?;
    output.named(&new.run, format_args!("{} goes on", new.run), &new)
}
