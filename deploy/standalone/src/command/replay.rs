//! `postern replay`: a run that has failed goes on, as a new run.

use clap::Args;
use postern_control::operation::field::Text;
use postern_control::operation::run::replay::{Input, ReplayRun};
use postern_shared::resume::RunKey;

use crate::options::Server;
use crate::output::{Failure, Output};

/// Arguments of `replay`.
#[derive(Debug, Args)]
pub struct Options {
    /// The run: RECEIPT.NUMBER, as `postern runs` lists it
    run: RunKey,
    /// With the newest version of the workflow
    #[arg(long)]
    newest: bool,
    #[command(flatten)]
    api: Server,
}

/// Goes on at the failed step.
pub async fn run(options: &Options, output: &mut Output) -> Result<(), Failure> {
    let input = Input { run: Text(options.run), newest_version: options.newest };
    let new = options.api.api()?.call::<ReplayRun>(&input).await?;
    output.named(&new.run, format_args!("{} goes on", new.run), &new)
}
