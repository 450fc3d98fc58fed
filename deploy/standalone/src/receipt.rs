//! `postern receipt`: what became of one submission.

use clap::Args;
use postern_shared::id::ReceiptId;

use crate::database::Database;
use crate::output::{Failure, Output};

/// Arguments of `receipt`.
#[derive(Debug, Args)]
pub struct Options {
    /// The receipt that the caller got
    id: ReceiptId,
    /// Waits until it has ended
    #[arg(long)]
    wait: bool,
    #[command(flatten)]
    database: Database,
}

/// Prints its state and the runs that it started.
pub async fn run(options: &Options, _output: &mut Output) -> Result<(), Failure> {
    let _url = options.database.url()?;
    let _wanted = (options.id, options.wait);
    Err(Failure::Failed("this version cannot reach the store".to_owned()))
}
