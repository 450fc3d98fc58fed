//! `postern export`: what is set, as the documents that `apply` reads.

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use postern_control::operation::Nothing;
use postern_control::operation::answer::Documents;
use postern_control::operation::document::export::ExportDocuments;
use postern_shared::document::{Kind, Name};
use postern_shared::id::InvalidId;

use crate::known::{self, key};
use crate::options::Server;
use crate::output::{Failure, Output};

/// Arguments of `export`.
#[derive(Debug, Args)]
pub struct Options {
    /// Only documents of this kind
    #[arg(value_parser = kind_parser())]
    kind: Option<Kind>,
    /// Only the one with this number or key
    key: Option<String>,
    #[command(flatten)]
    api: Server,
}

/// Prints the documents, divided by `---`, in the order in which they can be applied.
pub async fn run(options: &Options, output: &mut Output) -> Result<(), Failure> {
    let api = options.api.api()?;
    let Documents(all) = api.call::<ExportDocuments>(&Nothing {}).await?;
    let mut found = 0;
    for kind in Kind::ALL.into_iter().filter(|kind| options.kind.is_none_or(|wanted| wanted == *kind)) {
        for (document, text) in all.iter().filter(|(document, _)| Kind::of(document) == Ok(kind)) {
            if options.key.as_ref().is_some_and(|wanted| *wanted != key(kind, document)) {
                continue;
            }
            let divider = if found > 0 { "---\n" } else { "" };
            output.named(
                &format!("{kind}/{}", key(kind, document)),
                format_args!("{divider}{}", text.strip_suffix('\n').unwrap_or(text)),
                document,
            )?;
            found += 1;
        }
    }
    match (options.kind, &options.key) {
        (Some(kind), Some(key)) if found == 0 => known::check_document(&api, &name(kind, key)?).await,
        _ => Ok(()),
    }
}

/// What a number or key names.
pub fn name(kind: Kind, key: &str) -> Result<Name, Failure> {
    let wrong =
        |error: InvalidId| Failure::usage(error.to_string(), format!("`postern get {kind}s` lists what there is"));
    kind.parse_name(key).map_err(wrong)
}

fn kind_parser() -> impl TypedValueParser<Value = Kind> {
    let word = |word: String| Kind::ALL.into_iter().find(|kind| kind.name() == word).ok_or("no such kind");
    PossibleValuesParser::new(Kind::ALL.map(Kind::name)).try_map(word)
}
