//! `postern runs`: the runs of workflows, the newest first.

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use postern_shared::id::WorkflowId;
use postern_shared::origin::Origin;
use postern_shared::store::runs::State;
use serde_json::Value;

use crate::listing::Listing;
use crate::output::{Failure, Output};

/// Arguments of `runs`.
#[derive(Debug, Args)]
pub struct Options {
    /// Only runs of this workflow
    #[arg(long, value_name = "ID")]
    workflow: Option<WorkflowId>,
    /// Only runs in this state
    #[arg(long, value_parser = state_parser())]
    state: Option<State>,
    #[command(flatten)]
    listing: Listing,
}

/// Prints one line per run.
pub async fn run(options: &Options, output: &mut Output) -> Result<(), Failure> {
    let filters = [
        ("workflow", options.workflow.map(|id| id.to_string())),
        ("state", options.state.map(|state| state.word().to_owned())),
    ];
    let line = |run: &Value| format!("{} {}", run["receipt"].as_str().unwrap_or_default(), line(run, "state"));
    options.listing.print("/runs", "runs", &filters, line, output).await
}

/// A run for people; the word of its state stands under a name.
pub fn line(run: &Value, state: &str) -> String {
    let word = |name: &str| run[name].as_str().filter(|word| !word.is_empty());
    let Origin { parent, replay } = Origin::read(word("origin").unwrap_or_default());
    let parent = parent.map(|one| format!(", started by workflow {} in step {}", one.workflow, one.step));
    let parent = parent.unwrap_or_default();
    let replay = replay.map(|number| format!(", replay {number}")).unwrap_or_default();
    let record = run["record"].as_i64().map(|record| format!(" on record {record}")).unwrap_or_default();
    let message = word("message").map(|message| format!(": {message}")).unwrap_or_default();
    let (started, state) = (word("started_at").unwrap_or_default(), word(state).unwrap_or_default());
    let (workflow, version, steps) = (&run["workflow"], &run["version"], &run["steps"]);
    format!(
        "{started} workflow {workflow} version {version}{parent}{replay}{record}: {state} after {steps} steps{message}"
    )
}

fn state_parser() -> impl TypedValueParser<Value = State> {
    let words = State::ALL.map(|(_, word)| word);
    PossibleValuesParser::new(words).try_map(|word| State::from_word(&word).ok_or("no such state"))
}
