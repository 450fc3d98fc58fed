//! `postern decide`: a run that needs attention goes on, as a person says.

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use postern_control::operation::field::Text;
use postern_control::operation::run::decide::{DecideRun, Input};
use postern_shared::resume::RunKey;
use postern_shared::store::checkpoints::Decision;

use crate::options::Server;
use crate::output::{Failure, Output};

/// Arguments of `decide`.
#[derive(Debug, Args)]
pub struct Options {
    /// The run: RECEIPT.NUMBER, as `postern runs` lists it
    run: RunKey,
    /// What came of its step
    #[arg(value_parser = decision_parser())]
    decision: Decision,
    #[command(flatten)]
    api: Server,
}

/// Lets the run go on.
pub async fn run(options: &Options, output: &mut Output) -> Result<(), Failure> {
    let input = Input { run: Text(options.run), decision: Text(options.decision) };
    let answer = options.api.api()?.call::<DecideRun>(&input).await?;
    output.named(&answer.run, format_args!("{} goes on", answer.run), &answer)
}

fn decision_parser() -> impl TypedValueParser<Value = Decision> {
    let words = Decision::ALL.map(|(_, word)| word);
    PossibleValuesParser::new(words).try_map(|word| Decision::from_word(&word).ok_or("no such decision"))
}
