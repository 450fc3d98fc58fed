//! `postern draft`: the draft of a workflow that the token has. Nothing of it is in force before it is published.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use postern_control::operation::Finding;
use postern_control::operation::draft::discard::DiscardDraft;
use postern_control::operation::draft::get::GetDraft;
use postern_control::operation::draft::publish::PublishDraft;
use postern_control::operation::draft::set::{self, SetDraft};
use postern_control::operation::draft::{NamedDraft, Output as Draft};
use postern_shared::id::WorkflowId;
use serde_json::json;

use crate::documents;
use crate::options::Server;
use crate::output::{Failure, Output};

/// Arguments of `draft`.
#[derive(Debug, Args)]
pub struct Options {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Prints the draft of a workflow; fails if there are findings
    Show(One),
    /// Makes or changes the draft of a workflow; it may have findings
    Set {
        #[command(flatten)]
        one: One,
        /// The file with the workflow in YAML, or - for standard input
        #[arg(value_name = "FILE|-")]
        file: PathBuf,
        /// The version that the text was made from; that in force if it is left out
        #[arg(long, value_name = "VERSION")]
        base_version: Option<i32>,
    },
    /// Puts the draft of a workflow in force, unless another version came in between
    Publish(One),
    /// Discards the draft of a workflow
    Discard(One),
}

/// A draft by the number of its workflow.
#[derive(Debug, Args)]
struct One {
    /// The number of the workflow
    workflow: WorkflowId,
    #[command(flatten)]
    api: Server,
}

/// Does what was asked for.
pub async fn run(options: &Options, output: &mut Output) -> Result<(), Failure> {
    match &options.command {
        Command::Show(One { workflow, api }) => {
            let draft = api.api()?.call::<GetDraft>(&NamedDraft { id: *workflow }).await?;
            output.result(draft.text.trim_end(), &draft)?;
            tell(&draft, output)
        }
        Command::Set { one: One { workflow, api }, file, base_version } => {
            let text = documents::read(std::slice::from_ref(file))?.pop().map(|text| text.bytes).unwrap_or_default();
            let text = String::from_utf8_lossy(&text).into_owned();
            let input = set::Input { id: *workflow, text, base_version: *base_version };
            let draft = api.api()?.call::<SetDraft>(&input).await?;
            let said = format_args!("draft of workflow {workflow}, made from version {}", draft.base_version);
            output.named(&workflow.to_string(), said, &draft)?;
            tell(&draft, output)
        }
        Command::Publish(One { workflow, api }) => {
            let published = api.api()?.call::<PublishDraft>(&NamedDraft { id: *workflow }).await?;
            let said = format_args!("workflow {workflow}: version {} is in force", published.version);
            output.named(&workflow.to_string(), said, &published)
        }
        Command::Discard(One { workflow, api }) => {
            api.api()?.call::<DiscardDraft>(&NamedDraft { id: *workflow }).await?;
            let json = json!({"kind": "draft", "key": workflow, "deleted": true});
            output.named(&workflow.to_string(), format_args!("draft of workflow {workflow}: discarded"), &json)
        }
    }
}

/// What is wrong with a draft, on standard error; having any finding is a failure.
fn tell(draft: &Draft, output: &mut Output) -> Result<(), Failure> {
    for Finding { line, path, message, .. } in &draft.findings {
        output.note(format_args!("line {line}: {path}: {message}"));
    }
    if draft.findings.is_empty() { Ok(()) } else { Err(Failure::Reported) }
}
