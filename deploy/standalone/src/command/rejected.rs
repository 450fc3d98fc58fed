//! `postern rejected`: the callers that no permission admits, by day and address.

use clap::Args;
use postern_control::operation::rejected_callers::{Input, ListRejectedCallers, RejectedCaller};

use crate::listing::{List, Listing};
use crate::output::table::Column;
use crate::output::{Failure, Output};

/// Arguments of `rejected`.
#[derive(Debug, Args)]
pub struct Options {
    #[command(flatten)]
    listing: Listing,
}

static COLUMNS: [Column<RejectedCaller>; 5] = [
    Column::text("DAY", |caller| caller.day.clone()),
    Column::text("ADDRESS", |caller| caller.address.clone()),
    Column::number("COUNT", |caller| caller.count.to_string()),
    Column::time("LAST", |caller| caller.last_at.0.clone()),
    Column::text("REASON", |caller| caller.reason.clone()),
];

/// Prints a row for each day and address, the latest first.
pub async fn run(options: &Options, output: &mut Output) -> Result<(), Failure> {
    let list = List::<ListRejectedCallers, RejectedCaller> {
        input: Input::default(),
        last: |input| &mut input.last,
        pages: None,
        items: |found| &mut found.rejected_callers,
        time: Some(|caller| &caller.last_at),
        name: |caller| caller.address.clone(),
        columns: &COLUMNS,
        permission: None,
        permission_of: |_| "",
        named: Vec::new(),
    };
    options.listing.print(list, output).await
}
