//! `postern statistics`: what the steps of a workflow did, a line for each output of a step.

use clap::Args;
use jiff::Timestamp;
use postern_control::operation::statistics::{GetStatistics, Input, OutputOfStep, Step};
use postern_shared::document::Name;
use postern_shared::id::WorkflowId;
use serde::Serialize;

use crate::known;
use crate::options::Server;
use crate::output::table::Column;
use crate::output::{Failure, Output, named, parse_moment};

/// Arguments of `statistics`.
#[derive(Debug, Args)]
pub struct Options {
    /// The number of the workflow
    workflow: WorkflowId,
    /// From the hour that begins then: 90m, 2d, a date or a time; a week ago if it is left out
    #[arg(long, value_name = "TIME", value_parser = parse_moment)]
    since: Option<Timestamp>,
    /// To the hour that begins then: 90m, 2d, a date or a time
    #[arg(long, value_name = "TIME", value_parser = parse_moment)]
    until: Option<Timestamp>,
    /// Only of this version
    #[arg(long, value_name = "N")]
    version: Option<i32>,
    #[command(flatten)]
    api: Server,
}

/// An output of a step.
#[derive(Serialize)]
struct Line {
    step: Step,
    output: OutputOfStep,
}

static COLUMNS: [Column<Line>; 7] = [
    Column::text("STEP", |line| line.step.step.clone()),
    Column::text(
        "OUTPUT",
        |line| if line.output.output.is_empty() { "-".to_owned() } else { line.output.output.clone() },
    ),
    Column::number("COUNT", |line| line.output.count.to_string()),
    Column::number("PERCENT", |line| format!("{:.1}", line.output.percent)),
    Column::number("FAILED", |line| line.step.failures.to_string()),
    Column::number("MEDIAN US", |line| line.output.median_us.map(|us| us.to_string()).unwrap_or_default()),
    Column::number("P95 US", |line| line.output.p95_us.map(|us| us.to_string()).unwrap_or_default()),
];

/// Prints the outputs of the steps.
pub async fn run(options: &Options, output: &mut Output) -> Result<(), Failure> {
    let (from, to) = (named(options.since), named(options.until));
    let input = Input { id: options.workflow, from, to, version: options.version };
    let api = options.api.api()?;
    let found = api.call::<GetStatistics>(&input).await;
    let found = known::or_unknown(&api, found, [Name::Workflow(options.workflow)]).await?;
    let line = |step: &Step, output: &OutputOfStep| Line { step: step.clone(), output: output.clone() };
    let lines: Vec<Line> =
        found.steps.iter().flat_map(|step| step.outputs.iter().map(move |output| line(step, output))).collect();
    output.list(&COLUMNS, |line| line.step.step.clone(), &lines, &found)?;
    if lines.is_empty() {
        output.note("no step was taken in this time");
    }
    Ok(())
}
