//! `postern rejected`: the callers that no permission admits, by day and address.

use clap::Args;
use postern_shared::options::DatabaseOptions;
use postern_shared::store::rejected_callers;
use serde_json::json;

use crate::database;
use crate::output::{Failure, Output};
use crate::runs::timestamp;

/// Arguments of `rejected`.
#[derive(Debug, Args)]
pub struct Options {
    /// How many
    #[arg(long, default_value_t = 20, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    last: u16,
    #[command(flatten)]
    database: DatabaseOptions,
}

/// Prints one line per day and address, the latest first.
pub async fn run(options: &Options, output: &mut Output) -> Result<(), Failure> {
    let connection = database::open(&options.database).await?;
    for (day, caller) in rejected_callers::latest(&connection, options.last.into()).await? {
        let (address, count, reason, last_at) =
            (&caller.address, caller.count, &caller.reason, timestamp(caller.last_at));
        let json = json!({"day": day, "address": address, "count": count, "reason": reason, "last_at": last_at});
        output.result(format_args!("{day} {address}: {count} × {reason}, last at {last_at}"), &json)?;
    }
    Ok(())
}
