//! `postern get`: what is set, all of a kind as a list, or one as its document.

use std::marker::PhantomData;

use clap::Args;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use postern_control::operation::Nothing;
use postern_control::operation::answer::One;
use postern_control::operation::document::get::{Get, GetWorkflow, Input};
use postern_control::operation::document::kinds::{
    Connections, Key, Modules, Of, Permissions, Stored, Triggers, Workflows,
};
use postern_control::operation::document::list::List;
use postern_control::operation::document::versions::{self, ListVersions, Version};
use postern_control::operation::field::{LAST_MAX, Last};
use postern_shared::connection::System;
use postern_shared::document::{Kind, Name};
use serde_json::{Map, Value};

use super::export::name;
use crate::api::Api;
use crate::known::{self, key};
use crate::options::Server;
use crate::output::table::Column;
use crate::output::{Failure, Format, Output};
use crate::texts::{self, tell};

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
    version: Option<i32>,
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
        return Err(Failure::usage(tell!("get-no-versions", kind = texts::kind(kind)), tell!("get-no-versions-hint")));
    }
    let name = name(kind, key)?;
    known::check_document(&api, &name).await?;
    let (document, text) = match name {
        Name::Workflow(id) if options.versions => {
            let last = Last::try_from(LAST_MAX).map_err(Failure::fault)?;
            let found = api.call::<ListVersions>(&versions::Input { id, last }).await?;
            return output.list(&VERSIONS, |one| one.version.to_string(), &found.versions, &found).map(drop);
        }
        Name::Workflow(id) => both(api.call::<GetWorkflow>(&Input { id, version: options.version }).await?),
        name @ Name::Connection(_) => both(api.call::<Get<Connections>>(&Key(name, PhantomData)).await?),
        name @ Name::Module(_) => both(api.call::<Get<Modules>>(&Key(name, PhantomData)).await?),
        name @ Name::Trigger(_) => both(api.call::<Get<Triggers>>(&Key(name, PhantomData)).await?),
        name @ Name::Permission(_) => both(api.call::<Get<Permissions>>(&Key(name, PhantomData)).await?),
    };
    match output.format() {
        Format::Text => output.line(text.trim_end()),
        _ => output.named(&format!("{kind}/{key}"), "", &document),
    }
}

fn both<K: Of>(One(stored): One<Stored<K>>) -> (Value, String) {
    (stored.value, stored.text)
}

async fn all(api: &Api, kind: Kind, output: &mut Output) -> Result<(), Failure> {
    match kind {
        Kind::Connection => all_of::<Connections>(api, &CONNECTIONS, output).await,
        Kind::Module => all_of::<Modules>(api, &MODULES, output).await,
        Kind::Trigger => all_of::<Triggers>(api, &TRIGGERS, output).await,
        Kind::Workflow => all_of::<Workflows>(api, &WORKFLOWS, output).await,
        Kind::Permission => all_of::<Permissions>(api, &PERMISSIONS, output).await,
    }
}

async fn all_of<K: Of>(api: &Api, columns: &'static [Column<Value>], output: &mut Output) -> Result<(), Failure> {
    let (kind, found) = (K::KIND, api.call::<List<K>>(&Nothing {}).await?);
    output.list(columns, |one| format!("{kind}/{}", key(kind, one)), &found.0, &found)?;
    if found.0.is_empty() {
        output.note(tell!("get-none", kind = texts::kind(kind)));
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
        Kind::Connection => "connections",
        Kind::Module => "modules",
        Kind::Trigger => "triggers",
        Kind::Workflow => "workflows",
        Kind::Permission => "permissions",
    }
}

static VERSIONS: [Column<Version>; 2] =
    [Column::number("VERSION", |one| one.version.to_string()), Column::time("CREATED", |one| one.created_at.0.clone())];

static CONNECTIONS: [Column<Value>; 4] = [
    Column::text("CONNECTION", |one| text(&one["connection"])),
    Column::text("SYSTEM", |one| System::of(one).map_or("", System::name).to_owned()),
    Column::text("ADDRESS", |one| {
        let (map, key) = match System::of(one) {
            Some(System::Vtiger) => (&one["vtiger"], "url"),
            Some(System::Http) => (&one["http"], "base"),
            Some(System::Smtp) => (&one["smtp"], "host"),
            None => return String::new(),
        };
        text(&map[key])
    }),
    Column::text("TITLE", |one| text(&one["title"])),
];

static MODULES: [Column<Value>; 4] = [
    Column::text("MODULE", |one| text(&one["module"])),
    Column::text("TITLE", |one| text(&one["title"])),
    Column::text("STRICT", |one| if one["strict"] == true { "strict" } else { "open" }.to_owned()),
    Column::text("FIELDS", |one| names(one["fields"].as_object())),
];

static TRIGGERS: [Column<Value>; 2] =
    [Column::text("TRIGGER", |one| text(&one["trigger"])), Column::text("TITLE", |one| text(&one["title"]))];

static WORKFLOWS: [Column<Value>; 6] = [
    Column::number("WORKFLOW", |one| one["workflow"].to_string()),
    Column::state("STATE", |one| {
        if one["start"]["hold"] == true {
            "hold"
        } else if one["active"] != false {
            "active"
        } else {
            "inactive"
        }
        .to_owned()
    }),
    Column::text("MODULE", |one| text(&one["start"]["module"])),
    Column::text("TRIGGERS", |one| text(&one["start"]["triggers"])),
    Column::number("STEPS", |one| one["steps"].as_object().map_or(0, Map::len).to_string()),
    Column::text("TITLE", |one| text(&one["title"])),
];

static PERMISSIONS: [Column<Value>; 6] = [
    Column::text("PERMISSION", |one| text(&one["permission"])),
    Column::state("STATE", |one| if one["enabled"] == false { "off" } else { "enabled" }.to_owned()),
    Column::text("ADDRESSES", |one| text(&one["addresses"])),
    Column::text("TARGETS", |one| {
        let targets = [text(&one["triggers"]), text(&one["workflows"])];
        targets.into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(", ")
    }),
    Column::text("EXPIRES", |one| text(&one["expires"])),
    Column::text("TITLE", |one| text(&one["title"])),
];

fn names(map: Option<&Map<String, Value>>) -> String {
    map.into_iter().flatten().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", ")
}

/// A value, or the values of a list; nothing if there is none.
fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(values) => values.iter().map(text).collect::<Vec<_>>().join(", "),
        value => value.to_string(),
    }
}
