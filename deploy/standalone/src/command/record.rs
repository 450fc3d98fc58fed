//! `postern record`: one record with its comments, and the receipts that did something to it.

use clap::Args;
use postern_control::operation::record::get::{GetRecord, Input};
use postern_shared::id::RecordId;

use crate::options::Server;
use crate::output::{Failure, Output, harmless};

/// Arguments of `record`.
#[derive(Debug, Args)]
pub struct Options {
    /// The id of the record
    id: RecordId,
    #[command(flatten)]
    api: Server,
}

/// Prints its fields, one a line, and then its comments, the oldest first, and its receipts, the newest first.
pub async fn run(options: &Options, output: &mut Output) -> Result<(), Failure> {
    let record = options.api.api()?.call::<GetRecord>(&Input { id: options.id }).await?;
    let mut text = format!("{} {}", record.module, record.id);
    for (name, value) in &record.fields.0 {
        text += &format!("\n{name}: {value}");
    }
    for comment in &record.comments {
        text += &format!("\n{} {}", comment.created_at.0, comment.text);
    }
    for one in &record.receipts {
        text += &format!("\nreceipt {} {}", one.receipt, one.status);
    }
    output.named(&record.id.to_string(), harmless(&text), &record)
}
