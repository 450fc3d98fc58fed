//! `postern unmatched`: submissions that started nothing: listed, and replayed with the workflows of today.

use clap::{Args, Subcommand};
use postern_shared::document::Name;
use postern_shared::id::{PermissionKey, ReceiptId, TriggerKey, WorkflowId};
use serde_json::{Value, json};

use crate::listing::{List, Listing};
use crate::options::Server;
use crate::output::table::Column;
use crate::output::{Failure, Output, items, word};

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

static COLUMNS: [Column; 5] = [
    Column::text("RECEIPT", |one| word(one, "receipt").to_owned()),
    Column::time("ACCEPTED", |one| word(one, "accepted_at").to_owned()),
    Column::text("TARGET", target),
    Column::text("PERMISSION", |one| word(one, "permission").to_owned()),
    Column::text("REASON", |one| {
        let reasons: Vec<String> = items(one, "skipped").map(skipped).collect();
        reasons.join("; ")
    }),
];

/// Does what was asked for.
pub async fn run(options: &Options, output: &mut Output) -> Result<(), Failure> {
    match &options.command {
        Command::List { workflow, trigger, permission, listing } => {
            let triggers = trigger.clone().map(Name::Trigger).into_iter();
            let permissions = permission.clone().map(Name::Permission);
            let list = List {
                path: "/unmatched".to_owned(),
                items: "unmatched",
                time: Some("accepted_at"),
                is_paged: true,
                columns: &COLUMNS,
                name: |one| word(one, "receipt").to_owned(),
                query: vec![
                    ("workflow", workflow.map(|id| id.to_string())),
                    ("trigger", trigger.as_ref().map(TriggerKey::to_string)),
                ],
                only: vec![("permission", permission.as_ref().map(PermissionKey::to_string))],
                named: triggers.chain(workflow.map(Name::Workflow)).chain(permissions).collect(),
            };
            listing.print(&list, output).await
        }
        Command::Replay { which: Which { receipt, workflow, trigger }, api } => {
            let order = json!({"receipt": receipt, "workflow": workflow, "trigger": trigger});
            let answer = api.api()?.post("/unmatched_replays", &order).await?;
            output.result(format_args!("{} replayed, {} left", answer["replayed"], answer["left"]), &answer)
        }
    }
}

/// What a submission was to run, such as `workflow 77`.
pub fn target(one: &Value) -> String {
    let target = one["target"].as_object().into_iter().flatten();
    target.map(|(kind, key)| format!("{kind} {}", key.to_string().trim_matches('"'))).collect()
}

/// Why a workflow was not run.
pub fn skipped(one: &Value) -> String {
    let workflow = one["workflow"].as_i64().map(|id| format!("workflow {id}: ")).unwrap_or_default();
    format!("{workflow}{}", word(one, "reason"))
}
