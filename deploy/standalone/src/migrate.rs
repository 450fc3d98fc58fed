//! `postern migrate`: brings the tables up to this version.

use clap::Args;
use postern_shared::options::DatabaseOptions;
use postern_shared::store::{history, migrate};
use serde_json::json;

use crate::database;
use crate::output::{Failure, Output};

/// Arguments of `migrate`.
#[derive(Debug, Args)]
pub struct Options {
    #[command(flatten)]
    database: DatabaseOptions,
}

/// Runs what is missing, forward only, and makes the history's partitions ahead.
pub async fn run(options: &Options, output: &mut Output) -> Result<(), Failure> {
    let mut connection = database::connect(&options.database).await?;
    let taken = migrate::run(&mut connection).await?;
    history::make_ahead(&connection).await?;
    output.result(format_args!("{taken} migrations taken, the schema is up to date"), &json!({"taken": taken}))?;
    Ok(())
}
