//! `postern unmatched`: submissions that started nothing: listed, and replayed with the workflows of today.

use clap::{Args, Subcommand};
use postern_shared::id::{ReceiptId, TriggerKey, WorkflowId};
use serde_json::{Value, json};

use crate::listing::Listing;
use crate::options::Server;
use crate::output::{Failure, Output};

/// Arguments of `unmatched`.
#[derive(Debug, Args)]
pub struct Options {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Lists them, the newest first
    List {
        /// Only those that were to run this workflow
        #[arg(long, value_name = "ID", conflicts_with = "trigger")]
        workflow: Option<WorkflowId>,
        /// Only those that fired this trigger
        #[arg(long, value_name = "KEY")]
        trigger: Option<TriggerKey>,
        #[command(flatten)]
        listing: Listing,
    },
    /// Lets them run, with their receipts
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

/// Does what was asked for.
pub async fn run(options: &Options, output: &mut Output) -> Result<(), Failure> {
    match &options.command {
        Command::List { workflow, trigger, listing } => {
            let filters = [
                ("workflow", workflow.map(|id| id.to_string())),
                ("trigger", trigger.as_ref().map(TriggerKey::to_string)),
            ];
            listing.print("/unmatched", "unmatched", &filters, line, output).await
        }
        Command::Replay { which, api } => {
            let Which { receipt, workflow, trigger } = which;
            let order = json!({"receipt": receipt, "workflow": workflow, "trigger": trigger});
            let answer = api.api()?.post("/unmatched_replays", &order).await?;
            Ok(output.result(format_args!("{} replayed, {} left", answer["replayed"], answer["left"]), &answer)?)
        }
    }
}

fn line(one: &Value) -> String {
    let word = |name: &str| one[name].as_str().unwrap_or_default();
    let target = one["target"].as_object().into_iter().flatten();
    let target: String = target.map(|(kind, key)| format!("{kind} {}", key.to_string().trim_matches('"'))).collect();
    let reason = |skipped: &Value| {
        let workflow = skipped["workflow"].as_i64().map(|id| format!("workflow {id}: ")).unwrap_or_default();
        format!("{workflow}{}", skipped["reason"].as_str().unwrap_or_default())
    };
    let reasons: Vec<String> = one["skipped"].as_array().into_iter().flatten().map(reason).collect();
    let (receipt, at, permission) = (word("receipt"), word("accepted_at"), word("permission"));
    format!("{receipt} {at} {target} by permission {permission}: {}", reasons.join("; "))
}
