//! `postern delete`: removes documents that are set.

use clap::Args;
use postern_shared::document::Kind;
use serde_json::json;

use super::export::name;
use super::get::kind_parser;
use crate::confirm::confirm;
use crate::known;
use crate::names::users;
use crate::options::Server;
use crate::output::{Failure, Output};
use crate::texts::tell;

/// Arguments of `delete`.
#[derive(Debug, Args)]
pub struct Options {
    /// What
    #[arg(value_parser = kind_parser())]
    kind: Kind,
    /// The numbers or keys
    #[arg(required = true, value_name = "KEY")]
    keys: Vec<String>,
    /// Does not ask
    #[arg(long, short)]
    yes: bool,
    #[command(flatten)]
    api: Server,
}

/// Removes one after the other. All of them must be there before any is removed.
pub async fn run(options: &Options, output: &mut Output) -> Result<(), Failure> {
    let (api, kind) = (options.api.api()?, options.kind);
    for key in &options.keys {
        known::check_document(&api, &name(kind, key)?).await?;
    }
    let mut all = Vec::new();
    for kind in Kind::ALL {
        all.extend(known::all(&api, kind).await?);
    }
    for key in options.keys.iter().filter(|_| kind != Kind::Module) {
        let users = users(kind, key, &all);
        if !users.is_empty() {
            output.warning(format_args!("{} names {kind} {key}", users.join(", ")));
        }
    }
    confirm(&tell!("apply-delete", names = format!("{kind} {}", options.keys.join(", "))), options.yes)?;
    for key in &options.keys {
        known::delete(&api, name(kind, key)?).await?;
        let json = json!({"kind": kind.name(), "key": key, "deleted": true});
        output.named(&format!("{kind}/{key}"), format_args!("{kind} {key}: deleted"), &json)?;
    }
    Ok(())
}
