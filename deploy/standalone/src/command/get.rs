//! `postern get`: what is set, all of a kind as a list, or one as its document.

use clap::Args;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use postern_shared::document::Kind;
use serde_json::{Map, Value};

use super::export::name;
use crate::api::Api;
use crate::known::{self, key};
use crate::options::Server;
use crate::output::table::Column;
use crate::output::{Failure, Format, Output, items, word};

/// Arguments of `get`.
#[derive(Debug, Args)]
pub struct Options {
    /// What
    #[arg(value_parser = kind_parser())]
    kind: Kind,
    /// The number or key of one
    key: Option<String>,
    /// An older version of a workflow
    #[arg(long, value_name = "N", requires = "key", conflicts_with = "versions")]
    version: Option<u32>,
    /// Lists the versions of a workflow, the newest first
    #[arg(long, requires = "key")]
    versions: bool,
    #[command(flatten)]
    api: Server,
}

/// Prints a list, or a document as YAML.
pub async fn run(options: &Options, output: &mut Output) -> Result<(), Failure> {
    let (api, kind) = (options.api.api()?, options.kind);
    let Some(key) = &options.key else { return all(&api, kind, output).await };
    if kind != Kind::Workflow && (options.versions || options.version.is_some()) {
        return Err(Failure::usage(format!("a {kind} has no versions"), "only workflows have them"));
    }
    known::check_document(&api, &name(kind, key)?).await?;
    let path = format!("/{kind}s/{key}");
    if options.versions {
        let found: Value = api.get(&format!("{path}/versions"), &[("last", Some("1000".to_owned()))]).await?;
        let versions: Vec<Value> = items(&found, "versions").cloned().collect();
        return output.list(&VERSIONS, |one| one["version"].to_string(), &versions, &found).map(drop);
    }
    let version = options.version.map(|version| version.to_string());
    let document: Value = api.get(&path, &[("version", version)]).await?;
    let text = postern_shared::yaml::write(&document);
    match output.format() {
        Format::Text => output.line(text.trim_end()),
        _ => output.named(&format!("{kind}/{key}"), "", &document),
    }
}

async fn all(api: &Api, kind: Kind, output: &mut Output) -> Result<(), Failure> {
    let found: Value = api.get(&format!("/{kind}s"), &[]).await?;
    let documents: Vec<Value> = items(&found, &format!("{kind}s")).cloned().collect();
    output.list(columns(kind), |one| format!("{kind}/{}", key(kind, one)), &documents, &found)?;
    if documents.is_empty() {
        output.note(format_args!("there is no {kind} yet: `postern init` writes a first one"));
    }
    Ok(())
}

/// The words for a kind, one and several.
pub fn kind_parser() -> impl TypedValueParser<Value = Kind> {
    let values = Kind::ALL.map(|kind| PossibleValue::new(several(kind)).alias(kind.name()));
    let kind = |word: String| {
        let word = word.trim_end_matches('s');
        Kind::ALL.into_iter().find(|kind| kind.name() == word).ok_or("no such kind")
    };
    PossibleValuesParser::new(values).try_map(kind)
}

const fn several(kind: Kind) -> &'static str {
    match kind {
        Kind::Module => "modules",
        Kind::Trigger => "triggers",
        Kind::Workflow => "workflows",
        Kind::Permission => "permissions",
    }
}

static VERSIONS: [Column; 2] = [
    Column::number("VERSION", |one| one["version"].to_string()),
    Column::time("CREATED", |one| word(one, "created_at").to_owned()),
];

static MODULES: [Column; 4] = [
    Column::text("MODULE", |one| word(one, "module").to_owned()),
    Column::text("TITLE", |one| word(one, "title").to_owned()),
    Column::text("STRICT", |one| if one["strict"] == true { "strict" } else { "open" }.to_owned()),
    Column::text("FIELDS", |one| names(one["fields"].as_object())),
];

static TRIGGERS: [Column; 2] = [
    Column::text("TRIGGER", |one| word(one, "trigger").to_owned()),
    Column::text("TITLE", |one| word(one, "title").to_owned()),
];

static WORKFLOWS: [Column; 6] = [
    Column::number("WORKFLOW", |one| one["workflow"].to_string()),
    Column::state("STATE", |one| {
        let is_on = |value: &Value| *value == true;
        if is_on(&one["start"]["hold"]) {
            "hold"
        } else if is_on(&one["active"]) {
            "active"
        } else {
            "inactive"
        }
        .to_owned()
    }),
    Column::text("MODULE", |one| word(&one["start"], "module").to_owned()),
    Column::text("TRIGGERS", |one| list(&one["start"]["triggers"])),
    Column::number("STEPS", |one| one["steps"].as_object().map_or(0, Map::len).to_string()),
    Column::text("TITLE", |one| word(one, "title").to_owned()),
];

static PERMISSIONS: [Column; 6] = [
    Column::text("PERMISSION", |one| word(one, "permission").to_owned()),
    Column::state("STATE", |one| if one["enabled"] == false { "off" } else { "enabled" }.to_owned()),
    Column::text("ADDRESSES", |one| list(&one["addresses"])),
    Column::text("TARGETS", |one| {
        let targets = [list(&one["triggers"]), list(&one["workflows"])];
        targets.into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(", ")
    }),
    Column::text("EXPIRES", |one| word(one, "expires").to_owned()),
    Column::text("TITLE", |one| word(one, "title").to_owned()),
];

fn columns(kind: Kind) -> &'static [Column] {
    match kind {
        Kind::Module => &MODULES,
        Kind::Trigger => &TRIGGERS,
        Kind::Workflow => &WORKFLOWS,
        Kind::Permission => &PERMISSIONS,
    }
}

fn names(map: Option<&Map<String, Value>>) -> String {
    map.into_iter().flatten().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", ")
}

/// A list, or one value in its place.
fn list(value: &Value) -> String {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    match value {
        Value::Null => String::new(),
        Value::Array(values) => values.iter().map(text).collect::<Vec<_>>().join(", "),
        value => text(value),
    }
}
