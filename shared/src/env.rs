//! The variables of a submission: what `$env`, `$query` and `$request` read, and what a record's fields are.
//! Names keep the order in which they were posted; numbers keep the digits with which they were written.

use std::{fmt, io};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Number, Value};

use crate::message::Message;

/// A map of names to JSON values, in the order in which they came.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Env(pub Map<String, Value>);

impl Env {
    /// The value of a name, or nothing: an unknown name is never an error.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// Sets a name, replacing what it had.
    pub fn set(&mut self, name: impl Into<String>, value: Value) {
        self.0.insert(name.into(), value);
    }

    /// Takes a name away; those behind it stay in their order.
    pub fn remove(&mut self, name: &str) {
        self.0.shift_remove(name);
    }

    /// Its length as JSON, in bytes.
    pub fn bytes(&self) -> usize {
        counted(&self.0)
    }

    /// Whether nothing was posted.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// The length of a value as JSON, in bytes.
pub fn json_bytes(value: &Value) -> usize {
    counted(value)
}

fn counted(value: &impl Serialize) -> usize {
    let mut count = Count(0);
    // Neither the value nor the writer can fail.
    let _ = serde_json::to_writer(&mut count, value);
    count.0
}

/// Counts what it is given.
struct Count(usize);

impl io::Write for Count {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// As JSON.
impl fmt::Display for Env {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&serde_json::to_string(&self.0).map_err(|_| fmt::Error)?)
    }
}

impl FromIterator<(String, Value)> for Env {
    fn from_iter<I: IntoIterator<Item = (String, Value)>>(pairs: I) -> Self {
        Self(pairs.into_iter().collect())
    }
}

/// How much one submission may hold. Each limit is a setting; these are the defaults.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a body, and of what a compressed body inflates to.
    pub body_bytes: usize,
    /// Names and list items over all levels: a guard against bodies made of nothing but separators. An order of 1 MiB
    /// has some 60,000; so many as the limit allows take a third of the memory for all requests, see
    /// [`crate::body::memory`].
    pub fields: usize,
    /// Bytes of one name, after decoding.
    pub name_bytes: usize,
    /// Levels of nesting; a plain `a=1` is level 1.
    pub depth: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { body_bytes: 1024 * 1024, fields: 100_000, name_bytes: 256, depth: 16 }
    }
}

/// What keeps a map from being accepted. Names the field, never its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EnvError {
    /// More names and items than [`Limits::fields`].
    TooManyFields(usize),
    /// A name longer than [`Limits::name_bytes`].
    NameTooLong {
        /// The limit, in bytes.
        limit: usize,
        /// The first characters of the name.
        begins: String,
    },
    /// Deeper than [`Limits::depth`].
    TooDeep {
        /// The limit, in levels.
        limit: usize,
        /// The outermost name.
        field: String,
    },
    /// PostgreSQL cannot store U+0000 in a text, so accepting it would lose the submission later.
    Nul(String),
    /// A number beyond what the store can keep as a number.
    NumberOutOfRange(String),
}

impl From<&EnvError> for Message {
    fn from(error: &EnvError) -> Self {
        match error {
            EnvError::TooManyFields(most) => Self::TooManyFields { most: *most },
            EnvError::NameTooLong { limit, begins } => {
                Self::NameTooLong { most: *limit, begins: format!("{begins:?}") }
            }
            EnvError::TooDeep { limit, field } => Self::FieldTooDeep { field: format!("{field:?}"), most: *limit },
            EnvError::Nul(field) => Self::FieldNul { field: format!("{field:?}") },
            EnvError::NumberOutOfRange(field) => Self::FieldOutOfRange { field: format!("{field:?}") },
        }
    }
}

impl fmt::Display for EnvError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Message::from(self).fmt(f)
    }
}

impl std::error::Error for EnvError {}

impl Limits {
    /// Checks a whole map: counts, names, depth, and that every value can be stored.
    pub fn check(&self, env: &Env) -> Result<(), EnvError> {
        let mut left = self.fields;
        for (name, value) in &env.0 {
            self.check_name(name)?;
            self.check_value(name, value, 1, &mut left)?;
        }
        Ok(())
    }

    /// Takes away what is beyond the limits, and returns the names of it.
    pub fn retain(&self, env: &mut Env) -> Vec<String> {
        let (mut left, mut names) = (self.fields, Vec::new());
        env.0.retain(|name, value| {
            let checked = self.check_name(name).and_then(|()| self.check_value(name, value, 1, &mut left));
            if checked.is_err() {
                names.push(name.clone());
            }
            checked.is_ok()
        });
        names
    }

    fn check_name(&self, name: &str) -> Result<(), EnvError> {
        if name.len() > self.name_bytes {
            return Err(EnvError::NameTooLong { limit: self.name_bytes, begins: name.chars().take(40).collect() });
        }
        if name.contains('\0') {
            return Err(EnvError::Nul(name.to_owned()));
        }
        Ok(())
    }

    fn check_value(&self, field: &str, value: &Value, depth: usize, left: &mut usize) -> Result<(), EnvError> {
        if depth > self.depth {
            return Err(EnvError::TooDeep { limit: self.depth, field: field.to_owned() });
        }
        *left = left.checked_sub(1).ok_or(EnvError::TooManyFields(self.fields))?;
        match value {
            Value::String(text) if text.contains('\0') => Err(EnvError::Nul(field.to_owned())),
            Value::Number(number) if !is_storable(number) => Err(EnvError::NumberOutOfRange(field.to_owned())),
            Value::Array(items) => items.iter().try_for_each(|item| self.check_value(field, item, depth + 1, left)),
            Value::Object(map) => map.iter().try_for_each(|(name, item)| {
                self.check_name(name)?;
                self.check_value(field, item, depth + 1, left)
            }),
            Value::Null | Value::Bool(_) | Value::String(_) | Value::Number(_) => Ok(()),
        }
    }
}

/// The most characters of a number. PostgreSQL's `numeric` holds 16,383 digits behind the point.
pub const MAX_NUMBER_CHARS: usize = 1_000;

/// Whether PostgreSQL can hold the number in a `jsonb`: an exponent of any size is valid JSON. What a double cannot
/// tell from infinity or from zero is refused.
pub(crate) fn is_storable(number: &Number) -> bool {
    let text = number.as_str();
    let value = number.as_f64().unwrap_or(f64::INFINITY);
    let zero = !text.split(['e', 'E']).next().unwrap_or_default().contains(|c| matches!(c, '1'..='9'));
    text.len() <= MAX_NUMBER_CHARS && value.is_finite() && (value != 0.0 || zero)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(json: &str) -> Result<(), EnvError> {
        let limits = Limits { body_bytes: 100, fields: 4, name_bytes: 8, depth: 3 };
        limits.check(&serde_json::from_str(json).unwrap())
    }

    #[test]
    fn what_cannot_be_kept_is_named() {
        assert_eq!(check(r#"{"a":1,"b":[2,3]}"#), Ok(()));
        assert_eq!(check(r#"{"a":1,"b":[2,3],"c":4}"#), Err(EnvError::TooManyFields(4)));
        assert_eq!(check(r#"{"a":{"b":{"c":1}}}"#), Ok(()));
        assert_eq!(check(r#"{"a":{"b":{"c":{"d":1}}}}"#), Err(EnvError::TooDeep { limit: 3, field: "a".into() }));
        assert_eq!(check(r#"{"a":"x\u0000"}"#), Err(EnvError::Nul("a".into())));
        assert_eq!(check(r#"{"a":1e999}"#), Err(EnvError::NumberOutOfRange("a".into())));
        assert_eq!(check(r#"{"a":1e-20000}"#), Err(EnvError::NumberOutOfRange("a".into())));
        assert_eq!(check(r#"{"a":0e-20000,"b":-0.0}"#), Ok(()));
        assert!(check(&format!(r#"{{"a":0.{}}}"#, "1".repeat(1_000))).is_err());
        assert!(matches!(check(r#"{"a":{"123456789":1}}"#), Err(EnvError::NameTooLong { limit: 8, .. })));
    }

    #[test]
    fn numbers_keep_their_digits_and_names_their_order() {
        let text = r#"{"z":12345678901234567890123,"a":1.10,"m":-0}"#;
        let env: Env = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&env).unwrap(), text);
    }
}
