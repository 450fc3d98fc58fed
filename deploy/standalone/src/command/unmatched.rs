//! `postern unmatched`: submissions that started nothing: listed, and replayed with the workflows of today.

use clap::{Args, Subcommand};
use postern_control::operation::field::Text;
use postern_control::operation::unmatched::list::{Input, ListUnmatched, Unmatched};
use postern_control::operation::unmatched::replay::{self, ReplayUnmatched};
use postern_shared::document::Name;
use postern_shared::id::{PermissionKey, ReceiptId, TriggerKey, WorkflowId};
use postern_shared::receipt::SkippedReport;
use postern_shared::submission::Target;

use crate::known;
use crate::listing::{List, Listing, Pages, cursor};
use crate::options::Server;
use crate::output::table::Column;
use crate::output::{Failure, Output};

/// Arguments of `unmatched`.
#[derive(Debug, Args)]
pub struct Options {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Lists submissions that started nothing, the newest first
    List {
        /// Only those that were to run this workflow
        #[arg(long, value_name = "ID", conflicts_with = "trigger")]
        workflow: Option<WorkflowId>,
        /// Only those that fired this trigger
        #[arg(long, value_name = "KEY")]
        trigger: Option<TriggerKey>,
        /// Only those that came by this permission
        #[arg(long, value_name = "KEY")]
        permission: Option<PermissionKey>,
        #[command(flatten)]
        listing: Listing,
    },
    /// Lets submissions that started nothing run with the workflows of today
    Replay {
        #[command(flatten)]
        which: Which,
        #[command(flatten)]
        api: Server,
    },
}

/// Which submissions are meant.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct Which {
    /// That of this receipt
    receipt: Option<ReceiptId>,
    /// Those that were to run this workflow
    #[arg(long, value_name = "ID")]
    workflow: Option<WorkflowId>,
    /// Those that fired this trigger
    #[arg(long, value_name = "KEY")]
    trigger: Option<TriggerKey>,
}

static COLUMNS: [Column<Unmatched>; 5] = [
    Column::text("RECEIPT", |one| one.receipt.to_string()),
    Column::time("ACCEPTED", |one| one.accepted_at.0.clone()),
    Column::text("TARGET", |one| target(&one.target)),
    Column::text("PERMISSION", |one| one.permission.clone()),
    Column::text("REASON", |one| one.skipped.iter().map(skipped).collect::<Vec<_>>().join("; ")),
];

/// Does what was asked for.
pub async fn run(options: &Options, output: &mut Output) -> Result<(), Failure> {
    match &options.command {
        Command::List { workflow, trigger, permission, listing } => {
            let triggers = trigger.clone().map(Name::Trigger).into_iter();
            let permissions = permission.clone().map(Name::Permission);
            let list = List::<ListUnmatched, Unmatched> {
                input: Input { workflow: *workflow, trigger: trigger.clone(), ..Input::default() },
                last: |input| &mut input.last,
                pages: Some(Pages {
                    before: |input, text| cursor(text).map(|before: Option<_>| input.before = before.map(Text)),
                    next: |found| found.next.take().map(|receipt| receipt.to_string()),
                }),
                items: |found| &mut found.unmatched,
                time: Some(|one| &one.accepted_at),
                name: |one| one.receipt.to_string(),
                columns: &COLUMNS,
                permission: permission.clone(),
                permission_of: |one| &one.permission,
                named: triggers.chain(workflow.map(Name::Workflow)).chain(permissions).collect(),
            };
            listing.print(list, output).await
        }
        Command::Replay { which: Which { receipt, workflow, trigger }, api } => {
            let input = replay::Input { receipt: *receipt, workflow: *workflow, trigger: trigger.clone() };
            let api = api.api()?;
            let done = api.call::<ReplayUnmatched>(&input).await?;
            if done.replayed == 0 {
                let workflow = workflow.map(Name::Workflow);
                known::check_all(&api, workflow.into_iter().chain(trigger.clone().map(Name::Trigger))).await?;
            }
            output.result(format_args!("{} replayed, {} left", done.replayed, done.left), &done)
        }
    }
}

/// What a submission was to run, such as `workflow 77`.
pub fn target(target: &Target) -> String {
    match target {
        Target::Workflow(id) => format!("workflow {id}"),
        Target::Trigger(key) => format!("trigger {key}"),
    }
}

/// Why a workflow was not run.
pub fn skipped(one: &SkippedReport) -> String {
    let workflow = one.workflow.map(|id| format!("workflow {id}: ")).unwrap_or_default();
    format!("{workflow}{}", one.reason)
}
