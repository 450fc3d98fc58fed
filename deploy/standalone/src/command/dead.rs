//! `postern dead`: what could not be run: looked at, replayed, discarded.

use std::fs;
use std::io::{self, Read};
use std::path::PathBuf;

use clap::{Args, Subcommand};
use postern_control::operation::Nothing;
use postern_control::operation::dead_letter::DeadLetter;
use postern_control::operation::dead_letter::discard::{self, DiscardDeadLetters};
use postern_control::operation::dead_letter::get::{self, GetDeadLetter};
use postern_control::operation::dead_letter::groups::{Group, ListDeadLetterGroups};
use postern_control::operation::dead_letter::list::{self, ListDeadLetters};
use postern_control::operation::dead_letter::replay::{self, ReplayDeadLetters};
use postern_shared::env::Env;
use postern_shared::id::ReceiptId;

use crate::listing::{List, Listing, Pages, cursor};
use crate::options::Server;
use crate::output::table::Column;
use crate::output::{Failure, Output, harmless, json};

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
#[derive(Debug, Clone, Args)]
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

static COLUMNS: [Column<DeadLetter>; 6] = [
    Column::number("ID", |letter| letter.id.to_string()),
    Column::time("AT", |letter| letter.created_at.0.clone()),
    Column::text("WHAT", |letter| what(letter.receipt, &letter.kind)),
    Column::text("TARGET", |letter| letter.target.clone().unwrap_or_default()),
    Column::text("GROUP", |letter| letter.group.clone()),
    Column::text("REASON", |letter| letter.reason.clone()),
];

static GROUPS: [Column<Group>; 5] = [
    Column::text("GROUP", |group| group.group.clone()),
    Column::number("COUNT", |group| group.count.to_string()),
    Column::time("LAST", |group| group.last_at.0.clone()),
    Column::text("WHAT", |group| group.target.as_ref().unwrap_or(&group.kind).clone()),
    Column::text("REASON", |group| group.reason.clone()),
];

/// Does what was asked for. One call moves a thousand letters at most: how many are left is shown.
pub async fn run(options: &Options, output: &mut Output) -> Result<(), Failure> {
    match &options.command {
        Command::List { group, listing } => listing.print(list(group.clone()), output).await,
        Command::Groups { api } => {
            let found = api.api()?.call::<ListDeadLetterGroups>(&Nothing {}).await?;
            output.list(&GROUPS, |group| group.group.clone(), &found.groups, &found).map(drop)
        }
        Command::Show { id, api } => {
            let letter = api.api()?.call::<GetDeadLetter>(&get::Input { id: *id }).await?;
            output.named(&letter.letter.id.to_string(), harmless(&whole(&letter)?), &letter)
        }
        Command::Replay { which, per_second, env, api } => {
            let Which { id, group, all } = which.clone();
            let env = env.as_ref().map(variables).transpose()?;
            let input = replay::Input { id, group, all: all.then_some(true), per_second: *per_second, env };
            let done = api.api()?.call::<ReplayDeadLetters>(&input).await?;
            output.result(format_args!("{} replayed, {} left", done.replayed, done.left), &done)
        }
        Command::Discard { which, reason, api } => {
            let Which { id, group, all } = which.clone();
            let input = discard::Input { id, group, all: all.then_some(true), reason: reason.clone() };
            let done = api.api()?.call::<DiscardDeadLetters>(&input).await?;
            output.result(format_args!("{} discarded, {} left", done.discarded, done.left), &done)
        }
    }
}

fn list(group: Option<String>) -> List<ListDeadLetters, DeadLetter> {
    List {
        input: list::Input { group, ..list::Input::default() },
        last: |input| &mut input.last,
        pages: Some(Pages {
            before: |input, text| cursor(text).map(|before| input.before = before),
            next: |found| found.next.take().map(|id| id.to_string()),
        }),
        items: |found| &mut found.dead_letters,
        time: Some(|letter| &letter.created_at),
        name: |letter| letter.id.to_string(),
        columns: &COLUMNS,
        permission: None,
        permission_of: |_| "",
        named: Vec::new(),
    }
}

/// What a letter is known by: its receipt, or the kind of its message.
fn what(receipt: Option<ReceiptId>, kind: &str) -> String {
    receipt.map_or_else(|| kind.to_owned(), |receipt| receipt.to_string())
}

/// A letter in a line, and what it carries.
fn whole(get::Output { letter, text, submissions }: &get::Output) -> Result<String, Failure> {
    let DeadLetter { id, reason, group, .. } = letter;
    let (at, what) = (&letter.created_at.0, what(letter.receipt, &letter.kind));
    let target = letter.target.as_ref().map(|target| format!(" for {target}")).unwrap_or_default();
    let carried = match submissions {
        Some(submissions) => json(submissions)?,
        None => json(text)?,
    };
    Ok(format!("{id} {at} {what}{target}: {reason} (group {group})\n{carried:#}"))
}

fn variables(file: &PathBuf) -> Result<Env, Failure> {
    let wrong = |error: &dyn std::fmt::Display| {
        Failure::usage(format!("{}: {error}", file.display()), "the file holds one JSON object: {\"name\": \"value\"}")
    };
    let mut text = String::new();
    let read = if file.as_os_str() == "-" {
        io::stdin().read_to_string(&mut text).map(|_| text)
    } else {
        fs::read_to_string(file)
    };
    serde_json::from_str(&read.map_err(|error| wrong(&error))?).map_err(|error| wrong(&error))
}
