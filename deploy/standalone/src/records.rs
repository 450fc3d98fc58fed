//! `postern records`: the records of a module, the newest first.

use clap::Args;
use postern_shared::id::ModuleName;
use serde_json::Value;

use crate::options::Server;
use crate::output::{Failure, Output};

/// Arguments of `records`.
#[derive(Debug, Args)]
pub struct Options {
    /// The module, such as Leads
    module: ModuleName,
    /// How many
    #[arg(long, default_value_t = 20, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1000))]
    last: u16,
    #[command(flatten)]
    api: Server,
}

/// Prints one line per record.
pub async fn run(options: &Options, output: &mut Output) -> Result<(), Failure> {
    let path = format!("/records/{}", options.module);
    let found: Value = options.api.api()?.get(&path, &[("last", Some(options.last.to_string()))]).await?;
    for record in found["records"].as_array().into_iter().flatten() {
        output.result(format_args!("{} {}", record["id"], record["fields"]), record)?;
    }
    Ok(())
}
