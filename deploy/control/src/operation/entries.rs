//! Reads an input from the argument of a path, query variables and the fields of a JSON body, as serde reads a map.
//! Texts of a path or a query become the numbers and flags that the input asks for.

use std::cell::RefCell;
use std::vec::IntoIter;

use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, Error as _, IntoDeserializer, MapAccess, Visitor};
use serde::forward_to_deserialize_any;
use serde_json::{Error, Value};

/// A value as it came.
#[derive(Debug)]
pub enum Entry {
    /// Of a path or a query.
    Text(String),
    /// Of a JSON body.
    Json(Value),
}

/// What is wrong with an input.
#[derive(Debug, PartialEq, Eq)]
pub struct Fault {
    /// The name whose value cannot be read; none = it is not the value of one name.
    pub name: Option<String>,
    /// What is wrong.
    pub message: String,
}

/// The input that these entries are.
pub fn read<T: DeserializeOwned>(entries: Vec<(String, Entry)>) -> Result<T, Fault> {
    let name = RefCell::new(None);
    let map = Entries { rest: entries.into_iter(), next: None, name: &name };
    let read = T::deserialize(MapAccessDeserializer::new(map));
    read.map_err(|error| Fault { name: name.take(), message: error.to_string() })
}

struct Entries<'n> {
    rest: IntoIter<(String, Entry)>,
    next: Option<Entry>,
    /// The name whose value is read at this moment.
    name: &'n RefCell<Option<String>>,
}

impl<'de> MapAccess<'de> for Entries<'_> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Error> {
        self.name.replace(None);
        let Some((name, entry)) = self.rest.next() else { return Ok(None) };
        self.next = Some(entry);
        let key = seed.deserialize(name.as_str().into_deserializer())?;
        self.name.replace(Some(name));
        Ok(Some(key))
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Error> {
        match self.next.take() {
            Some(Entry::Json(value)) => seed.deserialize(value),
            Some(Entry::Text(text)) => seed.deserialize(Text(text)),
            None => Err(Error::custom("a value without a name")),
        }
    }
}

/// A text that becomes what is asked for.
struct Text(String);

impl Text {
    fn number<N: std::str::FromStr>(&self) -> Result<N, Error> {
        let wrong = || Error::custom(format!("{:?} is not a whole number in range", shortened(&self.0)));
        // `+` is read as a sign by Rust, and is none in JSON.
        if self.0.starts_with('+') { Err(wrong()) } else { self.0.parse().map_err(|_| wrong()) }
    }
}

impl<'de> Deserializer<'de> for Text {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_string(self.0)
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0.as_str() {
            "true" => visitor.visit_bool(true),
            "false" => visitor.visit_bool(false),
            _ => Err(Error::custom("must be true or false")),
        }
    }

    fn deserialize_i32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_i32(self.number()?)
    }

    fn deserialize_i64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_i64(self.number()?)
    }

    fn deserialize_u64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_u64(self.number()?)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_enum(self.0.into_deserializer())
    }

    forward_to_deserialize_any! {
        i8 i16 i128 u8 u16 u32 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple tuple_struct map
        struct identifier ignored_any
    }
}

fn shortened(text: &str) -> String {
    text.chars().take(40).collect()
}

#[cfg(test)]
mod tests {
    use postern_shared::id::WorkflowId;
    use serde::Deserialize;
    use serde_json::json;

    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Input {
        workflow: Option<WorkflowId>,
        last: Option<i64>,
        values: Option<bool>,
        name: Option<String>,
    }

    #[test]
    fn texts_become_what_the_input_asks_for() {
        let text = |name: &str, text: &str| (name.to_owned(), Entry::Text(text.to_owned()));
        let read_all = read::<Input>(vec![
            text("workflow", "77"),
            text("last", "-3"),
            text("values", "true"),
            ("name".to_owned(), Entry::Json(json!("7"))),
        ]);
        let expected = Input {
            workflow: Some(77.try_into().unwrap()),
            last: Some(-3),
            values: Some(true),
            name: Some("7".to_owned()),
        };
        assert_eq!(read_all, Ok(expected));
        for (name, value) in [("workflow", "0"), ("workflow", "+1"), ("last", "1.5"), ("values", "yes"), ("last", "")] {
            let fault = read::<Input>(vec![text(name, value)]).unwrap_err();
            assert_eq!(fault.name.as_deref(), Some(name), "{value}: {}", fault.message);
        }
        let fault = read::<Input>(vec![text("lsat", "1")]).unwrap_err();
        assert!(fault.name.is_none() && fault.message.contains("unknown field `lsat`"), "{fault:?}");
    }
}
