//! What reading a body takes of the memory, told before it is read: many short names take many times the bytes in which
//! they came.

use super::json;
use super::media_type::{Kind, kind};
use crate::env::{Env, Limits};
use crate::json_bytes::scanned;
use serde_json::Value;

/// What a name or an item takes in memory beside its text: its place in a map or a list, which may be twice as large as it
/// is filled, and its value.
pub const FIELD_BYTES: usize = 160;

/// What a map takes beside that: it has room for four entries from its first one on.
const MAP_BYTES: usize = 320;

/// A body of up to so many bytes takes little in any case.
const LITTLE_BYTES: usize = 4 * 1024;

/// The bytes that the variables of a body take at most, about, together with what is written of them as JSON: both have the
/// texts of the body. A body with more variables than the limit is refused while it is read.
pub fn at_most(content_type: Option<&str>, body: &[u8], limits: &Limits) -> usize {
    if body.len() <= LITTLE_BYTES {
        return 0;
    }
    let (fields, maps) = match kind(content_type.unwrap_or_default()) {
        Kind::Form if !json::looks_like_object(body) => pairs(body),
        // Its parts may be JSON.
        Kind::Multipart => {
            let count = |signs: &[u8]| body.iter().filter(|byte| signs.contains(byte)).count();
            (count(b",[{\n"), count(b"[{"))
        }
        Kind::Form | Kind::Json | Kind::Text | Kind::Other => items(body),
    };
    fields.min(limits.fields) * FIELD_BYTES + maps.min(limits.fields) * MAP_BYTES + 2 * body.len()
}

/// What variables take in memory, about.
pub fn of(env: &Env) -> usize {
    fn of_value(value: &Value) -> usize {
        FIELD_BYTES
            + match value {
                Value::String(text) => text.len(),
                Value::Array(items) => items.iter().map(of_value).sum(),
                Value::Object(fields) => {
                    MAP_BYTES + fields.iter().map(|(name, value)| name.len() + of_value(value)).sum::<usize>()
                }
                Value::Null | Value::Bool(_) | Value::Number(_) => 0,
            }
    }
    env.0.iter().map(|(name, value)| name.len() + of_value(value)).sum()
}

/// How many values and levels a form has at most, and how many maps: every key in brackets may begin one.
fn pairs(form: &[u8]) -> (usize, usize) {
    let (mut fields, mut maps) = (1, 0);
    for (at, byte) in form.iter().enumerate() {
        let inner = match (byte, &form[at + 1..]) {
            (b'[', inner) | (b'%', [b'5', b'B' | b'b', inner @ ..]) => inner,
            _ => {
                fields += usize::from(*byte == b'&');
                continue;
            }
        };
        fields += 1;
        maps += usize::from(!matches!(inner, [b']', ..] | [b'%', b'5', b'D' | b'd', ..]));
    }
    (fields, maps)
}

/// How many names and items JSON has at most, and how many maps, by the signs outside of texts.
fn items(json: &[u8]) -> (usize, usize) {
    let signs = scanned(json).filter(|(_, is_text)| !is_text).map(|(byte, _)| byte);
    signs.fold((0, 0), |(items, maps), sign| match sign {
        b',' | b'[' => (items + 1, maps),
        b'{' => (items + 1, maps + 1),
        _ => (items, maps),
    })
}

#[cfg(test)]
mod tests {
    use super::super::fields::{FieldSettings, fields};
    use super::*;
    use crate::permission::Files;

    #[test]
    fn what_is_told_before_a_body_is_read_is_not_exceeded_and_not_far_above() {
        let many = |one: &str, before: &str, behind: &str| format!("{before}{}{behind}", one.repeat(5_000));
        let part = "--X\r\ncontent-disposition: form-data; name=a\r\n\r\n1\r\n";
        for (content_type, body, most) in [
            ("", many("a=1&", "", ""), 2),
            ("", many("a[]=1&", "", ""), 2),
            ("", many("a[][b]=1&", "", ""), 2),
            ("", many("a%5B%5D%5Bb%5D=1&", "", ""), 2),
            ("", many("\"a\":1,", "{", "\"b\":2}"), 5_100),
            ("application/json", many("[],", "{\"a\":[", "1]}"), 2),
            ("application/json", many("{\"b\":{}},", "{\"a\":[", "1]}"), 2),
            ("text/plain", many("\\\",[{", "{\"a\":\"", "\"}"), 20),
            ("multipart/form-data; boundary=X", many(part, "", "--X--"), 5),
        ] {
            let limits = Limits { fields: 100_000, ..Limits::default() };
            let settings = FieldSettings {
                limits,
                charset: None,
                overriding: None,
                files: Files::Refuse,
                raw: false,
                batch: false,
            };
            let told = at_most(Some(content_type), body.as_bytes(), &limits);
            let taken = of(&fields(Some(content_type), body.as_bytes(), &settings).unwrap().env);
            assert!(taken + body.len() <= told, "{content_type}: {taken} of {told}");
            assert!(told <= (taken + 2 * body.len()) * most, "{content_type}: {told} for {taken}");
        }
        assert_eq!(at_most(None, &[b'&'; 4_096], &Limits::default()), 0);
        assert_eq!(
            at_most(None, &[b'&'; 1_000_000], &Limits { fields: 7, ..Limits::default() }),
            7 * FIELD_BYTES + 2_000_000
        );
    }
}
