//! `postern replay` and `postern decide`: what a person does for a run that stands still.

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use postern_control::operation::field::Text;
use postern_control::operation::run::decide::{self, DecideRun};
use postern_control::operation::run::replay::{self, ReplayRun};
use postern_shared::resume::RunKey;
use postern_shared::store::checkpoints::Decision;

use crate::options::Server;
use crate::output::{Failure, Output};

/// Arguments of `replay`.
#[derive(Debug, Args)]
pub struct Replay {
    /// The run: RECEIPT.WORKFLOW, or RECEIPT.WORKFLOW.REPLAY
    run: RunKey,
    /// With the newest version of the workflow
    #[arg(long)]
    newest: bool,
    #[command(flatten)]
    api: Server,
}

/// Arguments of `decide`.
#[derive(Debug, Args)]
pub struct Decide {
    /// The run: RECEIPT.WORKFLOW, or RECEIPT.WORKFLOW.REPLAY
    run: RunKey,
    /// What came of its step
    #[arg(value_parser = decision_parser())]
    decision: Decision,
    #[command(flatten)]
    api: Server,
}

/// Goes on at the failed step, as a new run.
pub async fn replay(options: &Replay, output: &mut Output) -> Result<(), Failure> {
    let input = replay::Input { run: Text(options.run.clone()), newest_version: options.newest };
    let new = options.api.api()?.call::<ReplayRun>(&input).await?;
    output.typed(format_args!("{} goes on", new.run), &new)?;
    Ok(())
}

/// Lets a run go on that needs attention.
pub async fn decide(options: &Decide, output: &mut Output) -> Result<(), Failure> {
    let input = decide::Input { run: Text(options.run.clone()), decision: Text(options.decision) };
    let answer = options.api.api()?.call::<DecideRun>(&input).await?;
    output.typed(format_args!("{} goes on", answer.run), &answer)?;
    Ok(())
}

fn decision_parser() -> impl TypedValueParser<Value = Decision> {
    let words = Decision::ALL.map(|(_, word)| word);
    PossibleValuesParser::new(words).try_map(|word| Decision::from_word(&word).ok_or("no such decision"))
}
