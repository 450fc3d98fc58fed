//! `postern record`: one record with its comments.

use clap::Args;
use postern_shared::id::RecordId;
use serde_json::Value;

use crate::options::Server;
use crate::output::{Failure, Output};

/// Arguments of `record`.
#[derive(Debug, Args)]
pub struct Options {
    /// The id of the record
    id: RecordId,
    #[command(flatten)]
    api: Server,
}

/// Prints its fields, one a line, and then its comments, the oldest first.
pub async fn run(options: &Options, output: &mut Output) -> Result<(), Failure> {
    let record: Value = options.api.api()?.get(&format!("/record/{}", options.id), &[]).await?;
    let mut text = format!("{} {}", record["module"].as_str().unwrap_or_default(), record["id"]);
    for (name, value) in record["fields"].as_object().into_iter().flatten() {
        text += &format!("\n{name}: {value}");
    }
    for comment in record["comments"].as_array().into_iter().flatten() {
        let word = |name: &str| comment[name].as_str().unwrap_or_default();
        text += &format!("\n{} {}", word("created_at"), word("text"));
    }
    output.result(text, &record)?;
    Ok(())
}
