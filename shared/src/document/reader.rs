//! Reads the keys of one map of a document and collects every finding with its path, so that a person sees all
//! that is wrong at once. A key that nobody asked for is a finding, too: a misspelt one would be silently ignored.

use std::fmt::Display;
use std::str::FromStr;

use serde_json::{Map, Value};

use crate::env::Limits;
use crate::expression::{Expression, Reads, Template};
use crate::finding::Finding;
use crate::yaml::join;

/// The longest title, in bytes: it must fit a table cell.
pub const MAX_TITLE_BYTES: usize = 200;

/// The longest name of a record's field, in bytes.
pub const MAX_FIELD_BYTES: usize = 64;

/// The most of a bad key that a finding repeats, in characters.
const MAX_EXCERPT_CHARS: usize = 40;

/// Reads one map. Whatever reads a key notes it as known; [`Reader::finish`] reports the others.
pub struct Reader<'d, 'f> {
    path: String,
    map: &'d Map<String, Value>,
    known: Vec<&'static str>,
    refused: Vec<&'static str>,
    reads: Reads,
    findings: &'f mut Vec<Finding>,
}

impl<'d, 'f> Reader<'d, 'f> {
    /// A reader of the map at a path; anything but a map is a finding.
    pub fn new(path: impl Into<String>, value: &'d Value, findings: &'f mut Vec<Finding>) -> Option<Self> {
        let path = path.into();
        match value {
            Value::Object(map) => {
                Some(Self { path, map, known: Vec::new(), refused: Vec::new(), reads: Reads::default(), findings })
            }
            _ => {
                findings.push(Finding::new(path, "must be a map of keys and values"));
                None
            }
        }
    }

    /// Notes a finding at a key of this map; an empty key is the map itself.
    pub fn report(&mut self, key: &str, message: impl Into<String>) {
        let path = if key.is_empty() { self.path.clone() } else { join(&self.path, key) };
        self.findings.push(Finding::new(path, message));
    }

    /// The keys of the map, in written order.
    pub fn keys(&self) -> impl Iterator<Item = &'d str> + use<'d> {
        self.map.keys().map(String::as_str)
    }

    /// The value of a key; null counts as missing.
    pub fn value(&mut self, key: &'static str) -> Option<&'d Value> {
        if !self.known.contains(&key) {
            self.known.push(key);
        }
        self.map.get(key).filter(|value| !value.is_null())
    }

    /// The value of a key that must stand here.
    pub fn required(&mut self, key: &'static str) -> Option<&'d Value> {
        let value = self.value(key);
        if value.is_none() {
            self.report(key, "is missing");
        }
        value
    }

    /// Reports a map that must have entries and is missing or empty.
    pub fn refuse_empty(&mut self, key: &'static str) {
        if self.required(key).and_then(Value::as_object).is_some_and(Map::is_empty) {
            self.report(key, "is empty");
        }
    }

    /// A reader of the map at a key, which must stand here.
    pub fn inner(&mut self, key: &'static str) -> Option<Reader<'d, '_>> {
        let value = self.required(key)?;
        Reader::new(join(&self.path, key), value, self.findings)
    }

    /// A reader of the map at a key that is not known beforehand, such as the name of a step.
    pub fn entry(&mut self, key: &str) -> Option<Reader<'d, '_>> {
        let value = self.map.get(key)?;
        Reader::new(join(&self.path, key), value, self.findings)
    }

    /// The value at a key that is not known beforehand: to look ahead without findings.
    pub fn peek(&self, key: &str) -> Option<&'d Value> {
        self.map.get(key)
    }

    /// The map at a key, if one stands there: to look ahead without findings.
    pub fn map(&self, key: &str) -> Option<&'d Map<String, Value>> {
        self.map.get(key).and_then(Value::as_object)
    }

    /// A text; a number counts as the text with which it was written.
    pub fn text(&mut self, key: &'static str) -> Option<String> {
        let value = self.value(key)?;
        self.checked(key, scalar(value))
    }

    /// A title: a text of at most [`MAX_TITLE_BYTES`]; missing = empty.
    pub fn title(&mut self, key: &'static str) -> String {
        let title = self.text(key).unwrap_or_default();
        if title.len() > MAX_TITLE_BYTES {
            self.report(key, format!("is longer than {MAX_TITLE_BYTES} bytes"));
        }
        title
    }

    /// True or false.
    pub fn flag(&mut self, key: &'static str, default: bool) -> bool {
        match self.value(key) {
            None => default,
            Some(Value::Bool(flag)) => *flag,
            Some(_) => {
                self.report(key, "must be true or false");
                default
            }
        }
    }

    /// A whole number.
    pub fn whole(&mut self, key: &'static str) -> Option<i64> {
        let text = self.text(key)?;
        self.checked(key, text.parse().map_err(|_| "must be a whole number".to_owned()))
    }

    /// An id or a name.
    pub fn id<T: FromStr<Err: Display>>(&mut self, key: &'static str) -> Option<T> {
        let text = self.text(key)?;
        self.checked(key, text.parse().map_err(|error: T::Err| error.to_string()))
    }

    /// An id that must stand here.
    pub fn required_id<T: FromStr<Err: Display>>(&mut self, key: &'static str) -> Option<T> {
        self.required(key)?;
        self.id(key)
    }

    /// A list of texts, each with its place below this map; a single one needs no brackets.
    pub fn texts(&mut self, key: &'static str) -> Vec<(String, String)> {
        let items = match self.value(key) {
            None => return Vec::new(),
            Some(Value::Array(items)) => items.iter().enumerate().map(|(i, v)| (format!("{key}.{i}"), v)).collect(),
            Some(one) => vec![(key.to_owned(), one)],
        };
        let texts = items.into_iter().filter_map(|(place, item)| {
            let text = self.checked(&place, scalar(item))?;
            Some((place, text))
        });
        texts.collect()
    }

    /// A list of ids; a single one needs no brackets.
    pub fn ids<T: FromStr<Err: Display>>(&mut self, key: &'static str) -> Vec<T> {
        let texts = self.texts(key).into_iter();
        texts
            .filter_map(|(place, text)| self.checked(&place, text.parse().map_err(|error: T::Err| error.to_string())))
            .collect()
    }

    /// One of a few words.
    pub fn choice<T: Copy>(&mut self, key: &'static str, choices: &[(&str, T)]) -> Option<T> {
        let text = self.text(key)?;
        let found = choices.iter().find(|(word, _)| *word == text).map(|(_, choice)| *choice);
        let words: Vec<&str> = choices.iter().map(|(word, _)| *word).collect();
        self.checked(key, found.ok_or_else(|| format!("must be one of {}", words.join(", "))))
    }

    /// A compiled expression.
    pub fn expression(&mut self, key: &'static str) -> Option<Expression> {
        let value = self.value(key)?;
        let expression = match value {
            Value::Bool(flag) => Ok(flag.to_string()),
            _ => scalar(value),
        };
        let parsed = expression.and_then(|text| Expression::parse(&text).map_err(|error| error.to_string()));
        let expression = self.checked(key, parsed)?;
        self.reads.add(expression.reads());
        Some(expression)
    }

    /// A compiled template.
    pub fn template(&mut self, key: &'static str) -> Option<Template> {
        let value = self.value(key)?;
        self.template_at(key, value)
    }

    /// Compiles a value that stands at a place below this map.
    pub fn template_at(&mut self, place: &str, value: &Value) -> Option<Template> {
        let template = self.checked(place, Template::parse(value).map_err(|error| error.to_string()))?;
        self.reads.add(&template.reads());
        Some(template)
    }

    /// The entries of the map at a key, whose names are those of a record's fields; missing = none.
    pub fn fields(&mut self, key: &'static str) -> Vec<(&'d str, &'d Value)> {
        self.entries(key, MAX_FIELD_BYTES)
    }

    /// Whether a text can be the name of a record's field.
    pub fn check_field(&mut self, place: &str, name: &str) -> bool {
        self.checked(place, check_name(name, MAX_FIELD_BYTES)).is_some()
    }

    /// The compiled values of the map at a key, by the names of a record's fields.
    pub fn field_templates(&mut self, key: &'static str) -> Vec<(String, Template)> {
        let entries = self.fields(key);
        self.templates(key, entries)
    }

    /// The compiled values of the map at a key, by `$env` names.
    pub fn env_templates(&mut self, key: &'static str) -> Vec<(String, Template)> {
        let entries = self.entries(key, Limits::default().name_bytes);
        self.templates(key, entries)
    }

    /// A name of `$env` that a task fills.
    pub fn env_name(&mut self, key: &'static str) -> Option<String> {
        let name = self.text(key)?;
        self.checked(key, check_name(&name, Limits::default().name_bytes).map(|()| name))
    }

    /// The names of `$env` that the expressions and templates read so far do read; those of inner readers are theirs.
    pub fn reads(&self) -> &Reads {
        &self.reads
    }

    /// Names of `$env` that the step itself gives to what was read so far: nothing that was posted or set is meant.
    pub fn forget_reads(&mut self, names: &[&str]) {
        names.iter().for_each(|name| {
            self.reads.names.remove(*name);
        });
    }

    /// Adds what an inner reader has read.
    pub fn also_reads(&mut self, reads: &Reads) {
        self.reads.add(reads);
    }

    /// Reports a key, if it stands here, as one that cannot.
    pub fn refuse(&mut self, key: &'static str, message: impl Into<String>) {
        if self.map.contains_key(key) && !self.refused.contains(&key) {
            self.refused.push(key);
            self.report(key, message);
        }
    }

    /// Reports those of these keys that stand here: settings that are planned and must not be silently ignored.
    pub fn not_available(&mut self, keys: &[&'static str]) {
        for key in keys {
            self.refuse(key, format!("`{key}` is not available in this version"));
        }
    }

    /// Reports every key that nobody asked for.
    pub fn finish(self) {
        for key in self.map.keys() {
            if !self.known.contains(&key.as_str()) && !self.refused.contains(&key.as_str()) {
                let message = format!("unknown key `{}`; known here: {}", excerpt(key), self.known.join(", "));
                self.findings.push(Finding::new(join(&self.path, key), message));
            }
        }
    }

    fn entries(&mut self, key: &'static str, max_bytes: usize) -> Vec<(&'d str, &'d Value)> {
        let map = match self.value(key) {
            None => return Vec::new(),
            Some(Value::Object(map)) => map,
            Some(_) => {
                self.report(key, "must be a map of names and values");
                return Vec::new();
            }
        };
        for name in map.keys() {
            self.checked(&join(key, &excerpt(name)), check_name(name, max_bytes));
        }
        map.iter().map(|(name, value)| (name.as_str(), value)).collect()
    }

    fn templates(&mut self, key: &str, entries: Vec<(&str, &Value)>) -> Vec<(String, Template)> {
        let compile = |(name, value): (&str, &Value)| {
            self.template_at(&join(key, name), value).map(|template| (name.to_owned(), template))
        };
        entries.into_iter().filter_map(compile).collect()
    }

    fn checked<T>(&mut self, place: &str, result: Result<T, String>) -> Option<T> {
        result.map_err(|message| self.report(place, message)).ok()
    }
}

fn scalar(value: &Value) -> Result<String, String> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Number(number) => Ok(number.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => Err("must be a text".to_owned()),
    }
}

fn check_name(name: &str, max_bytes: usize) -> Result<(), String> {
    if name.trim().is_empty() {
        Err("a name is empty".to_owned())
    } else if name.len() > max_bytes {
        Err(format!("the name is longer than {max_bytes} bytes"))
    } else if name.contains('\0') {
        Err("the name holds a NUL character, which cannot be stored".to_owned())
    } else {
        Ok(())
    }
}

fn excerpt(key: &str) -> String {
    key.chars().take(MAX_EXCERPT_CHARS).collect()
}
