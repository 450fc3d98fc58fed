//! `postern migrate`: brings the tables up to this version.

use clap::Args;

use crate::database::Database;
use crate::output::{Failure, Output};

/// Arguments of `migrate`.
#[derive(Debug, Args)]
pub struct Options {
    #[command(flatten)]
    database: Database,
}

/// Runs what is missing, forward only.
pub async fn run(options: &Options, _output: &mut Output) -> Result<(), Failure> {
    let _url = options.database.url()?;
    Err(Failure::Failed("this version cannot reach the store".to_owned()))
}
