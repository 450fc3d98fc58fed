//! `postern cancel`: a run that has not ended is ended.

use clap::Args;
use postern_control::operation::field::Text;
use postern_control::operation::run::cancel::{CancelRun, Input};
use postern_shared::resume::RunKey;

use crate::options::Server;
use crate::output::{Failure, Output};

/// Arguments of `cancel`.
#[derive(Debug, Args)]
pub struct Options {
    /// The run: RECEIPT.NUMBER, as `postern runs` lists it
    run: RunKey,
    #[command(flatten)]
    api: Server,
}

/// Cancels the run.
pub async fn run(options: &Options, output: &mut Output) -> Result<(), Failure> {
    let answer = options.api.api()?.call::<CancelRun>(&Input { run: Text(options.run) }).await?;
    output.named(&answer.run, format_args!("{} is cancelled", answer.run), &answer)
}
