//! `postern record`: one record with its comments.

use clap::Args;
use postern_shared::id::RecordId;
use postern_shared::options::DatabaseOptions;
use postern_shared::store::{comments, records};
use serde_json::{Value, json};

use crate::database;
use crate::output::{Failure, Output};
use crate::runs::timestamp;

/// Arguments of `record`.
#[derive(Debug, Args)]
pub struct Options {
    /// The id of the record
    id: RecordId,
    #[command(flatten)]
    database: DatabaseOptions,
}

/// Prints its fields, one a line, and then its comments, the oldest first.
pub async fn run(options: &Options, output: &mut Output) -> Result<(), Failure> {
    let connection = database::open(&options.database).await?;
    let Some(record) = records::find(&connection, options.id).await? else {
        return Err(Failure::Failed(format!("there is no record {}", options.id)));
    };
    let said = comments::of(&connection, options.id).await?;
    let mut text = format!("{} {}", record.module, record.id);
    for (name, value) in &record.fields.0 {
        text += &format!("\n{name}: {value}");
    }
    for comment in &said {
        text += &format!("\n{} {}", timestamp(comment.created_at), comment.text);
    }
    let said: Vec<Value> =
        said.iter().map(|one| json!({"text": one.text, "created_at": timestamp(one.created_at)})).collect();
    let json = json!({"id": record.id, "module": record.module, "fields": record.fields, "comments": said});
    output.result(text, &json)?;
    Ok(())
}
