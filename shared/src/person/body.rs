//! Bodies of any kind as documents in which a person is looked for: JSON, a form, or text. A body may be in any of the usual
//! charsets, so that there is a document for each charset in which it may be.

use encoding_rs::{Encoding, UTF_16BE, UTF_16LE, WINDOWS_1251};
use serde_json::{Map, Value};

use crate::body::form::decoded;

/// A body as the documents that it may be.
pub(super) fn documents(bytes: &[u8]) -> Vec<Value> {
    let Some(encoding) = utf_16(bytes) else { return read(bytes) };
    read(encoding.decode_with_bom_removal(bytes).0.as_bytes())
}

fn read(bytes: &[u8]) -> Vec<Value> {
    if let Ok(document) = serde_json::from_slice::<Value>(bytes) {
        return vec![document];
    }
    if is_form(bytes) {
        return [pairs(bytes, utf_8), pairs(bytes, cyrillic)].into_iter().collect();
    }
    [bytes, &decoded(bytes)].into_iter().flat_map(|bytes| [utf_8(bytes), cyrillic(bytes)]).map(Value::String).collect()
}

/// The pairs of a form; none = it is none.
pub(super) fn form(bytes: &[u8]) -> Option<Value> {
    is_form(bytes).then(|| pairs(bytes, utf_8))
}

/// A form has a name and a value, and no blank: what stands in it is encoded.
fn is_form(bytes: &[u8]) -> bool {
    bytes.contains(&b'=') && bytes.iter().all(|byte| *byte > b' ' && *byte != b'<')
}

/// A name that is repeated has the list of its values.
fn pairs(bytes: &[u8], text: fn(&[u8]) -> String) -> Value {
    let mut map = Map::new();
    for pair in bytes.split(|byte| *byte == b'&') {
        let end = pair.iter().position(|byte| *byte == b'=').unwrap_or(pair.len());
        let (name, value) = (text(&decoded(&pair[..end])), text(&decoded(pair.get(end + 1..).unwrap_or_default())));
        match map.get_mut(&name) {
            None => drop(map.insert(name, value.into())),
            Some(Value::Array(all)) => all.push(value.into()),
            Some(one) => *one = Value::Array(vec![one.take(), value.into()]),
        }
    }
    Value::Object(map)
}

fn utf_8(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn cyrillic(bytes: &[u8]) -> String {
    WINDOWS_1251.decode_without_bom_handling(bytes).0.into_owned()
}

/// UTF-16 begins with its mark, or with a character of ASCII, which has a zero beside it.
fn utf_16(bytes: &[u8]) -> Option<&'static Encoding> {
    match bytes {
        [0xff, 0xfe, ..] => Some(UTF_16LE),
        [0xfe, 0xff, ..] => Some(UTF_16BE),
        [0, first, ..] if *first != 0 => Some(UTF_16BE),
        [first, 0, ..] if *first != 0 => Some(UTF_16LE),
        _ => None,
    }
}
