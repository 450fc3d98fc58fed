//! `postern refused`: bodies of permitted callers that were refused, and one of them as it was sent.

use std::io::{self, Write};

use clap::{Args, Subcommand};
use postern_shared::options::DatabaseOptions;
use postern_shared::store::refused_bodies::{self, Refusal};
use serde_json::{Value, json};

use crate::database;
use crate::output::{Failure, Output};
use crate::runs::timestamp;

/// Arguments of `refused`.
#[derive(Debug, Args)]
pub struct Options {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Lists them, the newest first
    List {
        /// How many
        #[arg(long, default_value_t = 20, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
        last: u16,
        #[command(flatten)]
        database: DatabaseOptions,
    },
    /// Shows one with its body
    Show {
        /// Its number
        id: i64,
        /// Writes nothing but the body, byte for byte
        #[arg(long)]
        raw: bool,
        #[command(flatten)]
        database: DatabaseOptions,
    },
}

/// Prints what was asked for.
pub async fn run(options: &Options, output: &mut Output) -> Result<(), Failure> {
    match &options.command {
        Command::List { last, database } => {
            let connection = database::open(database).await?;
            for refusal in refused_bodies::latest(&connection, (*last).into()).await? {
                output.result(line(&refusal), &json(&refusal))?;
            }
            Ok(())
        }
        Command::Show { id, raw, database } => {
            let connection = database::open(database).await?;
            let found = refused_bodies::find(&connection, *id).await?;
            let (refusal, body) = found.ok_or_else(|| Failure::Failed(format!("no refused body {id} is kept")))?;
            match (raw, body) {
                (true, Some(body)) => Ok(io::stdout().write_all(&body)?),
                (true, None) => Err(Failure::Failed(format!("the body of {id} was not kept"))),
                (false, body) => show(&refusal, body.as_deref(), output),
            }
        }
    }
}

fn show(refusal: &Refusal, body: Option<&[u8]>, output: &mut Output) -> Result<(), Failure> {
    let body = body.map(String::from_utf8_lossy);
    let content_type = refusal.content_type.as_deref().map_or("no content type".into(), harmless);
    let mut text = format!("{}\nquery: {}\ncontent type: {content_type}", line(refusal), harmless(&refusal.query));
    text += &body.as_ref().map(|body| format!("\n\n{}", harmless(body))).unwrap_or_default();
    let mut json = json(refusal);
    json["body"] = json!(body);
    output.result(text, &json)?;
    Ok(())
}

fn line(refusal: &Refusal) -> String {
    let Refusal { id, permission, address, code, message, .. } = refusal;
    let size = refusal.bytes.map_or("body not kept".to_owned(), |bytes| format!("{bytes} bytes"));
    let at = timestamp(refusal.refused_at);
    format!("{id} {at} {address} by permission {permission}: {code}: {} ({size})", harmless(message))
}

fn json(refusal: &Refusal) -> Value {
    json!({
        "id": refusal.id, "permission": refusal.permission, "address": refusal.address, "code": refusal.code,
        "message": refusal.message, "query": refusal.query, "content_type": refusal.content_type,
        "bytes": refusal.bytes, "refused_at": timestamp(refusal.refused_at),
    })
}

/// What a stranger wrote, without what a terminal would obey.
fn harmless(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' | '\t' => shown.push(c),
            c if c.is_control() => shown.extend(c.escape_default()),
            c => shown.push(c),
        }
    }
    shown
}
