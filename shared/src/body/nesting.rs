//! Names with brackets, as PHP writes them, become lists and maps; no value is ever lost.
//!
//! - `a=1` is a text; a name that is repeated, and a name ending in `[]`, is a list of all its values in order.
//! - `a[b]=1` is a map, at any depth: `a[b][c]=1`, `a[][b]=1` (every `[]` opens a new item, as in PHP).
//! - A map whose keys are exactly `0`, `1`, `2`, … in this order is a list.
//! - What has no key, at a name that has keys too, stands in the map under the empty key:
//!   `a=1&a[b]=2` is `{"": "1", "b": "2"}`, and so is `a[b]=2&a=1` but for the order.
//! - Brackets that do not pair, or have no name before them (`a[b`, `a]b`, `a[b]c`, `[x]`), are part of a plain name.

use serde_json::{Map, Value};

use super::fields::{FieldsError, excerpt, is_reserved};
use crate::env::{Env, EnvError, Limits};

/// A map that grows value by value. Counts while it grows, so that a body of nothing but separators is refused early.
pub(crate) struct Nesting {
    map: Map<String, Value>,
    limits: Limits,
    left: usize,
    has_brackets: bool,
}

impl Nesting {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self { map: Map::new(), limits: *limits, left: limits.fields, has_brackets: false }
    }

    /// Adds a value. Takes the same time however many values its name already has.
    pub(crate) fn add(&mut self, name: String, value: String) -> Result<(), FieldsError> {
        self.left = self.left.checked_sub(1).ok_or(EnvError::TooManyFields(self.limits.fields))?;
        if is_reserved(&name) {
            return Err(FieldsError::ReservedName);
        }
        let Some((base, keys)) = brackets(&name) else {
            // A place that is still null is a new one: forms hold no null.
            put(self.map.entry(name).or_insert(Value::Null), value);
            return Ok(());
        };
        let levels = keys.split("][").take(self.limits.depth).count() + 1;
        if levels > self.limits.depth {
            return Err(EnvError::TooDeep { limit: self.limits.depth, field: excerpt(base) }.into());
        }
        self.has_brackets = true;
        let mut place = self.map.entry(base).or_insert(Value::Null);
        // The last `[]` says the same as a repeated name.
        let (keys, appends) = match keys.strip_suffix("][") {
            Some(keys) => (Some(keys), true),
            None if keys.is_empty() => (None, true),
            None => (Some(keys), false),
        };
        for key in keys.into_iter().flat_map(|keys| keys.split("][")) {
            place = child(place, key);
        }
        if appends {
            *push(keyless(place)) = Value::String(value);
        } else {
            put(place, value);
        }
        Ok(())
    }

    /// The whole map.
    pub(crate) fn finish(mut self) -> Env {
        if self.has_brackets {
            self.map.values_mut().for_each(number_lists);
        }
        Env(self.map)
    }
}

/// `a[b][]` as `a` and `b][`; nothing if the name is a plain one.
fn brackets(name: &str) -> Option<(&str, &str)> {
    let (base, rest) = name.split_once('[')?;
    let keys = rest.strip_suffix(']')?;
    let paired = keys.split("][").all(|key| !key.contains(['[', ']']));
    (paired && !base.is_empty() && !base.contains(']')).then_some((base, keys))
}

/// Where things without a key stand.
fn keyless(place: &mut Value) -> &mut Value {
    match place {
        Value::Object(map) => map.entry("").or_insert(Value::Null),
        other => other,
    }
}

fn put(place: &mut Value, value: String) {
    let place = keyless(place);
    if place.is_null() {
        *place = Value::String(value);
    } else {
        *push(place) = Value::String(value);
    }
}

/// A new item of a list; what is there already becomes the first one.
fn push(place: &mut Value) -> &mut Value {
    if !place.is_array() {
        let old = place.take();
        *place = Value::Array(if old.is_null() { Vec::new() } else { vec![old] });
    }
    match place {
        Value::Array(items) => {
            items.push(Value::Null);
            let last = items.len() - 1;
            &mut items[last]
        }
        other => other,
    }
}

fn child<'v>(place: &'v mut Value, key: &str) -> &'v mut Value {
    if key.is_empty() {
        return push(keyless(place));
    }
    if !place.is_object() {
        let old = place.take();
        let keyless = (!old.is_null()).then(|| (String::new(), old));
        *place = Value::Object(keyless.into_iter().collect());
    }
    match place {
        Value::Object(map) => map.entry(key).or_insert(Value::Null),
        other => other,
    }
}

/// Makes lists of the maps whose keys count from 0, from the innermost outwards.
fn number_lists(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(number_lists),
        Value::Object(map) => {
            map.values_mut().for_each(number_lists);
            if map.keys().enumerate().all(|(index, key)| *key == index.to_string()) {
                let items = std::mem::take(map).into_iter().map(|(_, item)| item).collect();
                *value = Value::Array(items);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nested(names: &str) -> Result<String, FieldsError> {
        let mut nesting = Nesting::new(&Limits { fields: 20, depth: 4, ..Limits::default() });
        for pair in names.split('&') {
            let (name, value) = pair.split_once('=').unwrap();
            nesting.add(name.into(), value.into())?;
        }
        Ok(serde_json::to_string(&nesting.finish()).unwrap())
    }

    #[test]
    fn names_nest_and_keep_every_value() {
        for (form, json) in [
            ("a=1&b=2", r#"{"a":"1","b":"2"}"#),
            ("a=1&b=2&a=3&a=4", r#"{"a":["1","3","4"],"b":"2"}"#),
            ("a[]=1", r#"{"a":["1"]}"#),
            ("a[]=1&a[]=2", r#"{"a":["1","2"]}"#),
            ("a=1&a[]=2&a=3", r#"{"a":["1","2","3"]}"#),
            ("a[]=1&a=2", r#"{"a":["1","2"]}"#),
            ("a[b]=1&a[c]=2", r#"{"a":{"b":"1","c":"2"}}"#),
            ("a[b]=1&a[b]=2", r#"{"a":{"b":["1","2"]}}"#),
            ("a[b][]=1&a[b][]=2", r#"{"a":{"b":["1","2"]}}"#),
            ("a[b][c]=1&a[b][d]=2", r#"{"a":{"b":{"c":"1","d":"2"}}}"#),
            ("a[][b]=1&a[][b]=2", r#"{"a":[{"b":"1"},{"b":"2"}]}"#),
            ("a[][]=1&a[][]=2", r#"{"a":[["1"],["2"]]}"#),
            ("a[0]=x&a[1]=y", r#"{"a":["x","y"]}"#),
            ("a[0][b]=x&a[0][c]=y&a[1][b]=z", r#"{"a":[{"b":"x","c":"y"},{"b":"z"}]}"#),
            ("a[1]=x&a[0]=y", r#"{"a":{"1":"x","0":"y"}}"#),
            ("a[1]=x&a[2]=y", r#"{"a":{"1":"x","2":"y"}}"#),
            ("a[0]=x&a[k]=y", r#"{"a":{"0":"x","k":"y"}}"#),
            ("a[00]=x", r#"{"a":{"00":"x"}}"#),
            ("a=1&a[b]=2", r#"{"a":{"":"1","b":"2"}}"#),
            ("a[b]=2&a=1&a=3", r#"{"a":{"b":"2","":["1","3"]}}"#),
            ("a[]=1&a[]=2&a[b]=3", r#"{"a":{"":["1","2"],"b":"3"}}"#),
            ("a[b]=1&a[]=2&a[][c]=3", r#"{"a":{"b":"1","":["2",{"c":"3"}]}}"#),
            ("a[b]=1&a[b][c]=2", r#"{"a":{"b":{"":"1","c":"2"}}}"#),
            ("a[0]=x&a[]=y", r#"{"a":{"0":"x","":["y"]}}"#),
            ("a[b=1&a]b=2&[x]=3&a[b]c=4", r#"{"a[b":"1","a]b":"2","[x]":"3","a[b]c":"4"}"#),
            ("a[b[c]=1&a]b[c]=2&a[b]]=3&[]=4&]=5", r#"{"a[b[c]":"1","a]b[c]":"2","a[b]]":"3","[]":"4","]":"5"}"#),
            ("a[[b]]=1&a[b][=2", r#"{"a[[b]]":"1","a[b][":"2"}"#),
            ("a[ b ]=1", r#"{"a":{" b ":"1"}}"#),
            ("=1&=2", r#"{"":["1","2"]}"#),
            ("a[b][c][d]=1", r#"{"a":{"b":{"c":{"d":"1"}}}}"#),
        ] {
            assert_eq!(nested(form).unwrap(), json, "{form}");
        }
    }

    #[test]
    fn too_deep_too_many_and_reserved_names_are_refused() {
        let deep = EnvError::TooDeep { limit: 4, field: "a".into() };
        for form in ["a[b][c][d][e]=1".to_owned(), "a[][][][]=1".to_owned(), format!("a{}=1", "[]".repeat(500_000))] {
            assert_eq!(nested(&form), Err(deep.clone().into()));
        }
        assert_eq!(nested(&["a=1"; 21].join("&")), Err(EnvError::TooManyFields(20).into()));
        assert_eq!(nested("a[$serde_json::private::Number]=1"), Err(FieldsError::ReservedName));
    }
}
