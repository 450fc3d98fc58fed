//! `postern changes`: who changed what, the newest first.

use clap::Args;

use crate::listing::{List, Listing};
use crate::output::table::Column;
use crate::output::{Failure, Output, word};

/// Arguments of `changes`.
#[derive(Debug, Args)]
pub struct Options {
    /// Only changes of this kind of thing, such as workflow
    kind: Option<String>,
    /// Only changes of the one with this number or key
    key: Option<String>,
    #[command(flatten)]
    listing: Listing,
}

static COLUMNS: [Column; 5] = [
    Column::time("AT", |change| word(change, "at").to_owned()),
    Column::text("ACCOUNT", |change| word(change, "account").to_owned()),
    Column::text("ACTION", |change| word(change, "action").to_owned()),
    Column::text("KIND", |change| word(change, "kind").to_owned()),
    Column::text("KEY", |change| word(change, "key").to_owned()),
];

/// Prints the changes; the new form of what was changed stands in the JSON.
pub async fn run(options: &Options, output: &mut Output) -> Result<(), Failure> {
    let list = List {
        path: "/audit_log".to_owned(),
        items: "changes",
        time: Some("at"),
        is_paged: true,
        columns: &COLUMNS,
        name: |change| change["id"].to_string(),
        query: vec![("kind", options.kind.clone()), ("key", options.key.clone())],
        only: Vec::new(),
        named: Vec::new(),
    };
    options.listing.print(&list, output).await
}
