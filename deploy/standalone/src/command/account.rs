//! `postern account`: what only the owner of the database does to accounts of the control panel.

use clap::{Args, Subcommand};
use postern_shared::options::DatabaseOptions;
use postern_shared::store::second_factors;
use serde_json::json;

use crate::database;
use crate::output::{Failure, Output};

/// By whom, as the audit log names it.
const COMMAND: &str = "postern account";

/// Arguments of `account`.
#[derive(Debug, Args)]
pub struct Options {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Takes away the second factor of an account whose app was lost; the password stays
    ResetSecondFactor {
        /// The name of the account
        name: String,
        #[command(flatten)]
        database: DatabaseOptions,
    },
}

/// Does it.
pub async fn run(options: &Options, output: &mut Output) -> Result<(), Failure> {
    let Command::ResetSecondFactor { name, database } = &options.command;
    let mut connection = database::connect(database).await?;
    if second_factors::status(&connection, name).await?.is_none() {
        return Err(Failure::failed(format!("there is no account {name}"), "the panel lists them under Accounts"));
    }
    let is_removed = second_factors::remove(&mut connection, COMMAND, name).await?;
    let text = if is_removed { "the second factor is taken away" } else { "the account has no second factor" };
    output.result(format_args!("{text}"), &json!({"account": name, "removed": is_removed}))?;
    Ok(())
}
