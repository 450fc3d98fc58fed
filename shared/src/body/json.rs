//! A JSON object. Counted and measured while it is read, so that a body of a hundred thousand empty lists is refused
//! early. Numbers keep their digits; of a key that stands twice in a map the last value wins, as in browsers and PHP.

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};
use std::cell::{Cell, RefCell};
use std::fmt;

use crate::env::{Env, EnvError, Limits};

use super::fields::{FieldsError, RESERVED, excerpt, is_reserved};

/// Reads a JSON object in UTF-8. A byte order mark before it is tolerated.
pub(super) fn parse(body: &[u8], limits: &Limits) -> Result<Env, FieldsError> {
    let body = without_bom(body);
    if !looks_like_object(body) && serde_json::from_slice::<serde::de::IgnoredAny>(body).is_ok() {
        return Err(FieldsError::NotAnObject);
    }
    let state = State { limits, left: Cell::new(limits.fields), fault: RefCell::new(None) };
    let mut reader = serde_json::Deserializer::from_slice(body);
    let read = ValueSeed { state: &state, field: "", depth: 0 }.deserialize(&mut reader);
    let read = read.and_then(|value| reader.end().map(|()| value));
    match (read, state.fault.into_inner()) {
        (_, Some(fault)) => Err(fault),
        (Ok(Value::Object(map)), None) => Ok(Env(map)),
        (Ok(_), None) => Err(FieldsError::NotAnObject),
        // The messages of syntax errors hold nothing of the body; what the visitor refuses is a fault of ours.
        (Err(error), None) => Err(FieldsError::MalformedJson(error.to_string())),
    }
}

/// Whether the first character behind a byte order mark and blanks opens an object.
pub(super) fn looks_like_object(body: &[u8]) -> bool {
    without_bom(body).trim_ascii_start().first() == Some(&b'{')
}

fn without_bom(body: &[u8]) -> &[u8] {
    body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body)
}

struct State<'l> {
    limits: &'l Limits,
    left: Cell<usize>,
    fault: RefCell<Option<FieldsError>>,
}

impl State<'_> {
    /// Stops the reader; the fault is what is reported.
    fn stop<T, E: serde::de::Error>(&self, fault: impl Into<FieldsError>) -> Result<T, E> {
        self.fault.borrow_mut().get_or_insert_with(|| fault.into());
        Err(E::custom("refused"))
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
            let field = if self.depth == 0 { key.as_str() } else { self.field };
            let value = entries.next_value_seed(self.below(field))?;
            map.insert(key, value);
        }
        Ok(Value::Object(map))
    }
}

/// The digits of a number. A text that stands in the body is handed over borrowed or as a slice, never owned, so a
/// posted key of the same name cannot pass for a number.
struct Digits;

impl<'de> DeserializeSeed<'de> for Digits {
    type Value = serde_json::Number;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl Visitor<'_> for Digits {
    type Value = serde_json::Number;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the digits of a number")
    }

    fn visit_str<E: serde::de::Error>(self, _: &str) -> Result<Self::Value, E> {
        Err(E::custom("a text of the body"))
    }

    fn visit_string<E: serde::de::Error>(self, digits: String) -> Result<Self::Value, E> {
        digits.parse().map_err(E::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str) -> Result<String, FieldsError> {
        let limits = Limits { fields: 6, depth: 3, ..Limits::default() };
        parse(body.as_bytes(), &limits).map(|env| serde_json::to_string(&env).unwrap())
    }

    #[test]
    fn types_nesting_digits_and_order_are_kept() {
        for body in [
            "{}",
            r#"{"z":1.10,"a":-0,"m":12345678901234567890123}"#,
            r#"{"a":[1,"x",true,null,{}]}"#,
            r#"{"a":{"b":["c"]},"":""}"#,
            r#"{"Number":1,"$serde_json":2}"#,
        ] {
            assert_eq!(read(body).as_deref(), Ok(body));
        }
        assert_eq!(read("\u{feff} \r\n{ \"a\" : 1e2 } ").unwrap(), r#"{"a":1e+2}"#);
        assert_eq!(read(r#"{"a":1,"b":2,"a":3}"#).unwrap(), r#"{"a":3,"b":2}"#);
        assert_eq!(read(r#"{"\u0061":"\ud83d\ude00"}"#).unwrap(), r#"{"a":"😀"}"#);
    }

    #[test]
    fn what_is_no_object_or_no_json_is_told_apart() {
        for body in ["[]", "[{}]", "1", "\"x\"", "null", " true ", "1e999"] {
            assert_eq!(read(body), Err(FieldsError::NotAnObject), "{body}");
        }
        for (body, place) in [
            ("{", "line 1 column 1"),
            ("{\"a\":1,\n\"b\":}", "line 2 column 5"),
            ("{\"a\":1}x", "line 1 column 8"),
            ("{\"a\":1}{}", "line 1 column 8"),
            ("{a:1}", "line 1 column 2"),
            ("{'a':1}", "line 1 column 2"),
            ("{\"a\":01}", "line 1 column 7"),
            ("{\"a\":\"\\ud800\"}", "line 1 column 13"),
            ("{\"a\":\"\n\"}", "line 2 column 0"),
            ("", "line 1 column 0"),
            ("  ", "line 1 column 2"),
            ("a=1", "line 1 column 1"),
        ] {
            let error = read(body).unwrap_err().to_string();
            assert!(error.starts_with("the body is not JSON: ") && error.ends_with(place), "{body}: {error}");
        }
        assert!(matches!(parse(b"{\"a\":\"\xff\"}", &Limits::default()), Err(FieldsError::MalformedJson(_))));
    }

    #[test]
    fn limits_hold_while_reading() {
        let deep = EnvError::TooDeep { limit: 3, field: "a".into() };
        assert_eq!(read(r#"{"b":1,"a":[[[1]]]}"#), Err(deep.clone().into()));
        assert_eq!(read(&format!("{{\"a\":{}", "[".repeat(500_000))), Err(deep.into()));
        assert_eq!(read(&format!("{{\"a\":[{}", "[],".repeat(300_000))), Err(EnvError::TooManyFields(6).into()));
        assert_eq!(read(r#"{"a":1,"a":1,"a":1,"a":1,"a":1,"a":1,"a":1}"#), Err(EnvError::TooManyFields(6).into()));
    }

    #[test]
    fn a_posted_key_cannot_pass_for_a_number_of_the_library() {
        for body in [
            r#"{"$serde_json::private::Number":"1"}"#,
            r#"{"$serde_json::private::Number":1}"#,
            r#"{"\u0024serde_json::private::Number":"1"}"#,
            r#"{"$serde_json::private::Number":"\u0031"}"#,
            r#"{"a":{"$serde_json::private::Number":"x"}}"#,
            r#"{"a":1,"$serde_json::private::Number":"1"}"#,
            r#"{"a":[{"b":1,"$serde_json::private::RawValue":"1"}]}"#,
            r#"{"x$serde_json::private::Number":1}"#,
        ] {
            assert_eq!(read(body), Err(FieldsError::ReservedName), "{body}");
        }
    }
}
