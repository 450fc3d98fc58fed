//! `postern rejected`: the callers that no permission admits, by day and address.

use clap::Args;

use crate::listing::{List, Listing};
use crate::output::table::Column;
use crate::output::{Failure, Output, word};

/// Arguments of `rejected`.
#[derive(Debug, Args)]
pub struct Options {
    #[command(flatten)]
    listing: Listing,
}

static COLUMNS: [Column; 5] = [
    Column::text("DAY", |caller| word(caller, "day").to_owned()),
    Column::text("ADDRESS", |caller| word(caller, "address").to_owned()),
    Column::number("COUNT", |caller| caller["count"].to_string()),
    Column::time("LAST", |caller| word(caller, "last_at").to_owned()),
    Column::text("REASON", |caller| word(caller, "reason").to_owned()),
];

/// Prints a row for each day and address, the latest first.
pub async fn run(options: &Options, output: &mut Output) -> Result<(), Failure> {
    let list = List {
        path: "/rejected_callers".to_owned(),
        items: "rejected_callers",
        time: Some("last_at"),
        is_paged: false,
        columns: &COLUMNS,
        name: |caller| word(caller, "address").to_owned(),
        query: Vec::new(),
        only: Vec::new(),
        named: Vec::new(),
    };
    options.listing.print(&list, output).await
}
