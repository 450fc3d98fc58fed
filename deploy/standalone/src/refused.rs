//! `postern refused`: bodies of permitted callers that were refused, and one of them as it was sent.

use std::io::{self, Write};

use clap::{Args, Subcommand};
use serde_json::Value;

use crate::listing::Listing;
use crate::options::Server;
use crate::output::{Failure, Output};

/// Arguments of `refused`.
#[derive(Debug, Args)]
pub struct Options {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Lists them, the newest first
    List(Listing),
    /// Shows one with its body
    Show {
        /// Its number
        id: i64,
        /// Writes nothing but the body, byte for byte
        #[arg(long)]
        raw: bool,
        #[command(flatten)]
        api: Server,
    },
}

/// Prints what was asked for.
pub async fn run(options: &Options, output: &mut Output) -> Result<(), Failure> {
    match &options.command {
        Command::List(listing) => listing.print("/refused_bodies", "refused_bodies", &[], line, output).await,
        Command::Show { id, raw: true, api } => {
            Ok(io::stdout().write_all(&api.api()?.bytes(&format!("/refused_bodies/{id}/raw")).await?)?)
        }
        Command::Show { id, raw: false, api } => {
            let refused: Value = api.api()?.get(&format!("/refused_bodies/{id}"), &[]).await?;
            Ok(output.result(whole(&refused), &refused)?)
        }
    }
}

fn whole(refused: &Value) -> String {
    let word = |name: &str| refused[name].as_str().map(harmless);
    let content_type = word("content_type").unwrap_or("no content type".to_owned());
    let query = word("query").unwrap_or_default();
    let body = word("body").map(|body| format!("\n\n{body}")).unwrap_or_default();
    format!("{}\nquery: {query}\ncontent type: {content_type}{body}", line(refused))
}

fn line(refused: &Value) -> String {
    let word = |name: &str| refused[name].as_str().map(harmless).unwrap_or_default();
    let size = refused["bytes"].as_i64().map_or("body not kept".to_owned(), |bytes| format!("{bytes} bytes"));
    let (id, at, address, permission) = (&refused["id"], word("refused_at"), word("address"), word("permission"));
    let (code, message) = (word("code"), word("message"));
    format!("{id} {at} {address} by permission {permission}: {code}: {message} ({size})")
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
