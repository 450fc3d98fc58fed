//! `from_json` and `from_xml`: the nested values of a text. A value takes much more memory than its text, so each is paid
//! for before it is read.

use minijinja::{Environment, Error, State, Value};

use crate::expression::value::from_owned_json;
use crate::json_bytes::scanned;
use crate::xml;

/// Steps of an evaluation for a list, a map or an element: what is in it lies elsewhere in memory.
const FUEL_OF_LEVEL: u64 = 3;

/// Bytes of a text that are read in one step.
const BYTES_OF_A_STEP: u64 = 64;

pub(super) fn add(environment: &mut Environment<'static>) {
    environment.add_filter("from_json", from_json);
    environment.add_filter("from_xml", from_xml);
}

/// The value that a JSON text holds; nothing if it holds none. A value that is no text stays as it is.
fn from_json(state: &State, value: Value) -> Result<Value, Error> {
    let Some(text) = value.as_str() else { return Ok(value) };
    state.consume_fuel(fuel_of_json(text))?;
    Ok(serde_json::from_str(text).map_or(Value::UNDEFINED, from_owned_json))
}

/// The nested values of an XML text; nothing if it is none. A value that is no text stays as it is.
fn from_xml(state: &State, value: Value) -> Result<Value, Error> {
    let Some(text) = value.as_str() else { return Ok(value) };
    state.consume_fuel(fuel_of_xml(text))?;
    Ok(xml::value(text).map_or(Value::UNDEFINED, from_owned_json))
}

/// What the signs between the values of a JSON text cost; those inside of its texts cost nothing.
fn fuel_of_json(text: &str) -> u64 {
    let signs = scanned(text.as_bytes()).filter(|(_, is_text)| !is_text).map(|(byte, _)| byte);
    let fuel = signs.map(|sign| match sign {
        b'[' | b'{' => FUEL_OF_LEVEL,
        b',' | b':' => 1,
        _ => 0,
    });
    text.len() as u64 / BYTES_OF_A_STEP + fuel.sum::<u64>()
}

/// The same of the elements and attributes of an XML text.
fn fuel_of_xml(text: &str) -> u64 {
    let mut fuel = text.len() as u64 / BYTES_OF_A_STEP;
    let mut bytes = text.bytes().peekable();
    while let Some(byte) = bytes.next() {
        if byte == b'=' || byte == b'<' && bytes.peek() != Some(&b'/') {
            fuel += FUEL_OF_LEVEL;
        }
    }
    fuel
}

#[cfg(test)]
mod tests {
    use std::mem::size_of;

    use serde_json::Value;

    use super::*;
    use crate::expression::{FUEL, MAX_VALUE_BYTES};

    /// The bytes that a value holds, at least: vectors grow by doubling, and the smallest piece of memory has 32 bytes.
    fn held(value: &Value) -> usize {
        const PIECE: usize = 32;
        match value {
            Value::Null | Value::Bool(_) => 0,
            Value::Number(_) => PIECE,
            Value::String(text) => PIECE.max(text.capacity()),
            Value::Array(items) => items.capacity() * size_of::<Value>() + items.iter().map(held).sum::<usize>(),
            Value::Object(map) => {
                let places = map.len().next_power_of_two().max(4);
                let entries = places * (size_of::<(u64, String, Value)>() + size_of::<usize>());
                entries + map.iter().map(|(name, item)| PIECE.max(name.len()) + held(item)).sum::<usize>()
            }
        }
    }

    /// As much of a pattern as the fuel or the bytes allow; `#` is a number that is another one each time.
    fn filled(begin: &str, pattern: &str, end: &str, fuel: fn(&str) -> u64) -> String {
        let one = fuel(&pattern.repeat(64)).max(1);
        let count = (64 * FUEL / one).min((MAX_VALUE_BYTES / pattern.len()) as u64);
        let items = (0..count).map(|at| pattern.replace('#', &format!("{at:x}")));
        begin.to_owned() + &items.collect::<String>() + end
    }

    #[test]
    fn what_the_fuel_allows_takes_little_memory() {
        const MOST: usize = 16 * 1024 * 1024;
        for pattern in [
            "0,",
            "[],",
            "[0],",
            "{},",
            "\"\",",
            "[[[[0]]]],",
            "{\"a\":0},",
            "{\"a\":{\"a\":{\"a\":[0]}}},",
            "[{\"a\":[]}],",
        ] {
            let text = filled("[", pattern, "0]", fuel_of_json);
            let bytes = held(&serde_json::from_str(&text).unwrap());
            assert!(bytes < MOST, "{pattern}: {bytes}");
        }
        let text = filled("{", "\"#\":0,", "\"\":0}", fuel_of_json);
        let bytes = held(&serde_json::from_str(&text).unwrap());
        assert!(bytes < MOST, "names: {bytes}");
        for pattern in
            ["<b/>", "<b>1</b>", "<b c=''/>", "<b c='' d=''/>", "<b><c/></b>", "<b><c><d>1</d></c></b>", "<b#/>"]
        {
            let text = filled("<a>", pattern, "</a>", fuel_of_xml);
            let bytes = held(&xml::value(&text).unwrap());
            assert!(bytes < MOST, "{pattern}: {bytes}");
        }
    }

    #[test]
    fn bodies_that_people_send_are_read() {
        let lead = |n: usize| {
            format!("{{\"id\": {n}, \"name\": \"Ada Lovelace, Countess of {n}\", \"tags\": [\"web\", \"news\"]}},")
        };
        let json = format!("[{}0]", (0..6_000).map(lead).collect::<String>());
        assert!(json.len() > 400_000 && fuel_of_json(&json) < FUEL, "{} {}", json.len(), fuel_of_json(&json));
        let lead = |n: usize| format!("<lead id=\"{n}\"><name>Ada Lovelace, Countess</name><tag>web</tag></lead>");
        let xml = format!("<a>{}</a>", (0..6_000).map(lead).collect::<String>());
        assert!(xml.len() > 400_000 && fuel_of_xml(&xml) < FUEL, "{} {}", xml.len(), fuel_of_xml(&xml));
    }
}
