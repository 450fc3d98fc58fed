//! `postern records`: the records of a module, the newest first.

use clap::Args;
use postern_control::operation::field::Last;
use postern_control::operation::record::list::{Input, ListRecords, Record};
use postern_shared::document::Name;
use postern_shared::id::ModuleName;

use crate::listing::{List, Listing, Pages, cursor};
use crate::output::table::Column;
use crate::output::{Failure, Output, json};

/// Arguments of `records`.
#[derive(Debug, Args)]
pub struct Options {
    /// The module, such as Leads
    module: ModuleName,
    #[command(flatten)]
    listing: Listing,
}

static COLUMNS: [Column<Record>; 2] = [
    Column::number("ID", |record| record.id.to_string()),
    Column::text("FIELDS", |record| json(&record.fields).map(|fields| fields.to_string()).unwrap_or_default()),
];

/// Prints the records, of which the API gives no times.
pub async fn run(options: &Options, output: &mut Output) -> Result<(), Failure> {
    let list = List::<ListRecords, Record> {
        input: Input { module: options.module.clone(), last: Last::default(), before: None },
        last: |input| &mut input.last,
        pages: Some(Pages {
            before: |input, text| cursor(text).map(|before| input.before = before),
            next: |found| found.next.take().map(|id| id.to_string()),
        }),
        items: |found| &mut found.records,
        time: None,
        name: |record| record.id.to_string(),
        columns: &COLUMNS,
        permission: None,
        permission_of: |_| "",
        named: vec![Name::Module(options.module.clone())],
    };
    options.listing.print(list, output).await
}
