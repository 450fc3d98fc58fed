//! `postern refused`: bodies of permitted callers that were refused: looked at, and read again.

use std::io::{self, Write};

use clap::{Args, Subcommand};
use postern_shared::document::Name;
use postern_shared::id::{PermissionKey, TriggerKey, WorkflowId};
use serde_json::{Value, json};

use crate::listing::{List, Listing};
use crate::options::Server;
use crate::output::table::Column;
use crate::output::{Failure, Output, harmless, items, word};

/// Arguments of `refused`.
#[derive(Debug, Args)]
pub struct Options {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Lists refused bodies, the newest first
    List {
        /// Only those of this permission
        #[arg(long, value_name = "KEY")]
        permission: Option<PermissionKey>,
        #[command(flatten)]
        listing: Listing,
    },
    /// Shows one refused body with its names and the shapes of its values
    Show {
        /// Its number
        id: i64,
        /// Writes nothing but the body, byte for byte; the audit log notes it
        #[arg(long)]
        raw: bool,
        #[command(flatten)]
        api: Server,
    },
    /// Reads refused bodies again, under their permission as it is now
    Replay {
        #[command(flatten)]
        which: Which,
        /// In this charset, whatever they say themselves
        #[arg(long, value_name = "LABEL")]
        charset: Option<String>,
        /// As bodies of this content type, such as application/json, whatever their header says
        #[arg(long = "type", value_name = "TYPE")]
        content_type: Option<String>,
        /// To this workflow, whatever target their query names
        #[arg(long, value_name = "ID", conflicts_with = "trigger")]
        workflow: Option<WorkflowId>,
        /// To this trigger, whatever target their query names
        #[arg(long, value_name = "KEY")]
        trigger: Option<TriggerKey>,
        /// Under this permission, whatever addresses it lets in
        #[arg(long, value_name = "KEY")]
        under: Option<PermissionKey>,
        #[command(flatten)]
        api: Server,
    },
}

/// Which bodies are meant.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct Which {
    /// The one with this number
    id: Option<i64>,
    /// Those of this permission
    #[arg(long, value_name = "KEY")]
    permission: Option<String>,
}

static COLUMNS: [Column; 7] = [
    Column::number("ID", |refused| refused["id"].to_string()),
    Column::time("AT", |refused| word(refused, "refused_at").to_owned()),
    Column::text("ADDRESS", |refused| word(refused, "address").to_owned()),
    Column::text("PERMISSION", |refused| word(refused, "permission").to_owned()),
    Column::text("SIZE", size),
    Column::text("CODE", |refused| word(refused, "code").to_owned()),
    Column::text("MESSAGE", |refused| word(refused, "message").to_owned()),
];

/// Prints what was asked for.
pub async fn run(options: &Options, output: &mut Output) -> Result<(), Failure> {
    match &options.command {
        Command::List { permission, listing } => listing.print(&list(permission.as_ref()), output).await,
        Command::Show { id, raw: true, api } => {
            Ok(io::stdout().write_all(&api.api()?.bytes(&format!("/refused_bodies/{id}/raw")).await?)?)
        }
        Command::Show { id, raw: false, api } => {
            let refused: Value = api.api()?.get(&format!("/refused_bodies/{id}"), &[]).await?;
            output.named(&id.to_string(), whole(&refused), &refused)
        }
        Command::Replay { which: Which { id, permission }, charset, content_type, workflow, trigger, under, api } => {
            let order = json!({
                "id": id, "permission": permission, "charset": charset, "type": content_type,
                "workflow": workflow, "trigger": trigger, "under": under,
            });
            let answer = api.api()?.post("/refused_body_replays", &order).await?;
            output.result(replayed(&answer), &answer)?;
            let is_done = answer["refused"].as_array().is_none_or(Vec::is_empty);
            if is_done { Ok(()) } else { Err(Failure::Reported) }
        }
    }
}

fn list(permission: Option<&PermissionKey>) -> List {
    List {
        path: "/refused_bodies".to_owned(),
        items: "refused_bodies",
        time: Some("refused_at"),
        is_paged: false,
        columns: &COLUMNS,
        name: |refused| refused["id"].to_string(),
        query: Vec::new(),
        only: vec![("permission", permission.map(PermissionKey::to_string))],
        named: permission.cloned().map(Name::Permission).into_iter().collect(),
    }
}

/// A line for each, and one for those that one call does not take.
fn replayed(answer: &Value) -> String {
    let gone = items(answer, "replayed").map(|one| format!("{}: receipt {}", one["id"], word(one, "receipt")));
    let kept = items(answer, "refused")
        .map(|one| format!("{}: refused again: {}: {}", one["id"], word(one, "code"), word(one, "message")));
    let mut lines: Vec<String> = gone.chain(kept).collect();
    if let Some(left @ 1..) = answer["left"].as_i64() {
        lines.push(format!("{left} left"));
    }
    harmless(&lines.join("\n"))
}

fn whole(refused: &Value) -> String {
    let content_type = refused["content_type"].as_str().unwrap_or("no content type");
    let (id, at, address, permission) =
        (&refused["id"], word(refused, "refused_at"), word(refused, "address"), word(refused, "permission"));
    let (code, message, size) = (word(refused, "code"), word(refused, "message"), size(refused));
    let mut text = format!("{id} {at} {address} by permission {permission}: {code}: {message} ({size})");
    text += &format!("\nquery: {}\ncontent type: {content_type}", word(refused, "query"));
    for one in items(refused, "shapes") {
        text += &format!("\n  {}: {}", word(one, "name"), word(one, "shape"));
    }
    harmless(&text)
}

fn size(refused: &Value) -> String {
    refused["bytes"].as_i64().map_or("body not kept".to_owned(), |bytes| format!("{bytes} bytes"))
}
