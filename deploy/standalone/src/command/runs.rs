//! `postern runs`: the runs of workflows, the newest first.

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use postern_shared::document::Name;
use postern_shared::id::WorkflowId;
use postern_shared::store::runs::State;
use serde_json::Value;

use crate::listing::{List, Listing};
use crate::output::table::Column;
use crate::output::{Failure, Output, word};

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

static COLUMNS: [Column; 7] = [
    Column::text("RUN", name),
    Column::time("STARTED", |run| word(run, "started_at").to_owned()),
    Column::state("STATE", |run| word(run, "state").to_owned()),
    Column::number("STEPS", |run| run["steps"].to_string()),
    Column::number("VERSION", |run| run["version"].to_string()),
    Column::number("RECORD", |run| run["record"].as_i64().map(|id| id.to_string()).unwrap_or_default()),
    Column::text("MESSAGE", |run| word(run, "message").to_owned()),
];

/// Prints the runs.
pub async fn run(options: &Options, output: &mut Output) -> Result<(), Failure> {
    let list = List {
        path: "/runs".to_owned(),
        items: "runs",
        time: Some("started_at"),
        is_paged: true,
        columns: &COLUMNS,
        name,
        query: vec![
            ("workflow", options.workflow.map(|id| id.to_string())),
            ("state", options.state.map(|state| state.word().to_owned())),
        ],
        only: Vec::new(),
        named: options.workflow.map(Name::Workflow).into_iter().collect(),
    };
    options.listing.print(&list, output).await
}

/// The name of a run in a list, as `replay` takes it.
fn name(run: &Value) -> String {
    name_in(word(run, "receipt"), run)
}

/// The name of a run of a receipt: `RECEIPT.NUMBER`.
pub fn name_in(receipt: &str, run: &Value) -> String {
    format!("{receipt}.{}", run["number"])
}

/// A run of a receipt in one line for people.
pub fn line(run: &Value) -> String {
    let parent = run["started_by"].as_object();
    let parent = parent.map(|one| format!(", started by workflow {} in step {}", one["workflow"], one["step"]));
    let parent = parent.unwrap_or_default();
    let replays = run["replays"].as_i64().map(|first| format!(", replay of run {first}")).unwrap_or_default();
    let replaced = run["replaced_by"].as_i64().map(|last| format!(", replaced by run {last}")).unwrap_or_default();
    let record = run["record"].as_i64().map(|record| format!(" on record {record}")).unwrap_or_default();
    let message = Some(word(run, "message")).filter(|message| !message.is_empty());
    let message = message.map(|message| format!(": {message}")).unwrap_or_default();
    let (started, state) = (word(run, "started_at"), word(run, "status"));
    let (workflow, version, steps) = (&run["workflow"], &run["version"], &run["steps"]);
    format!(
        "{started} workflow {workflow} version {version}{parent}{replays}{record}: {state} after {steps} steps{replaced}{message}"
    )
}

fn state_parser() -> impl TypedValueParser<Value = State> {
    let words = State::ALL.map(|(_, word)| word);
    PossibleValuesParser::new(words).try_map(|word| State::from_word(&word).ok_or("no such state"))
}
