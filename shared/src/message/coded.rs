//! A message as it is shown: its code with those arguments that the reader may see.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Language, Message};
use crate::excerpt::EXCERPT_CHARS;

/// The arguments that may hold what was posted: a text of a workflow, a word of another program, the number of a record.
const PRIVATE: [&str; 5] = ["text", "reason", "record", "sent", "until"];

/// The arguments that hold a name that was posted, or the beginning of one: a text in place of a form is taken for a name.
const NAMES: [&str; 5] = ["field", "part", "begins", "charset", "kind"];

/// The codes of which nothing is left without those arguments.
const POSTED: [&str; 3] = ["said", "foreign", "until"];

/// What stands in the place of such an argument.
const HIDDEN: &str = "…";

/// A code (`code`) with its arguments, of which each may be a code with arguments itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Coded(Map<String, Value>);

impl Coded {
    pub(super) fn of(message: &Message) -> Self {
        match serde_json::to_value(message) {
            Ok(Value::Object(arguments)) => Self(arguments),
            // A message is a code with arguments: an object.
            _ => Self(Map::new()),
        }
    }

    /// The same for whoever may not see what was posted; none = all of it may have been posted.
    pub fn told(mut self) -> Option<Self> {
        if POSTED.contains(&self.code()) {
            return None;
        }
        hide(&mut self.0);
        Some(self)
    }

    pub(super) fn code(&self) -> &str {
        self.0.get("code").and_then(Value::as_str).unwrap_or_default()
    }

    /// The text in a language. A code that has none there stands for itself.
    pub fn text(&self, language: Language) -> String {
        text(&self.0, language)
    }
}

fn hide(arguments: &mut Map<String, Value>) {
    for (name, value) in arguments {
        match value {
            Value::Object(inner) => hide(inner),
            value if PRIVATE.contains(&name.as_str()) => *value = HIDDEN.into(),
            Value::String(text) if NAMES.contains(&name.as_str()) && may_be_text(text) => *value = HIDDEN.into(),
            _ => {}
        }
    }
}

/// Whether a name that is quoted, as posted ones are, may be a posted text or the beginning of one. The shapes of bodies show
/// the same names.
fn may_be_text(name: &str) -> bool {
    let Some(inner) = name.strip_prefix('"').and_then(|name| name.strip_suffix('"')) else { return false };
    let is_of_names = |c: char| c.is_alphanumeric() || "_-.[]$ \u{fffd}/+*".contains(c);
    inner.chars().count() >= EXCERPT_CHARS || !inner.chars().all(is_of_names)
}

/// The tables of a language: in each line a code and its text, in which `{ $name }` stands for an argument (a part of Fluent).
pub(super) const fn tables(language: Language) -> [&'static str; 2] {
    match language {
        Language::English => [include_str!("en.ftl"), include_str!("fault/en.ftl")],
        Language::Russian => [include_str!("ru.ftl"), include_str!("fault/ru.ftl")],
    }
}

fn text(arguments: &Map<String, Value>, language: Language) -> String {
    let code = arguments.get("code").and_then(Value::as_str).unwrap_or_default();
    let lines = tables(language).into_iter().flat_map(str::lines);
    let mut rest =
        lines.filter_map(|line| line.split_once(" = ")).find(|(key, _)| *key == code).map_or(code, |(_, text)| text);
    let mut written = String::with_capacity(rest.len());
    // In one pass: what an argument holds is not read again.
    while let Some((before, name, behind)) = placeholder(rest) {
        written.push_str(before);
        match arguments.get(name) {
            Some(Value::String(value)) => written.push_str(value),
            Some(Value::Object(inner)) => written.push_str(&text(inner, language)),
            Some(Value::Array(words)) => written.push_str(&any_of(words, language)),
            Some(value) => written.push_str(&value.to_string()),
            None => {}
        }
        rest = behind;
    }
    written + rest
}

/// Words of which one is meant.
fn any_of(words: &[Value], language: Language) -> String {
    let words: Vec<&str> = words.iter().filter_map(Value::as_str).collect();
    words.join(language.or())
}

/// What stands before the first `{ $name }`, its name, and what stands behind it.
pub(super) fn placeholder(text: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = text.split_once("{ $")?;
    let (name, behind) = rest.split_once(" }")?;
    Some((before, name, behind))
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Coded {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Coded".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let codes: Vec<&str> = super::codes().map(|(code, _)| *code).collect();
        schemars::json_schema!({
            "description": "A code with its arguments, of which each may be a code with arguments itself.",
            "type": "object",
            "required": ["code"],
            "properties": {"code": {"type": "string", "enum": codes}},
            "additionalProperties": true,
        })
    }
}
