//! `postern changes`: who changed what, the newest first.

use clap::Args;
use serde_json::Value;

use crate::listing::Listing;
use crate::output::{Failure, Output};

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

/// Prints one line per change; the new form of what was changed stands in the JSON.
pub async fn run(options: &Options, output: &mut Output) -> Result<(), Failure> {
    let filters = [("kind", options.kind.clone()), ("key", options.key.clone())];
    options.listing.print("/audit_log", "changes", &filters, line, output).await
}

fn line(change: &Value) -> String {
    let word = |name: &str| change[name].as_str().unwrap_or_default();
    format!("{} {}: {} {} {}", word("at"), word("account"), word("action"), word("kind"), word("key"))
}
