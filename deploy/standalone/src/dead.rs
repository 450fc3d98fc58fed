//! `postern dead`: what nobody could run: looked at, replayed, discarded.

use std::fs;
use std::io::{self, Read};
use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use crate::api::Api;
use crate::listing::Listing;
use crate::options::Server;
use crate::output::{Failure, Output};

/// Arguments of `dead`.
#[derive(Debug, Args)]
pub struct Options {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Lists them, the newest first
    List {
        /// Only those of this group
        #[arg(long, value_name = "GROUP")]
        group: Option<String>,
        #[command(flatten)]
        listing: Listing,
    },
    /// Lists those that are alike together, the most first
    Groups {
        #[command(flatten)]
        api: Server,
    },
    /// Shows one with what it carries
    Show {
        /// Its number
        id: i64,
        #[command(flatten)]
        api: Server,
    },
    /// Puts them back, with their receipts
    Replay {
        #[command(flatten)]
        which: Which,
        /// Replays at most so many each second
        #[arg(long, value_name = "N")]
        per_second: Option<f64>,
        /// A file with the variables as a JSON object, or - for standard input: they take the place of those of ID
        #[arg(long, value_name = "FILE|-", conflicts_with_all = ["group", "all"])]
        env: Option<PathBuf>,
        #[command(flatten)]
        api: Server,
    },
    /// Removes them for good
    Discard {
        #[command(flatten)]
        which: Which,
        /// Why; the audit log keeps it
        #[arg(long, value_name = "TEXT")]
        reason: String,
        #[command(flatten)]
        api: Server,
    },
}

/// Which dead letters are meant.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct Which {
    /// The one with this number
    id: Option<i64>,
    /// Those of this group
    #[arg(long, value_name = "GROUP")]
    group: Option<String>,
    /// All
    #[arg(long)]
    all: bool,
}

/// Does what was asked for.
pub async fn run(options: &Options, output: &mut Output) -> Result<(), Failure> {
    match &options.command {
        Command::List { group, listing } => {
            listing.print("/dead_letters", "dead_letters", &[("group", group.clone())], line, output).await
        }
        Command::Groups { api } => {
            let found: Value = api.api()?.get("/dead_letter_groups", &[]).await?;
            output.each(&found["groups"], group_line)
        }
        Command::Show { id, api } => {
            let letter: Value = api.api()?.get(&format!("/dead_letters/{id}"), &[]).await?;
            let carried = if letter["submissions"].is_null() { &letter["text"] } else { &letter["submissions"] };
            Ok(output.result(format_args!("{}\n{carried:#}", line(&letter)), &letter)?)
        }
        Command::Replay { which, per_second, env, api } => {
            let mut order = which.order();
            order.extend(per_second.map(|rate| ("per_second".to_owned(), json!(rate))));
            if let Some(file) = env {
                order.insert("env".to_owned(), variables(file)?);
            }
            ask(&api.api()?, "/dead_letter_replays", order, output).await
        }
        Command::Discard { which, reason, api } => {
            let mut order = which.order();
            order.insert("reason".to_owned(), json!(reason));
            ask(&api.api()?, "/dead_letter_discards", order, output).await
        }
    }
}

/// Prints how many were moved, and how many one call does not take.
async fn ask(api: &Api, path: &str, order: serde_json::Map<String, Value>, output: &mut Output) -> Result<(), Failure> {
    let answer = api.post(path, &order.into()).await?;
    let counts: Vec<String> =
        answer.as_object().into_iter().flatten().map(|(what, count)| format!("{count} {what}")).collect();
    output.result(counts.join(", "), &answer)?;
    Ok(())
}

impl Which {
    fn order(&self) -> serde_json::Map<String, Value> {
        let all = self.all.then_some(json!(true));
        let named =
            [("id", self.id.map(|id| json!(id))), ("group", self.group.as_ref().map(|one| json!(one))), ("all", all)];
        named.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
    }
}

fn line(letter: &Value) -> String {
    let word = |name: &str| letter[name].as_str();
    let what = word("receipt").or(word("kind")).unwrap_or_default();
    let target = word("target").map(|target| format!(" for {target}")).unwrap_or_default();
    let (at, reason) = (word("created_at").unwrap_or_default(), word("reason").unwrap_or_default());
    format!("{} {at} {what}{target}: {reason} (group {})", letter["id"], word("group").unwrap_or_default())
}

fn group_line(group: &Value) -> String {
    let word = |name: &str| group[name].as_str().unwrap_or_default();
    let what = group["target"].as_str().unwrap_or(word("kind"));
    let (name, reason, last_at) = (word("group"), word("reason"), word("last_at"));
    format!("{name} {} × {what}: {reason}, last at {last_at}", group["count"])
}

fn variables(file: &PathBuf) -> Result<Value, Failure> {
    let wrong = |error: &dyn std::fmt::Display| Failure::Usage(format!("{}: {error}", file.display()));
    let mut text = String::new();
    let read = if file.as_os_str() == "-" {
        io::stdin().read_to_string(&mut text).map(|_| text)
    } else {
        fs::read_to_string(file)
    };
    let value: Value = serde_json::from_str(&read.map_err(|error| wrong(&error))?).map_err(|error| wrong(&error))?;
    if value.is_object() { Ok(value) } else { Err(wrong(&"must be a JSON object")) }
}
