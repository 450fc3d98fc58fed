//! `postern changes`: who changed what, the newest first.

use clap::Args;
use clap::builder::PossibleValuesParser;
use postern_control::operation::audit::log::{Change, Input, ListChanges};

use crate::listing::{List, Listing, Pages, cursor};
use crate::output::table::Column;
use crate::output::{Failure, Output};

/// The kinds of things whose changes are kept.
const KINDS: [&str; 16] = [
    "connection",
    "module",
    "trigger",
    "workflow",
    "permission",
    "run",
    "job",
    "receipt",
    "dead_letter",
    "refused_body",
    "secret",
    "variable",
    "token",
    "account",
    "person",
    "notices",
];

/// Arguments of `changes`.
#[derive(Debug, Args)]
pub struct Options {
    /// Only changes of this kind of thing, such as workflow
    #[arg(value_parser = PossibleValuesParser::new(KINDS))]
    kind: Option<String>,
    /// Only changes of the one with this number or key
    key: Option<String>,
    #[command(flatten)]
    listing: Listing,
}

static COLUMNS: [Column<Change>; 5] = [
    Column::time("AT", |change| change.at.0.clone()),
    Column::text("ACCOUNT", |change| change.account.clone()),
    Column::text("ACTION", |change| change.action.clone()),
    Column::text("KIND", |change| change.kind.clone()),
    Column::text("KEY", |change| change.key.clone()),
];

/// Prints the changes; the new form of what was changed stands in the JSON.
pub async fn run(options: &Options, output: &mut Output) -> Result<(), Failure> {
    let list = List::<ListChanges, Change> {
        input: Input { kind: options.kind.clone(), key: options.key.clone(), ..Input::default() },
        last: |input| &mut input.last,
        pages: Some(Pages {
            before: |input, text| cursor(text).map(|before| input.before = before),
            next: |found| found.next.take().map(|id| id.to_string()),
        }),
        items: |found| &mut found.changes,
        time: Some(|change| &change.at),
        name: |change| change.id.to_string(),
        columns: &COLUMNS,
        permission: None,
        permission_of: |_| "",
        named: Vec::new(),
    };
    options.listing.print(list, output).await
}
