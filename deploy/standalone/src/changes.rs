//! `postern changes`: who changed what, the newest first.

use clap::Args;
use serde_json::Value;

use crate::options::Server;
use crate::output::{Failure, Output};

/// Arguments of `changes`.
#[derive(Debug, Args)]
pub struct Options {
    /// Only changes of this kind of thing, such as workflow
    kind: Option<String>,
    /// Only changes of the one with this number or key
    key: Option<String>,
    /// How many
    #[arg(long, default_value_t = 20, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1000))]
    last: u16,
    #[command(flatten)]
    api: Server,
}

/// Prints one line per change; the new form of what was changed stands in the JSON.
pub async fn run(options: &Options, output: &mut Output) -> Result<(), Failure> {
    let query =
        [("kind", options.kind.clone()), ("key", options.key.clone()), ("last", Some(options.last.to_string()))];
    let found: Value = options.api.api()?.get("/audit_log", &query).await?;
    for change in found["changes"].as_array().into_iter().flatten() {
        let word = |name: &str| change[name].as_str().unwrap_or_default();
        let (at, account, action, kind, key) = (word("at"), word("account"), word("action"), word("kind"), word("key"));
        output.result(format_args!("{at} {account}: {action} {kind} {key}"), change)?;
    }
    Ok(())
}
