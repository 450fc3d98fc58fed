//! `postern apply`: documents into the database, all or none.

use std::path::PathBuf;

use clap::Args;
use postern_shared::options::DatabaseOptions;
use postern_shared::store::documents;
use serde_json::json;

use crate::database;
use crate::documents::{read, report};
use crate::output::{Failure, Output};

/// Arguments of `apply`.
#[derive(Debug, Args)]
pub struct Options {
    /// Files, folders of .yaml files, or - for standard input
    #[arg(required = true, value_name = "FILE|DIR|-")]
    files: Vec<PathBuf>,
    #[command(flatten)]
    database: DatabaseOptions,
}

/// Checks every document before the first is applied.
pub async fn run(options: &Options, output: &mut Output) -> Result<(), Failure> {
    let mut connection = database::open(&options.database).await?;
    let mut batch = read(&options.files, documents::short_urls(&connection).await?)?;
    report(&batch, output)?;
    // What others name comes first: triggers, workflows, permissions.
    batch.documents.sort_by_key(|checked| checked.document.kind());
    let (applied, short_urls): (Vec<_>, Vec<_>) =
        batch.documents.into_iter().map(|one| ((one.document, one.value), one.made_short_url)).unzip();
    let changed = documents::apply(&mut connection, "the command line", &applied).await?;
    for (((document, _), short_url), changed) in applied.iter().zip(short_urls).zip(changed) {
        let (kind, key) = (document.kind(), document.key());
        let mut line = format!("{kind} {key}: {}", if changed { "applied" } else { "unchanged" });
        if let Some(short_url) = &short_url {
            line += &format!(", answers at /{short_url}");
        }
        let json = json!({"kind": kind.name(), "key": key, "changed": changed, "short_url": short_url});
        output.result(line, &json)?;
    }
    Ok(())
}
