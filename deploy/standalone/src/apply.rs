//! `postern apply`: documents into the database, all or none.

use std::path::PathBuf;

use clap::Args;
use postern_shared::document::Kind;
use postern_shared::options::DatabaseOptions;
use postern_shared::store::{Connection, documents, permissions};
use serde_json::{Value, json};

use crate::database;
use crate::documents::{Batch, ShortUrls};
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
    let mut batch = Batch::read(&options.files, &stored_short_urls(&connection).await?)?;
    batch.report(output)?;
    // What others name comes first: triggers, workflows, permissions.
    batch.documents.sort_by_key(|checked| checked.document.kind());
    let (applied, short_urls): (Vec<_>, Vec<_>) =
        batch.documents.into_iter().map(|one| ((one.document, one.value), one.made_short_url)).unzip();
    let changed = documents::apply(&mut connection, &applied).await?;
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

/// The short URLs of the stored permissions: one that was made up stays, however often its document is applied.
async fn stored_short_urls(connection: &Connection) -> Result<ShortUrls, Failure> {
    let stored = permissions::load(connection).await?.value;
    let text = |document: &Value, key: &str| document[key].as_str().map(str::to_owned);
    Ok(stored.iter().filter_map(|one| Some((text(one, Kind::Permission.name())?, text(one, "short_url")?))).collect())
}
