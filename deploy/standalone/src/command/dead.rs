//! `postern dead`: what could not be run: looked at, replayed, discarded.

use std::fs;
use std::io::{self, Read};
use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use crate::api::Api;
use crate::listing::{List, Listing};
use crate::options::Server;
use crate::output::table::Column;
use crate::output::{Failure, Output, harmless, word};

/// Arguments of `dead`.
#[derive(Debug, Args)]
pub struct Options {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Lists dead letters, the newest first
    List {
        /// Only those of this group
        #[arg(long, value_name = "GROUP")]
        group: Option<String>,
        #[command(flatten)]
        listing: Listing,
    },
    /// Lists groups of dead letters that are alike, the largest first
    Groups {
        #[command(flatten)]
        api: Server,
    },
    /// Shows one dead letter with what it carries
    Show {
        /// Its number
        id: i64,
        #[command(flatten)]
        api: Server,
    },
    /// Puts dead letters back, with their receipts
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
    /// Removes dead letters for good
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

static COLUMNS: [Column; 6] = [
    Column::number("ID", |letter| letter["id"].to_string()),
    Column::time("AT", |letter| word(letter, "created_at").to_owned()),
    Column::text("WHAT", |letter| letter["receipt"].as_str().unwrap_or(word(letter, "kind")).to_owned()),
    Column::text("TARGET", |letter| word(letter, "target").to_owned()),
    Column::text("GROUP", |letter| word(letter, "group").to_owned()),
    Column::text("REASON", |letter| word(letter, "reason").to_owned()),
];

static GROUPS: [Column; 5] = [
    Column::text("GROUP", |group| word(group, "group").to_owned()),
    Column::number("COUNT", |group| group["count"].to_string()),
    Column::time("LAST", |group| word(group, "last_at").to_owned()),
    Column::text("WHAT", |group| group["target"].as_str().unwrap_or(word(group, "kind")).to_owned()),
    Column::text("REASON", |group| word(group, "reason").to_owned()),
];

/// Does what was asked for.
pub async fn run(options: &Options, output: &mut Output) -> Result<(), Failure> {
    match &options.command {
        Command::List { group, listing } => listing.print(&list(group.clone()), output).await,
        Command::Groups { api } => {
            let found: Value = api.api()?.get("/dead_letter_groups", &[]).await?;
            let groups = found["groups"].as_array().cloned().unwrap_or_default();
            output.list(&GROUPS, |group| word(group, "group").to_owned(), &groups, &found).map(drop)
        }
        Command::Show { id, api } => {
            let letter: Value = api.api()?.get(&format!("/dead_letters/{id}"), &[]).await?;
            let carried = if letter["submissions"].is_null() { &letter["text"] } else { &letter["submissions"] };
            let text = format!("{}\n{carried:#}", line(&letter));
            output.named(&letter["id"].to_string(), harmless(&text), &letter)
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

fn list(group: Option<String>) -> List {
    List {
        path: "/dead_letters".to_owned(),
        items: "dead_letters",
        time: Some("created_at"),
        is_paged: true,
        columns: &COLUMNS,
        name: |letter| letter["id"].to_string(),
        query: vec![("group", group)],
        only: Vec::new(),
        named: Vec::new(),
    }
}

/// Prints how many were moved, and how many one call does not take.
async fn ask(api: &Api, path: &str, order: serde_json::Map<String, Value>, output: &mut Output) -> Result<(), Failure> {
    let answer = api.post(path, &order.into()).await?;
    let counts: Vec<String> =
        answer.as_object().into_iter().flatten().map(|(what, count)| format!("{count} {what}")).collect();
    output.result(counts.join(", "), &answer)
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
    let what = letter["receipt"].as_str().unwrap_or(word(letter, "kind"));
    let target = letter["target"].as_str().map(|target| format!(" for {target}")).unwrap_or_default();
    let (at, reason, group) = (word(letter, "created_at"), word(letter, "reason"), word(letter, "group"));
    format!("{} {at} {what}{target}: {reason} (group {group})", letter["id"])
}

fn variables(file: &PathBuf) -> Result<Value, Failure> {
    let wrong = |error: &dyn std::fmt::Display| {
        Failure::usage(format!("{}: {error}", file.display()), "the file holds one JSON object: {\"name\": \"value\"}")
    };
    let mut text = String::new();
    let read = if file.as_os_str() == "-" {
        io::stdin().read_to_string(&mut text).map(|_| text)
    } else {
        fs::read_to_string(file)
    };
    let value: Value = serde_json::from_str(&read.map_err(|error| wrong(&error))?).map_err(|error| wrong(&error))?;
    if value.is_object() { Ok(value) } else { Err(wrong(&"must be a JSON object")) }
}
