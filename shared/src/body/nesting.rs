//! Names with brackets, as PHP writes them, become lists and maps; no value is ever lost.
//!
//! - `a=1` is a text; a name that is repeated, and a name ending in `[]`, is a list of all its values in order.
//! - `a[b]=1` is a map, at any depth: `a[b][c]=1`, `a[][b]=1` (every `[]` opens a new item, as in PHP).
//! - A name whose keys are all whole numbers is a list in the order of these numbers. Gaps are closed. A value without a
//!   key takes the number behind the greatest one so far, as in PHP: `a[5]=x&a[]=y` is `["x", "y"]`.
//! - What has no key, at a name that has words as keys, stands in the map under the empty key:
//!   `a=1&a[b]=2` is `{"": "1", "b": "2"}`, and so is `a[b]=2&a=1` but for the order.
//! - Brackets that do not pair, or have no name before them (`a[b`, `a]b`, `a[b]c`, `[x]`), are part of a plain name.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::fields::{FieldsError, is_reserved};
use super::node::Node;
use crate::env::{Env, EnvError, Limits};
use crate::excerpt::excerpt;

/// A map that grows value by value. Counts while it grows, so that a body of nothing but separators is refused early.
pub(crate) struct Nesting {
    /// All names in the order in which they came, with the values of those that are plain names of texts.
    map: Map<String, Value>,
    /// The values of all other names.
    nested: HashMap<String, Node>,
    limits: Limits,
    left: usize,
}

impl Nesting {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self { map: Map::new(), nested: HashMap::new(), limits: *limits, left: limits.fields }
    }

    /// Adds a text. Takes the same time however many values its name already has.
    pub(crate) fn add(&mut self, name: String, text: String) -> Result<(), FieldsError> {
        self.count(1)?;
        if is_reserved(&name) {
            return Err(FieldsError::ReservedName);
        }
        if self.is_plain(&name) {
            put(self.map.entry(name).or_insert(Value::Null), text);
            return Ok(());
        }
        self.add_nested(&name, Value::String(text))
    }

    /// Adds a value of any kind. A list is one value, whatever else its name has.
    pub(crate) fn add_value(&mut self, name: &str, value: Value) -> Result<(), FieldsError> {
        self.count(counted(&value))?;
        if is_reserved(name) {
            return Err(FieldsError::ReservedName);
        }
        self.add_nested(name, value)
    }

    /// The whole map.
    pub(crate) fn finish(mut self) -> Env {
        for (name, node) in self.nested {
            self.map.insert(name, node.into_value());
        }
        Env(self.map)
    }

    fn count(&mut self, values: usize) -> Result<(), FieldsError> {
        let left = self.left.checked_sub(values);
        self.left = left.ok_or(EnvError::TooManyFields(self.limits.fields))?;
        Ok(())
    }

    fn is_plain(&self, name: &str) -> bool {
        brackets(name).is_none() && (self.nested.is_empty() || !self.nested.contains_key(name))
    }

    fn add_nested(&mut self, name: &str, value: Value) -> Result<(), FieldsError> {
        let Some((base, keys)) = brackets(name) else {
            self.node(name).put(value);
            return Ok(());
        };
        let levels = keys.split("][").take(self.limits.depth).count() + 1;
        if levels > self.limits.depth {
            return Err(EnvError::TooDeep { limit: self.limits.depth, field: excerpt(base) }.into());
        }
        let mut node = self.node(base);
        // The last `[]` says the same as a repeated name.
        let (keys, appends) = match keys.strip_suffix("][") {
            Some(keys) => (Some(keys), true),
            None if keys.is_empty() => (None, true),
            None => (Some(keys), false),
        };
        for key in keys.into_iter().flat_map(|keys| keys.split("][")) {
            node = node.child(key);
        }
        if appends {
            *node.push() = Node::Value(value)
        } else {
            node.put(value)
        }
        Ok(())
    }

    /// The node of a name. The texts that a plain name had so far move there; its place in the order stays.
    fn node(&mut self, base: &str) -> &mut Node {
        if !self.nested.contains_key(base) {
            let texts = self.map.entry(base).or_insert(Value::Null).take();
            self.nested.insert(base.to_owned(), Node::of_texts(texts));
        }
        self.nested.entry(base.to_owned()).or_default()
    }
}

/// `a[b][]` as `a` and `b][`; nothing if the name is a plain one.
pub(crate) fn brackets(name: &str) -> Option<(&str, &str)> {
    let (base, rest) = name.split_once('[')?;
    let keys = rest.strip_suffix(']')?;
    let paired = keys.split("][").all(|key| !key.contains(['[', ']']));
    (paired && !base.is_empty() && !base.contains(']')).then_some((base, keys))
}

/// One more text of a plain name. A place that is still null is a new one: forms hold no null.
fn put(place: &mut Value, text: String) {
    match place {
        Value::Array(texts) => texts.push(Value::String(text)),
        Value::Null => *place = Value::String(text),
        _ => *place = Value::Array(vec![place.take(), Value::String(text)]),
    }
}

/// How many names and items a value counts for.
fn counted(value: &Value) -> usize {
    1 + match value {
        Value::Array(items) => items.iter().map(counted).sum(),
        Value::Object(map) => map.values().map(counted).sum(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
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
            ("a[1]=x&a[0]=y", r#"{"a":["y","x"]}"#),
            ("a[1]=x&a[2]=y", r#"{"a":["x","y"]}"#),
            ("a[0]=x&a[k]=y", r#"{"a":{"0":"x","k":"y"}}"#),
            ("a[00]=x", r#"{"a":{"00":"x"}}"#),
            ("a=1&a[b]=2", r#"{"a":{"":"1","b":"2"}}"#),
            ("a[b]=2&a=1&a=3", r#"{"a":{"b":"2","":["1","3"]}}"#),
            ("a[]=1&a[]=2&a[b]=3", r#"{"a":{"":["1","2"],"b":"3"}}"#),
            ("a[b]=1&a[]=2&a[][c]=3", r#"{"a":{"b":"1","":["2",{"c":"3"}]}}"#),
            ("a[b]=1&a[b][c]=2", r#"{"a":{"b":{"":"1","c":"2"}}}"#),
            ("a[0]=x&a[]=y", r#"{"a":["x","y"]}"#),
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
    fn a_name_whose_keys_are_all_whole_numbers_is_a_list_in_their_order() {
        for (form, json) in [
            // C18 of the callers: PHP after array_filter.
            ("tags[0]=web&tags[2]=news", r#"{"tags":["web","news"]}"#),
            ("a[5]=x&a[]=y", r#"{"a":["x","y"]}"#),
            ("a[10]=c&a[9]=b&a[0]=a", r#"{"a":["a","b","c"]}"#),
            ("a[5]=x&a[]=y&a[7]=z&a[]=last", r#"{"a":["x","y","z","last"]}"#),
            ("a[]=x&a[1]=y&a[]=z", r#"{"a":["x","y","z"]}"#),
            ("a[]=x&a[0]=y", r#"{"a":[["x","y"]]}"#),
            ("a[0]=x&a=y", r#"{"a":["x","y"]}"#),
            ("a=x&a[3]=y", r#"{"a":["x","y"]}"#),
            ("p[2][id]=7&p[0][id]=5", r#"{"p":[{"id":"5"},{"id":"7"}]}"#),
            ("p[x][3]=a&p[x][1]=b", r#"{"p":{"x":["b","a"]}}"#),
            ("a[3][]=x&a[3][]=y", r#"{"a":[["x","y"]]}"#),
            ("a[999999999999999999]=x&a[]=y", r#"{"a":["x","y"]}"#),
            ("a[0]=x&a[k]=y&a[]=z", r#"{"a":{"0":"x","k":"y","":["z"]}}"#),
            ("a[0]=x&a[01]=y", r#"{"a":{"0":"x","01":"y"}}"#),
            ("a[-1]=x", r#"{"a":{"-1":"x"}}"#),
            ("a[18446744073709551616]=x", r#"{"a":{"18446744073709551616":"x"}}"#),
        ] {
            assert_eq!(nested(form).unwrap(), json, "{form}");
        }
    }

    #[test]
    fn a_value_of_any_kind_is_one_value_of_its_name() {
        let mut nesting = Nesting::new(&Limits { fields: 9, ..Limits::default() });
        let list: Value = serde_json::from_str("[1,[2]]").unwrap();
        nesting.add("a".into(), "x".into()).unwrap();
        nesting.add_value("a", list.clone()).unwrap();
        nesting.add_value("b[c]", Value::Null).unwrap();
        nesting.add("d".into(), "1".into()).unwrap();
        assert_eq!(nesting.add_value("e", list), Err(EnvError::TooManyFields(9).into()));
        assert_eq!(serde_json::to_string(&nesting.finish()).unwrap(), r#"{"a":["x",[1,[2]]],"b":{"c":null},"d":"1"}"#);
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
