//! `postern apply`: sets documents, all or none.

mod chains;
mod place;
mod strict;

use std::path::PathBuf;

use clap::Args;
use postern_control::operation::document::in_force::Behind;
use postern_control::operation::{Finding, document};
use postern_shared::document::Kind;
use serde_json::json;

use super::export::name;
use crate::api::Api;
use crate::confirm::confirm;
use crate::documents::{Text, check, read, report};
use crate::known;
use crate::operations::Applied;
use crate::options::Server;
use crate::output::{Failure, Format, Output};
use crate::plan::{self, Change, Set};
use crate::texts::{self, tell};
use place::{joined, place};

/// Arguments of `apply`.
#[derive(Debug, Args)]
pub struct Options {
    /// Files, folders of .yaml files, or - for standard input
    #[arg(required = true, value_name = "FILE|DIR|-")]
    files: Vec<PathBuf>,
    /// Changes nothing: shows what would become of each document
    #[arg(long)]
    dry_run: bool,
    /// Removes what is set and stands in none of the files, of the kinds that stand in them
    #[arg(long)]
    prune: bool,
    /// Refuses what is otherwise a warning: names of triggers and workflows that are neither set nor in the files, names of
    /// modules that look misspelt, workflows that may start themselves, and the removal of what others name
    #[arg(long)]
    strict: bool,
    /// Does not ask before it removes something
    #[arg(long, short)]
    yes: bool,
    #[command(flatten)]
    api: Server,
}

/// Checks every document before any is sent; the server checks them again, against what is set there. What is removed is
/// removed after all documents are set, one after the other.
pub async fn run(options: &Options, output: &mut Output) -> Result<(), Failure> {
    let api = options.api.api()?;
    let texts = read(&options.files)?;
    report(&check(&texts), output)?;
    let set = Set::load(&api).await?;
    let changes = plan::changes(&texts, &set);
    let surplus = if options.prune { plan::surplus(&changes, &set) } else { Vec::new() };
    let (doubtful, in_use) = (strict::findings(&texts, &set), strict::in_use(&changes, &surplus, &set));
    if options.strict {
        let is_refused = refused(&texts, doubtful, output).is_err() || !in_use.is_empty();
        for message in &in_use {
            output.named(message, message, &json!({"message": message}))?;
        }
        if is_refused {
            return Err(Failure::failed(tell!("apply-strict"), tell!("apply-strict-hint")));
        }
    } else {
        warn(&texts, &doubtful, &in_use, output);
    }
    if options.dry_run {
        refused(&texts, api.validate(joined(&texts)).await?, output)?;
        return show(&changes, &surplus, output);
    }
    if !surplus.is_empty() {
        let names: Vec<String> = surplus.iter().map(|(kind, key)| format!("{kind} {key}")).collect();
        confirm(&tell!("apply-delete", names = names.join(", ")), options.yes)?;
    }
    match api.apply(joined(&texts)).await? {
        Applied::Set(answer) => {
            for one in &answer.applied {
                output.named(&format!("{}/{}", one.kind, one.key), line(one), one)?;
            }
            answer.behind.iter().try_for_each(|one| not_yet(one, output))?;
        }
        Applied::Refused(findings) => refused(&texts, findings, output)?,
    }
    remove(&api, &surplus, output).await
}

/// Prints findings with the files and lines in which they are; having any is a failure.
fn refused(texts: &[Text], findings: Vec<Finding>, output: &mut Output) -> Result<(), Failure> {
    for finding in &findings {
        let (source, line) = place(texts, finding.line);
        let (path, message) = (&finding.path, &finding.message);
        let code = &finding.message_code;
        let json = json!({"file": source, "line": line, "path": path, "message": message, "message_code": code});
        output.named(&format!("{source}:{line}"), format_args!("{source}:{line}: {path}: {message}"), &json)?;
    }
    if findings.is_empty() { Ok(()) } else { Err(Failure::Reported) }
}

/// Warns of what the documents may say but probably do not mean.
fn warn(texts: &[Text], doubtful: &[Finding], in_use: &[String], output: &mut Output) {
    for finding in doubtful {
        let (source, line) = place(texts, finding.line);
        output.warning(format_args!("{source}:{line}: {}: {}", finding.path, finding.message));
    }
    in_use.iter().for_each(|message| output.warning(message));
}

fn show(changes: &[Change], surplus: &[(Kind, String)], output: &mut Output) -> Result<(), Failure> {
    let kept = changes.iter().map(|change| (change.kind, &change.key, change.word()));
    let removed = surplus.iter().map(|(kind, key)| (*kind, key, "deleted"));
    for (kind, key, word) in kept.chain(removed) {
        let json = json!({"kind": kind.name(), "key": key, "would_be": word});
        output.named(&format!("{kind}/{key}"), would_be(kind, key, word), &json)?;
    }
    Ok(())
}

/// What would become of a document, by the word for it.
fn would_be(kind: Kind, key: &str, word: &str) -> String {
    let kind = texts::kind(kind);
    match word {
        "created" => tell!("apply-would-be-created", kind = kind, key = key),
        "changed" => tell!("apply-would-be-changed", kind = kind, key = key),
        "deleted" => tell!("apply-would-be-deleted", kind = kind, key = key),
        _ => tell!("apply-would-be-unchanged", kind = kind, key = key),
    }
}

async fn remove(api: &Api, surplus: &[(Kind, String)], output: &mut Output) -> Result<(), Failure> {
    for (kind, key) in surplus {
        known::delete(api, name(*kind, key)?).await?;
        let json = json!({"kind": kind.name(), "key": key, "deleted": true});
        output.named(
            &format!("{kind}/{key}"),
            tell!("apply-deleted", kind = texts::kind(*kind), key = key.as_str()),
            &json,
        )?;
    }
    Ok(())
}

/// Tells of an ingress that does not hold what was applied.
fn not_yet(one: &Behind, output: &mut Output) -> Result<(), Failure> {
    if output.format() == Format::Name {
        return Ok(());
    }
    let Behind { ingress, seen_at } = one;
    output.result(tell!("apply-not-yet", ingress = ingress.as_str(), seen = seen_at.0.as_str()), one)
}

fn line(one: &document::Applied) -> String {
    let word = Kind::ALL.into_iter().find(|kind| kind.name() == one.kind).map_or_else(|| one.kind.clone(), texts::kind);
    let became = match one.changed {
        true => tell!("apply-applied", kind = word, key = one.key.as_str()),
        false => tell!("apply-unchanged", kind = word, key = one.key.as_str()),
    };
    let short_url = one.made_short_url.as_ref().map(|url| tell!("apply-short-url", url = url.as_str()));
    became + &short_url.unwrap_or_default()
}
