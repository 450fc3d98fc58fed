//! `postern refused`: bodies of permitted callers that were refused: looked at, and read again.

use std::io::{self, Write};

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use crate::listing::Listing;
use crate::options::Server;
use crate::output::{Failure, Output};

/// Arguments of `refused`.
#[derive(Debug, Args)]
pub struct Options {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Lists them, the newest first
    List(Listing),
    /// Shows one with its names and the shapes of its values
    Show {
        /// Its number
        id: i64,
        /// Writes nothing but the body, byte for byte; the audit log notes it
        #[arg(long)]
        raw: bool,
        #[command(flatten)]
        api: Server,
    },
    /// Reads them again, under their permission as it is now
    Replay {
        #[command(flatten)]
        which: Which,
        /// In this charset, whatever they say themselves
        #[arg(long, value_name = "LABEL")]
        charset: Option<String>,
        /// As bodies of this content type, such as application/json, whatever their header says
        #[arg(long = "type", value_name = "TYPE")]
        content_type: Option<String>,
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

/// Prints what was asked for.
pub async fn run(options: &Options, output: &mut Output) -> Result<(), Failure> {
    match &options.command {
        Command::List(listing) => listing.print("/refused_bodies", "refused_bodies", &[], line, output).await,
        Command::Show { id, raw: true, api } => {
            Ok(io::stdout().write_all(&api.api()?.bytes(&format!("/refused_bodies/{id}/raw")).await?)?)
        }
        Command::Show { id, raw: false, api } => {
            let refused: Value = api.api()?.get(&format!("/refused_bodies/{id}"), &[]).await?;
            Ok(output.result(whole(&refused), &refused)?)
        }
        Command::Replay { which: Which { id, permission }, charset, content_type, api } => {
            let order = json!({"id": id, "permission": permission, "charset": charset, "type": content_type});
            let answer = api.api()?.post("/refused_body_replays", &order).await?;
            output.result(replayed(&answer), &answer)?;
            let is_done = answer["refused"].as_array().is_none_or(Vec::is_empty);
            if is_done { Ok(()) } else { Err(Failure::Reported) }
        }
    }
}

/// A line for each, and one for those that one call does not take.
fn replayed(answer: &Value) -> String {
    let each = |name: &str| answer[name].as_array().into_iter().flatten();
    let word = |one: &Value, name: &str| one[name].as_str().map(harmless).unwrap_or_default();
    let gone = each("replayed").map(|one| format!("{}: receipt {}", one["id"], word(one, "receipt")));
    let kept = each("refused")
        .map(|one| format!("{}: refused again: {}: {}", one["id"], word(one, "code"), word(one, "message")));
    let mut lines: Vec<String> = gone.chain(kept).collect();
    if let Some(left @ 1..) = answer["left"].as_i64() {
        lines.push(format!("{left} left"));
    }
    lines.join("\n")
}

fn whole(refused: &Value) -> String {
    let word = |name: &str| refused[name].as_str().map(harmless);
    let content_type = word("content_type").unwrap_or("no content type".to_owned());
    let query = word("query").unwrap_or_default();
    let shapes = refused["shapes"].as_array().into_iter().flatten();
    let word_of = |one: &Value, name: &str| one[name].as_str().map(harmless).unwrap_or_default();
    let shapes = shapes.map(|one| format!("\n  {}: {}", word_of(one, "name"), word_of(one, "shape")));
    format!("{}\nquery: {query}\ncontent type: {content_type}{}", line(refused), shapes.collect::<String>())
}

fn line(refused: &Value) -> String {
    let word = |name: &str| refused[name].as_str().map(harmless).unwrap_or_default();
    let size = refused["bytes"].as_i64().map_or("body not kept".to_owned(), |bytes| format!("{bytes} bytes"));
    let (id, at, address, permission) = (&refused["id"], word("refused_at"), word("address"), word("permission"));
    let (code, message) = (word("code"), word("message"));
    format!("{id} {at} {address} by permission {permission}: {code}: {message} ({size})")
}

/// What a stranger wrote, without what a terminal would obey.
fn harmless(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' | '\t' => shown.push(c),
            c if c.is_control() => shown.extend(c.escape_default()),
            c => shown.push(c),
        }
    }
    shown
}
