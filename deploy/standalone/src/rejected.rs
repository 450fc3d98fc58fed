//! `postern rejected`: the callers that no permission admits, by day and address.

use clap::Args;
use serde_json::Value;

use crate::options::Server;
use crate::output::{Failure, Output};

/// Arguments of `rejected`.
#[derive(Debug, Args)]
pub struct Options {
    /// How many
    #[arg(long, default_value_t = 20, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1000))]
    last: u16,
    #[command(flatten)]
    api: Server,
}

/// Prints one line per day and address, the latest first.
pub async fn run(options: &Options, output: &mut Output) -> Result<(), Failure> {
    let query = [("last", Some(options.last.to_string()))];
    let found: Value = options.api.api()?.get("/rejected_callers", &query).await?;
    for caller in found["rejected_callers"].as_array().into_iter().flatten() {
        let word = |name: &str| caller[name].as_str().unwrap_or_default();
        let (day, address, reason, last_at) = (word("day"), word("address"), word("reason"), word("last_at"));
        output.result(format_args!("{day} {address}: {} × {reason}, last at {last_at}", caller["count"]), caller)?;
    }
    Ok(())
}
