//! `postern failures`: failed runs in groups of those that are alike, the largest first.

use clap::Args;
use postern_control::operation::job::Selection;
use postern_control::operation::run::failure_groups::{Group, ListFailureGroups};
use postern_shared::document::Name;
use postern_shared::id::WorkflowId;

use crate::known;
use crate::options::{Server, language};
use crate::output::table::Column;
use crate::output::{Failure, Output};

/// Arguments of `failures`.
#[derive(Debug, Args)]
pub struct Options {
    /// Only runs of this workflow
    #[arg(long, value_name = "ID")]
    workflow: Option<WorkflowId>,
    #[command(flatten)]
    api: Server,
}

static COLUMNS: [Column<Group>; 7] = [
    Column::number("COUNT", |group| group.count.to_string()),
    Column::number("WORKFLOW", |group| group.workflow.to_string()),
    Column::text("VERSION", |group| format!("{}{}", group.version, if group.is_newest { " newest" } else { "" })),
    Column::text("STEP", |group| group.step.clone()),
    Column::text("CODE", |group| group.failure.clone()),
    Column::time("LAST", |group| group.last_at.0.clone()),
    Column::text("MESSAGE", |group| {
        group.message_code.as_ref().map(|coded| coded.text(language())).unwrap_or_default()
    }),
];

/// Prints the groups. Runs that count as failed no longer are left out.
pub async fn run(options: &Options, output: &mut Output) -> Result<(), Failure> {
    let input = Selection { workflow: options.workflow, ..Selection::default() };
    let api = options.api.api()?;
    let found = api.call::<ListFailureGroups>(&input).await?;
    let name = |group: &Group| format!("{} {} {} {}", group.workflow, group.version, group.step, group.failure);
    output.list(&COLUMNS, name, &found.groups, &found)?;
    if found.groups.is_empty() {
        known::check_all(&api, options.workflow.map(Name::Workflow)).await?;
        output.note("no run has failed");
    }
    Ok(())
}
