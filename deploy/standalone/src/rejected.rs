//! `postern rejected`: the callers that no permission admits, by day and address.

use clap::Args;
use serde_json::Value;

use crate::listing::Listing;
use crate::output::{Failure, Output};

/// Arguments of `rejected`.
#[derive(Debug, Args)]
pub struct Options {
    #[command(flatten)]
    listing: Listing,
}

/// Prints one line per day and address, the latest first.
pub async fn run(options: &Options, output: &mut Output) -> Result<(), Failure> {
    options.listing.print("/rejected_callers", "rejected_callers", &[], line, output).await
}

fn line(caller: &Value) -> String {
    let word = |name: &str| caller[name].as_str().unwrap_or_default();
    let (day, address, reason, last_at) = (word("day"), word("address"), word("reason"), word("last_at"));
    format!("{day} {address}: {} × {reason}, last at {last_at}", caller["count"])
}
