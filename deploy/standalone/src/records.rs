//! `postern records`: the records of a module, the newest first.

use clap::Args;
use postern_shared::id::ModuleName;
use postern_shared::options::DatabaseOptions;
use postern_shared::store::records;
use serde_json::json;

use crate::database;
use crate::output::{Failure, Output};

/// Arguments of `records`.
#[derive(Debug, Args)]
pub struct Options {
    /// The module, such as Leads
    module: ModuleName,
    /// How many
    #[arg(long, default_value_t = 20, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    last: u16,
    #[command(flatten)]
    database: DatabaseOptions,
}

/// Prints one line per record.
pub async fn run(options: &Options, output: &mut Output) -> Result<(), Failure> {
    let connection = database::open(&options.database).await?;
    for record in records::latest(&connection, &options.module, options.last.into()).await? {
        let json = json!({"id": record.id, "module": record.module, "fields": record.fields});
        output.result(format_args!("{} {}", record.id, json["fields"]), &json)?;
    }
    Ok(())
}
