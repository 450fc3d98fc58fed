//! `postern runs`: the runs of workflows, the newest first.

use std::time::SystemTime;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use postern_shared::id::WorkflowId;
use postern_shared::options::DatabaseOptions;
use postern_shared::store::runs::{self, Run, State};
use serde_json::{Value, json};

use crate::database;
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
    /// How many
    #[arg(long, default_value_t = 20, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    last: u16,
    #[command(flatten)]
    database: DatabaseOptions,
}

/// Prints one line per run.
pub async fn run(options: &Options, output: &mut Output) -> Result<(), Failure> {
    let connection = database::open(&options.database).await?;
    for run in runs::latest(&connection, options.workflow, options.state, options.last.into()).await? {
        output.result(format_args!("{} {}", run.receipt, line(&run)), &json(&run))?;
    }
    Ok(())
}

/// A run for people.
pub fn line(run: &Run) -> String {
    let Run { workflow, version, steps, .. } = run;
    let message = run.message.as_ref().map(|message| format!(": {message}")).unwrap_or_default();
    let record = run.record.map(|record| format!(" on record {record}")).unwrap_or_default();
    let replay = if run.origin.is_empty() { String::new() } else { format!(", replay {}", run.origin) };
    let (state, started) = (run.state.word(), timestamp(run.started_at));
    format!("{started} workflow {workflow} version {version}{replay}{record}: {state} after {steps} steps{message}")
}

/// A run for programs.
pub fn json(run: &Run) -> Value {
    json!({
        "receipt": run.receipt, "workflow": run.workflow, "origin": run.origin, "version": run.version, "status": run.state.word(),
        "steps": run.steps, "record": run.record, "message": run.message,
        "started_at": timestamp(run.started_at), "ended_at": run.ended_at.map(timestamp),
    })
}

/// A time in UTC, to the second (RFC 3339).
pub fn timestamp(time: SystemTime) -> String {
    jiff::Timestamp::try_from(time).map(|time| format!("{time:.0}")).unwrap_or_default()
}

fn state_parser() -> impl TypedValueParser<Value = State> {
    let words = State::ALL.map(|(_, word)| word);
    PossibleValuesParser::new(words).try_map(|word| State::from_word(&word).ok_or("no such state"))
}
