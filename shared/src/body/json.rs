//! A JSON object. Counted and measured while it is read, so that a body of a hundred thousand empty lists is refused
//! early. Numbers keep their digits; of a key that stands twice in a map the last value wins, as in browsers and PHP.
//! Half of a character, which JavaScript makes of an emoji that it cuts, becomes U+FFFD. The names of the fields in which
//! either happened are told.

mod digits;

use indexmap::IndexSet;
use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::map::Entry;
use serde_json::{Map, Value};
use std::cell::{Cell, RefCell};
use std::fmt;

use crate::env::{Env, EnvError, Limits};
use crate::excerpt::excerpt;

use super::fields::{FieldsError, RESERVED, is_reserved};
use super::surrogates;
use digits::Digits;

/// Reads a JSON object in UTF-8, and tells the names whose values had half a character, or another value before the one that
/// is read. A byte order mark before it is tolerated.
pub(super) fn parse(body: &[u8], limits: &Limits) -> Result<(Env, Vec<String>), FieldsError> {
    let body = without_bom(body);
    if !looks_like_object(body) && serde_json::from_slice::<serde::de::IgnoredAny>(body).is_ok() {
        return Err(FieldsError::NotAnObject);
    }
    match mended(body, |body| value(body, Place::new(limits)))? {
        (Read { value: Value::Object(map), replaced }, halves) => {
            let replaced = replaced.into_iter().map(|(_, name)| name).filter(|name| !halves.contains(name));
            let replaced: Vec<String> = replaced.collect();
            Ok((Env(map), halves.into_iter().chain(replaced).collect()))
        }
        _ => Err(FieldsError::NotAnObject),
    }
}

/// Reads any JSON value in UTF-8 as that of one field, and tells whether it had half a character, or a name with several
/// values.
pub(super) fn parse_value(text: &[u8], limits: &Limits, field: &str) -> Result<(Value, bool), FieldsError> {
    let (read, halves) =
        mended(without_bom(text), |text| value(text, Place { field, depth: 1, ..Place::new(limits) }))?;
    Ok((read.value, !halves.is_empty() || !read.replaced.is_empty()))
}

/// A JSON list.
pub(super) struct List {
    /// Its items.
    pub items: Vec<Value>,
    /// Whether it had half a character.
    pub has_halves: bool,
    /// The places of items, and names of theirs that had another value before the one that is read.
    pub replaced: Vec<(usize, String)>,
}

/// Reads a JSON list in UTF-8.
pub(super) fn parse_list(body: &[u8], limits: &Limits) -> Result<List, FieldsError> {
    // The items are one level below what they would be alone.
    let limits = Limits { depth: limits.depth + 1, ..*limits };
    let place = Place { field: "list", names_at: 1, ..Place::new(&limits) };
    match mended(without_bom(body), |body| value(body, place))? {
        (Read { value: Value::Array(items), replaced }, halves) => {
            Ok(List { items, has_halves: !halves.is_empty(), replaced })
        }
        _ => Err(FieldsError::NotAnObject),
    }
}

/// Where in a body a value stands.
#[derive(Clone, Copy)]
struct Place<'p> {
    limits: &'p Limits,
    /// The outermost name, for messages.
    field: &'p str,
    /// 0 for the object whose entries are the fields.
    depth: usize,
    /// The depth of the maps whose keys are the outermost names.
    names_at: usize,
}

impl<'p> Place<'p> {
    fn new(limits: &'p Limits) -> Self {
        Self { limits, field: "", depth: 0, names_at: 0 }
    }
}

/// A value, and the outermost names within which a key had another value before, by the item of the list.
struct Read {
    value: Value,
    replaced: Vec<(usize, String)>,
}

/// What is read; what cannot be read is tried once more without halves of characters.
fn mended<T>(body: &[u8], read: impl Fn(&[u8]) -> Result<T, FieldsError>) -> Result<(T, Vec<String>), FieldsError> {
    let error = match read(body) {
        Ok(value) => return Ok((value, Vec::new())),
        Err(error) => error,
    };
    match surrogates::replaced(body) {
        Some((body, names)) if is_malformed(&error) => Ok((read(&body)?, names)),
        _ => Err(error),
    }
}

fn is_malformed(error: &FieldsError) -> bool {
    match error {
        FieldsError::MalformedJson(_) => true,
        FieldsError::Item { error, .. } => is_malformed(error),
        _ => false,
    }
}

/// One value and nothing behind it.
fn value(body: &[u8], Place { limits, field, depth, names_at }: Place<'_>) -> Result<Read, FieldsError> {
    let state = State {
        limits,
        names_at,
        left: Cell::new(limits.fields),
        item: Cell::new(0),
        replaced: RefCell::default(),
        fault: RefCell::new(None),
    };
    let mut reader = serde_json::Deserializer::from_slice(body);
    let read = ValueSeed { state: &state, field, depth }.deserialize(&mut reader);
    match (read, state.fault.take()) {
        (_, Some(fault)) => Err(state.in_item(fault)),
        (Ok(value), None) => {
            reader.end().map_err(|error| FieldsError::MalformedJson(error.to_string()))?;
            Ok(Read { value, replaced: state.replaced.into_inner().into_iter().collect() })
        }
        // The messages of syntax errors hold nothing of the body; what the visitor refuses is a fault of ours.
        (Err(error), None) if error.is_eof() => Err(FieldsError::MalformedJson(error.to_string())),
        (Err(error), None) => Err(state.in_item(FieldsError::MalformedJson(error.to_string()))),
    }
}

/// Whether the first character behind a byte order mark and blanks opens an object.
pub fn looks_like_object(body: &[u8]) -> bool {
    without_bom(body).trim_ascii_start().first() == Some(&b'{')
}

/// Whether the first character behind a byte order mark and blanks opens a list.
pub(super) fn looks_like_list(body: &[u8]) -> bool {
    without_bom(body).trim_ascii_start().first() == Some(&b'[')
}

pub(super) fn without_bom(body: &[u8]) -> &[u8] {
    body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body)
}

/// The most names that are told: more than a receipt lists.
const MAX_REPLACED: usize = 1_000;

struct State<'l> {
    limits: &'l Limits,
    names_at: usize,
    left: Cell<usize>,
    /// The place of the item that is read, if the body is a list of objects.
    item: Cell<usize>,
    replaced: RefCell<IndexSet<(usize, String)>>,
    fault: RefCell<Option<FieldsError>>,
}

impl State<'_> {
    /// Stops the reader; the fault is what is reported.
    fn stop<T, E: serde::de::Error>(&self, fault: impl Into<FieldsError>) -> Result<T, E> {
        self.fault.borrow_mut().get_or_insert_with(|| fault.into());
        Err(E::custom("refused"))
    }

    /// A fault of the item that is read, if the body is a list of objects. The limit of fields holds for all items together.
    fn in_item(&self, error: FieldsError) -> FieldsError {
        if self.names_at == 0 || matches!(error, FieldsError::Env(EnvError::TooManyFields(_))) {
            return error;
        }
        FieldsError::Item { number: self.item.get() + 1, error: Box::new(error) }
    }

    /// Notes that a value below this name is not kept.
    fn replace(&self, name: &str) {
        let mut replaced = self.replaced.borrow_mut();
        if replaced.len() < MAX_REPLACED {
            replaced.insert((self.item.get(), name.to_owned()));
        }
    }
}

/// Reads one value.
struct ValueSeed<'s> {
    state: &'s State<'s>,
    /// The outermost name, for messages.
    field: &'s str,
    /// 0 = the object itself, which does not count as a field.
    depth: usize,
}

impl ValueSeed<'_> {
    fn below<'f>(&'f self, field: &'f str) -> ValueSeed<'f> {
        ValueSeed { state: self.state, field, depth: self.depth + 1 }
    }
}

impl<'de> DeserializeSeed<'de> for ValueSeed<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        if self.depth > 0 {
            let limits = self.state.limits;
            if self.depth > limits.depth {
                return self.state.stop(EnvError::TooDeep { limit: limits.depth, field: excerpt(self.field) });
            }
            match self.state.left.get().checked_sub(1) {
                Some(left) => self.state.left.set(left),
                None => return self.state.stop(EnvError::TooManyFields(limits.fields)),
            }
        }
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for ValueSeed<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(self.below(self.field))? {
            list.push(item);
            if self.depth < self.state.names_at {
                self.state.item.set(list.len());
            }
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            if key.starts_with(RESERVED) {
                // The library itself hands a number beyond 64 bits, or with a point, over as a map with this key and an owned text of digits.
                return match entries.next_value_seed(Digits) {
                    Ok(number) if map.is_empty() => Ok(Value::Number(number)),
                    _ => self.state.stop(FieldsError::ReservedName),
                };
            }
            if is_reserved(&key) {
                return self.state.stop(FieldsError::ReservedName);
            }
            let is_outermost = self.depth == self.state.names_at;
            let field = if is_outermost { key.as_str() } else { self.field };
            let value = entries.next_value_seed(self.below(field))?;
            match map.entry(key) {
                Entry::Vacant(place) => {
                    place.insert(value);
                }
                Entry::Occupied(mut place) => {
                    if *place.get() != value {
                        self.state.replace(if is_outermost { place.key() } else { self.field });
                    }
                    place.insert(value);
                }
            }
        }
        Ok(Value::Object(map))
    }
}

#[cfg(test)]
mod tests;
