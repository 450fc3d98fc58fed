//! `postern records`: the records of a module, the newest first.

use clap::Args;
use postern_shared::document::Name;
use postern_shared::id::ModuleName;

use crate::listing::{List, Listing};
use crate::output::table::Column;
use crate::output::{Failure, Output};

/// Arguments of `records`.
#[derive(Debug, Args)]
pub struct Options {
    /// The module, such as Leads
    module: ModuleName,
    #[command(flatten)]
    listing: Listing,
}

static COLUMNS: [Column; 2] = [
    Column::number("ID", |record| record["id"].to_string()),
    Column::text("FIELDS", |record| record["fields"].to_string()),
];

/// Prints the records, of which the API gives no times.
pub async fn run(options: &Options, output: &mut Output) -> Result<(), Failure> {
    let list = List {
        path: format!("/records/{}", options.module),
        items: "records",
        time: None,
        is_paged: true,
        columns: &COLUMNS,
        name: |record| record["id"].to_string(),
        query: Vec::new(),
        only: Vec::new(),
        named: vec![Name::Module(options.module.clone())],
    };
    options.listing.print(&list, output).await
}
