//! The generated part of `shared/README.md`: what each document and task may hold, and every filter, test and function.

use super::texts::{self, EN, Text};
use super::{DOCUMENTS, Kind, Setting, Spec, longest, topics};
use crate::expression::examples::{self, Example};
use crate::{document, task};

/// The part that a marker names.
pub fn part(name: &str) -> Option<String> {
    match name {
        "documents" => Some(DOCUMENTS.iter().map(|spec| section(spec)).collect()),
        "tasks" => Some(task::KINDS.iter().map(|kind| section(kind.spec)).collect()),
        "filters" => Some(table("filter", &examples::FILTERS)),
        "tests" => Some(table("test", &examples::TESTS)),
        "functions" => Some(table("function", &examples::FUNCTIONS)),
        _ => None,
    }
}

/// What is explained under a name: a kind of document, a task, expressions or secrets; none where nothing has it.
pub fn section_of(name: &str) -> Option<String> {
    specs().find(|spec| spec.name == name).map(section).or_else(|| topics::section(name))
}

/// What is explained of one setting, such as `addresses` of `permission`, or one within it; none where there is none.
pub fn setting_of(name: &str, path: &[&str]) -> Option<String> {
    let spec = specs().find(|spec| spec.name == name)?;
    let (mut prefix, mut all) = (spec.text_key(), spec.settings);
    let (last, outer) = path.split_last()?;
    for key in outer {
        let (inner, settings) = super::find(all, key)?.kind.inner()?;
        (prefix, all) = (inner.to_owned(), settings);
    }
    let setting = super::find(all, last)?;
    let default = match setting.default {
        _ if setting.required => ", required".to_owned(),
        Some(default) => format!(", without it `{default}`"),
        None => String::new(),
    };
    let (title, help) = (format!("{name}.{}", path.join(".")), text(&setting.text_key(&prefix)).help);
    let inner = inner_maps(std::slice::from_ref(setting), "");
    Some(format!("### `{title}`\n\n{help}\n\nA value is: {}{default}.\n\n{inner}", value(setting.kind)))
}

/// The documents and tasks that have a setting of this name.
pub fn having(key: &str) -> Vec<&'static str> {
    specs().filter(|spec| spec.setting(key).is_some()).map(|spec| spec.name).collect()
}

/// The names of the settings of all documents and tasks.
pub fn keys() -> impl Iterator<Item = &'static str> {
    specs().flat_map(|spec| spec.settings).map(|setting| setting.key)
}

/// The names that are explained.
pub fn names() -> impl Iterator<Item = &'static str> {
    specs().map(|spec| spec.name).chain(topics::NAMES)
}

fn specs() -> impl Iterator<Item = &'static Spec> {
    DOCUMENTS.into_iter().chain(task::KINDS.iter().map(|kind| kind.spec))
}

fn section(spec: &Spec) -> String {
    let name = spec.name;
    let mut section =
        format!("### `{name}`\n\n{}\n\n{}", text(&spec.text_key()).help, settings(spec.settings, &spec.text_key()));
    section += &inner_maps(spec.settings, "");
    let outputs: Vec<String> = spec.outputs.iter().map(|output| format!("`{output}`")).collect();
    let has_cases = spec.settings.iter().any(|setting| matches!(setting.kind, Kind::Cases));
    match outputs.as_slice() {
        [] => {}
        outputs if has_cases => section += &format!("Outputs: one for each case, {}.\n\n", outputs.join(", ")),
        outputs => section += &format!("Outputs: {}.\n\n", outputs.join(", ")),
    }
    section + &format!("```yaml\n{}\n```\n\n", spec.example.trim())
}

/// The maps within a map, each behind the one that it stands in.
fn inner_maps(outer: &[Setting], path: &str) -> String {
    let mut text = String::new();
    for setting in outer {
        let Some((prefix, inner)) = setting.kind.inner() else { continue };
        let what = match setting.kind {
            Kind::FieldTypes(_) => "A field of",
            Kind::Maps(..) => "An item of",
            _ => "In",
        };
        let path = format!("{path}{}", setting.key);
        text += &format!("{what} `{path}`:\n\n{}", settings(inner, prefix));
        text += &inner_maps(inner, &format!("{path}."));
    }
    text
}

fn settings(settings: &[Setting], prefix: &str) -> String {
    let mut table = "| key | value | default | |\n|---|---|---|---|\n".to_owned();
    for setting in settings {
        let default = match setting.default {
            _ if setting.required => "required".to_owned(),
            Some(default) => format!("`{default}`"),
            None => String::new(),
        };
        let help = text(&setting.text_key(prefix)).help;
        table += &format!("| `{}` | {} | {default} | {help} |\n", setting.key, value(setting.kind));
    }
    table + "\n"
}

fn text(key: &str) -> Text {
    texts::find(EN, key).unwrap_or(Text { title: "", help: "" })
}

/// What a value is, in a few words.
fn value(kind: Kind) -> String {
    match kind {
        Kind::Number(min, max) => return format!("{min} to {max}"),
        Kind::Duration(max) => return format!("duration, at most {}", longest(max)),
        Kind::Choice(words) => {
            let words: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
            return words.join(", ");
        }
        Kind::Name(document::Kind::Workflow) => "number of a workflow",
        Kind::Name(kind) => return format!("name of a {kind}"),
        Kind::Names(kind) => return format!("names of {kind}s"),
        Kind::Template => "text with references",
        Kind::Url => "address with references",
        Kind::UrlOr(..) => "address with references, or a map, see below",
        Kind::Address => "address",
        Kind::Html => "HTML with references",
        Kind::MailAddresses => "mail addresses with references",
        Kind::Expression => "expression",
        Kind::Text(_) => "text",
        Kind::Texts => "list of texts",
        Kind::Value => "value of the field's type",
        Kind::Flag => "true or false",
        Kind::True => "`true`",
        Kind::Whole => "whole number",
        Kind::Fields => "fields with values",
        Kind::Env => "names with values",
        Kind::Headers => "headers with values",
        Kind::EnvName => "name of `$env`",
        Kind::Steps => "names of steps",
        Kind::Cases => "texts with names of steps",
        Kind::Statuses => "statuses: `200`, `2xx`, `200-299`",
        Kind::Status => "status",
        Kind::MediaType => "media type",
        Kind::Conditions => "fields with values or operators",
        Kind::Sort => "names of fields",
        Kind::Delay => "duration with references",
        Kind::DelayOr(..) => "duration or time with references, or a map, see below",
        Kind::Time => "time with references",
        Kind::Zone => "time zone",
        Kind::Moment => "moment or date",
        Kind::AddressRules => "address rules",
        Kind::Origins => "origins",
        Kind::ShortUrl => "path segment",
        Kind::Charset => "charset",
        Kind::Rate => "calls in a time: `50/s`, `100/m`, `1000/h`",
        Kind::Pairs => "pairs joined by `&`",
        Kind::Map(..) => "map, see below",
        Kind::Maps(..) => "list of maps, see below",
        Kind::FieldTypes(_) => "names with a type or a map, see below",
        Kind::Secret => "`$secret[\"name\"]`",
        Kind::SecretOr(..) => "`$secret[\"name\"]`, or a map, see below",
        Kind::Graph => "names with a task each",
    }
    .to_owned()
}

fn table(what: &str, examples: &[Example]) -> String {
    let mut table = format!("| {what} | example | value |\n|---|---|---|\n");
    for (name, example, result) in examples {
        table += &format!("| `{name}` | `{}` | `{}` |\n", cell(example), cell(result));
    }
    table
}

/// A `|` would end the cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}
