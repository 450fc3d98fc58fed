//! `postern records`: the records of a module, the newest first.

use clap::Args;
use postern_shared::id::ModuleName;
use serde_json::Value;

use crate::listing::Listing;
use crate::output::{Failure, Output};

/// Arguments of `records`.
#[derive(Debug, Args)]
pub struct Options {
    /// The module, such as Leads
    module: ModuleName,
    #[command(flatten)]
    listing: Listing,
}

/// Prints one line per record.
pub async fn run(options: &Options, output: &mut Output) -> Result<(), Failure> {
    let line = |record: &Value| format!("{} {}", record["id"], record["fields"]);
    options.listing.print(&format!("/records/{}", options.module), "records", &[], line, output).await
}
