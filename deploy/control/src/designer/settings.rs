//! The settings of a step as the fields of a form, made from the description of its task, and back again. A field that
//! was not touched keeps its value as it is written.

pub mod read;
mod row;
mod value;

use postern_shared::document::Kind as Named;
use postern_shared::spec::texts::{self, Text};
use postern_shared::spec::{Kind, Setting};
use serde_json::{Map, Value};

use super::condition;
pub use row::Row;

/// A field of the form.
#[derive(Debug, Clone, Default)]
pub struct Field {
    /// The name of the field in the form.
    pub name: String,
    /// Where its value stands below the step, such as `delay.for`.
    pub path: String,
    /// What it is called.
    pub title: &'static str,
    /// What it does.
    pub help: &'static str,
    /// Whether it must stand there.
    pub is_required: bool,
    /// The value that it has if it is empty.
    pub default: &'static str,
    /// How it is typed: see [`Control`].
    pub control: &'static str,
    /// Whether an expression stands in it: references with filters need no braces there.
    pub is_expression: bool,
    /// What stands in it.
    pub text: String,
    /// The list that it is completed from.
    pub list: &'static str,
    /// For a condition in rows: whether one row that holds is enough.
    pub is_any: bool,
    /// Whether it is checked.
    pub is_checked: bool,
    /// What can be chosen.
    pub options: Vec<Choice>,
    /// The entries of a map.
    pub rows: Vec<Row>,
    /// What is wrong with it.
    pub errors: Vec<String>,
}

impl Field {
    /// Whether a choice has an entry for the default that is not written.
    pub fn has_unwritten(&self) -> bool {
        !self.is_required && !self.options.iter().any(|option| option.key == self.default)
    }
}

/// Something that can be chosen.
#[derive(Debug, Clone)]
pub struct Choice {
    pub key: String,
    pub title: String,
    pub is_chosen: bool,
}

/// What a document may name, with titles.
#[derive(Debug, Default)]
pub struct Known {
    /// The modules.
    pub modules: Vec<(String, String)>,
    /// The triggers.
    pub triggers: Vec<(String, String)>,
    /// The workflows.
    pub workflows: Vec<(String, String)>,
    /// The connections.
    pub connections: Vec<(String, String)>,
    /// The fields of the module on whose records the step works.
    pub fields: Vec<(String, String)>,
}

/// How a setting is typed.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Control {
    /// It has no field.
    Kept,
    Check,
    Choice,
    /// One of several lines of text.
    Line,
    Text,
    /// A value in YAML.
    Value,
    /// The entries of a map.
    Rows,
    Conditions,
    /// A condition in rows, and as an expression.
    Rule,
    /// The texts of cases, each the name of an output.
    Cases,
    /// Boxes, one for each thing that can be named.
    Boxes,
    /// The fields of a map within the map.
    Inner(&'static str, &'static [Setting]),
}

impl Control {
    /// How a setting is typed that has this value.
    pub(crate) fn of(setting: &Setting, value: &Value) -> Self {
        let is_map = value.is_object() || value.is_null();
        match setting.kind {
            Kind::Steps | Kind::Graph | Kind::True => Self::Kept,
            Kind::Name(Named::Workflow) if setting.key == Named::Workflow.name() => Self::Kept,
            Kind::Flag => Self::Check,
            Kind::Choice(_) => Self::Choice,
            Kind::Fields | Kind::Env | Kind::Headers if is_map => Self::Rows,
            Kind::Conditions if is_map => Self::Conditions,
            Kind::Cases if is_map => Self::Cases,
            Kind::Names(Named::Trigger) => Self::Boxes,
            Kind::Map(prefix, inner) if is_map => Self::Inner(prefix, inner),
            Kind::DelayOr(prefix, inner) | Kind::UrlOr(prefix, inner) if value.is_object() => {
                Self::Inner(prefix, inner)
            }
            Kind::Template if setting.key == "json" && is_map => Self::Rows,
            Kind::MailAddresses | Kind::Texts | Kind::Sort | Kind::Statuses | Kind::Names(_) => match value {
                Value::Array(items) if items.iter().all(Value::is_string) => Self::Line,
                Value::Array(_) | Value::Object(_) => Self::Value,
                _ => Self::Line,
            },
            Kind::Maps(..) => Self::Value,
            _ if value.is_array() || value.is_object() => Self::Value,
            Kind::Expression if is_rule(value) => Self::Rule,
            Kind::Template | Kind::Expression => Self::Text,
            _ => Self::Line,
        }
    }

    const fn word(self) -> &'static str {
        match self {
            Self::Kept => "kept",
            Self::Check => "check",
            Self::Choice => "choice",
            Self::Line => "line",
            Self::Text => "text",
            Self::Value => "value",
            Self::Rows => "rows",
            Self::Conditions => "conditions",
            Self::Rule => "rule",
            Self::Cases => "cases",
            Self::Boxes => "boxes",
            Self::Inner(..) => "inner",
        }
    }
}

/// The fields of settings that have the values of a map. `texts` has their words, which begin with `prefix`.
pub fn fields(
    (settings, prefix): (&'static [Setting], &str),
    map: &Value,
    known: &Known,
    texts: &'static str,
) -> Vec<Field> {
    below(("", ""), (settings, prefix), map, known, texts)
}

fn below(
    (outer, path): (&str, &str),
    (settings, prefix): (&'static [Setting], &str),
    map: &Value,
    known: &Known,
    texts: &'static str,
) -> Vec<Field> {
    let mut all = Vec::new();
    for setting in settings {
        let value = &map[setting.key];
        let (name, path) = (format!("{outer}{}", setting.key), format!("{path}{}", setting.key));
        let control = Control::of(setting, value);
        if let Control::Inner(prefix, inner) = control {
            let dotted = |text: &str| format!("{text}.");
            all.extend(below((&dotted(&name), &dotted(&path)), (inner, prefix), value, known, texts));
            continue;
        }
        if matches!(control, Control::Kept) {
            continue;
        }
        let Text { title, help } =
            texts::find(texts, &setting.text_key(prefix)).unwrap_or(Text { title: setting.key, help: "" });
        all.push(Field {
            name,
            path,
            title,
            help,
            is_required: setting.required,
            default: setting.default.unwrap_or_default(),
            control: control.word(),
            is_expression: matches!(setting.kind, Kind::Expression),
            text: value::shown(control, value),
            list: list_of(setting.kind),
            is_any: value.as_str().and_then(condition::Group::read).is_some_and(|group| group.is_any),
            is_checked: is_checked(control, (setting, value)),
            options: options(setting, value, known),
            rows: row::rows(control, value),
            errors: Vec::new(),
        });
    }
    all
}

/// Whether rows can say a condition.
fn is_rule(value: &Value) -> bool {
    value.is_null() || value.as_str().is_some_and(|text| condition::Group::read(text).is_some())
}

/// Whether the box of a setting is checked; the box of cases is the case of an empty value.
fn is_checked(control: Control, (setting, value): (&Setting, &Value)) -> bool {
    match control {
        Control::Cases => value.get("").is_some(),
        _ => value.as_bool().unwrap_or(setting.default == Some("true")),
    }
}

fn list_of(kind: Kind) -> &'static str {
    match kind {
        Kind::Name(Named::Module) => "modules",
        Kind::Name(Named::Workflow) => "workflows",
        Kind::Name(Named::Connection) => "connections",
        Kind::Fields | Kind::Conditions | Kind::Sort => "fields",
        _ => "",
    }
}

/// What can be chosen, and what is chosen although it does not exist. The default stands there once: as itself where it is
/// written or must be, and else as what is not written.
fn options(setting: &Setting, value: &Value, known: &Known) -> Vec<Choice> {
    let choice = |key: &str, title: &str, is_chosen| Choice { key: key.to_owned(), title: title.to_owned(), is_chosen };
    match setting.kind {
        Kind::Choice(words) => {
            let is_written = |word: &str| value.as_str() == Some(word);
            let is_listed = |word: &&&str| setting.required || setting.default != Some(**word) || is_written(word);
            words.iter().filter(is_listed).map(|word| choice(word, word, is_written(word))).collect()
        }
        Kind::Names(Named::Trigger) => {
            let chosen = value::texts(value);
            let is_chosen = |key: &str| chosen.iter().any(|one| one == key);
            let all = known.triggers.iter().map(|(key, title)| choice(key, title, is_chosen(key)));
            let others = chosen.iter().filter(|key| !known.triggers.iter().any(|(known, _)| known == *key));
            all.chain(others.map(|key| choice(key, "", true))).collect()
        }
        _ => Vec::new(),
    }
}

/// The keys of settings that have fields, in the order in which they are written.
pub(crate) fn order(settings: &'static [Setting], outputs: &'static [&'static str]) -> Vec<&'static str> {
    settings.iter().map(|setting| setting.key).chain(outputs.iter().copied()).collect()
}

/// Puts a value into a map; a new key stands before those that come behind it in the order.
pub(crate) fn put(map: &mut Map<String, Value>, order: &[&str], key: &str, value: Value) {
    if let Some(known) = map.get_mut(key) {
        *known = value;
        return;
    }
    let behind = order.iter().skip_while(|one| **one != key).skip(1);
    let places = behind.filter_map(|other| map.keys().position(|known| known == other));
    match places.min() {
        Some(at) => drop(map.shift_insert(at, key.to_owned(), value)),
        None => drop(map.insert(key.to_owned(), value)),
    }
}
