//! `postern records`: the records of a module, the newest first.

use clap::Args;
use postern_shared::id::ModuleName;

use crate::database::Database;
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
    database: Database,
}

/// Prints one line per record.
pub async fn run(options: &Options, _output: &mut Output) -> Result<(), Failure> {
    let _url = options.database.url()?;
    let _wanted = (&options.module, options.last);
    Err(Failure::Failed("this version cannot reach the store".to_owned()))
}
