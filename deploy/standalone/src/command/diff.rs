//! `postern diff`: how documents differ from what is set.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use crate::documents::{check, read, report};
use crate::options::Server;
use crate::output::{Failure, Format, Output, difference, harmless};
use crate::plan::{self, Set};

/// Arguments of `diff`.
#[derive(Debug, Args)]
pub struct Options {
    /// Files, folders of .yaml files, or - for standard input
    #[arg(required = true, value_name = "FILE|DIR|-")]
    files: Vec<PathBuf>,
    #[command(flatten)]
    api: Server,
}

/// Prints the lines that differ of each document that applying would change. Any difference is a failure, as that of
/// `diff` is. Comments are no part of what is set.
pub async fn run(options: &Options, output: &mut Output) -> Result<(), Failure> {
    let api = options.api.api()?;
    let texts = read(&options.files)?;
    report(&check(&texts), output)?;
    let changes = plan::changes(&texts, &Set::load(&api).await?);
    let differing: Vec<_> = changes.iter().filter(|change| change.is_change()).collect();
    for change in &differing {
        let (kind, key, before) = (change.kind, &change.key, change.before.as_deref().unwrap_or_default());
        let json = json!({"kind": kind.name(), "key": key, "before": change.before, "after": change.after});
        match output.format() {
            Format::Text => {
                output.line(&difference(&format!("{kind} {key}"), &harmless(before), &harmless(&change.after)))?;
            }
            _ => output.named(&format!("{kind}/{key}"), "", &json)?,
        }
    }
    if differing.is_empty() { Ok(()) } else { Err(Failure::Reported) }
}
