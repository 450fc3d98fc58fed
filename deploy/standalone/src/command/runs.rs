//! `postern runs`: the runs of workflows, the newest first.

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use postern_control::operation::field::Text;
use postern_control::operation::run::list::{Input, ListRuns, OneRun};
use postern_shared::document::Name;
use postern_shared::id::{PermissionKey, ReceiptId, WorkflowId};
use postern_shared::receipt::RunReport;
use postern_shared::resume::RunKey;
use postern_shared::store::runs::State;

use crate::listing::{List, Listing, Pages, cursor};
use crate::options::language;
use crate::output::table::Column;
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
    /// Only runs of this version of the workflow
    #[arg(long, value_name = "N")]
    of_version: Option<i32>,
    /// Only runs that failed at this step
    #[arg(long, value_name = "NAME")]
    step: Option<String>,
    /// Only runs that failed with this code
    #[arg(long, value_name = "CODE")]
    failure: Option<String>,
    /// Only runs of submissions that this permission let in
    #[arg(long, value_name = "KEY")]
    permission: Option<PermissionKey>,
    /// Only runs that still need somebody: neither replayed, nor handled by a step, nor dismissed
    #[arg(long)]
    unreplayed: bool,
    #[command(flatten)]
    listing: Listing,
}

static COLUMNS: [Column<OneRun>; 7] = [
    Column::text("RUN", name),
    Column::time("STARTED", |run| run.started_at.0.clone()),
    Column::state("STATE", |run| run.state.0.to_string()),
    Column::number("STEPS", |run| run.steps.to_string()),
    Column::number("VERSION", |run| run.version.to_string()),
    Column::number("RECORD", |run| run.record.as_ref().map(ToString::to_string).unwrap_or_default()),
    Column::text("MESSAGE", message),
];

/// Prints the runs.
pub async fn run(options: &Options, output: &mut Output) -> Result<(), Failure> {
    let (workflow, state, unreplayed) = (options.workflow, options.state.map(Text), options.unreplayed);
    let (version, step, failure) = (options.of_version, options.step.clone(), options.failure.clone());
    let (permission, workflows) = (options.permission.clone(), options.workflow.map(Name::Workflow).into_iter());
    let list = List::<ListRuns, OneRun> {
        named: workflows.chain(permission.clone().map(Name::Permission)).collect(),
        input: Input { workflow, state, version, step, failure, permission, unreplayed, ..Input::default() },
        last: |input| &mut input.last,
        pages: Some(Pages {
            before: |input, text| cursor(text).map(|before: Option<RunKey>| input.before = before.map(Text)),
            next: |found| found.next.take(),
        }),
        items: |found| &mut found.runs,
        time: Some(|run| &run.started_at),
        name,
        columns: &COLUMNS,
        permission: None,
        permission_of: |_| "",
    };
    options.listing.print(list, output).await
}

/// Why it failed, behind why it needs nobody although it did.
fn message(run: &OneRun) -> String {
    let handled = run.handled_by.as_ref().map(|step| format!("handled by step {step}"));
    let settled = handled.or_else(|| run.dismissed_by.as_ref().map(|account| format!("dismissed by {account}")));
    let parts: Vec<String> =
        settled.into_iter().chain(run.message_code.as_ref().map(|coded| coded.text(language()))).collect();
    parts.join(": ")
}

fn name(run: &OneRun) -> String {
    name_of(run.receipt, run.number)
}

/// The name of a run, as `replay` takes it.
pub fn name_of(receipt: ReceiptId, number: i16) -> String {
    RunKey { receipt, number }.to_string()
}

/// A run of a receipt in one line for people.
pub fn line(run: &RunReport) -> String {
    let parent = run.started_by.as_ref();
    let parent = parent.map(|one| format!(", started by workflow {} in step {}", one.workflow, one.step));
    let parent = parent.unwrap_or_default();
    let replays = run.replays.map(|first| format!(", in place of run {first}")).unwrap_or_default();
    let replaced = run.replaced_by.map(|last| format!(", replaced by run {last}")).unwrap_or_default();
    let handled = run.handled_by.as_ref().map(|step| format!(", handled by step {step}"));
    let dismissed = run.dismissed_by.as_ref().map(|account| format!(", dismissed by {account}"));
    let settled = handled.or(dismissed).unwrap_or_default();
    let record = run.record.as_ref().map(|record| format!(" on record {record}")).unwrap_or_default();
    let message = run.message_code.as_ref().map(|coded| coded.text(language())).filter(|message| !message.is_empty());
    let message = message.map(|message| format!(": {message}")).unwrap_or_default();
    let RunReport { started_at, status, workflow, version, steps, .. } = run;
    format!(
        "{started_at} workflow {workflow} version {version}{parent}{replays}{record}: {status} after {steps} steps{replaced}{settled}{message}"
    )
}

/// The words for the states of a run.
pub fn state_parser() -> impl TypedValueParser<Value = State> {
    let words = State::ALL.map(|(_, word)| word);
    PossibleValuesParser::new(words).try_map(|word| State::from_word(&word).ok_or("no such state"))
}
