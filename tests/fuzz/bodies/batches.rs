//! A list is as many submissions as it has items, each as it would be alone, in order; or a 4xx with a reason.

use postern_shared::body::fields::{FieldSettings, Posted, posted};
use postern_shared::env::Limits;
use postern_shared::intake::error::ApiError;
use postern_shared::permission::Files;

/// The most items of a list.
const MAX_ITEMS: usize = 1_000;

const TYPES: [Option<&str>; 4] =
    [None, Some("application/json"), Some("text/plain; charset=windows-1251"), Some("multipart/form-data; boundary=X")];

/// Fails if it does not hold for this input.
pub fn check(data: &[u8]) {
    let [first, body @ ..] = data else { return };
    let content_type = TYPES[usize::from(first & 3)];
    let limits = Limits { body_bytes: 1 << 20, fields: 50, name_bytes: 40, depth: 1 + usize::from(first >> 4) };
    let settings =
        FieldSettings { limits, charset: None, overriding: None, files: Files::Refuse, raw: false, batch: true };
    match posted(content_type, body, &settings) {
        Ok(Posted::One(fields)) => assert_eq!(limits.check(&fields.env), Ok(())),
        Ok(Posted::Several(items)) => {
            assert!(items.len() <= MAX_ITEMS);
            assert!(items.iter().all(|item| limits.check(&item.env) == Ok(())));
            let alone = divided(body);
            assert_eq!(alone.len(), items.len());
            // A list does not tell a U+FFFD that was posted from one that stands for half a character.
            let is_posted = body.windows(3).any(|three| three == "\u{fffd}".as_bytes())
                || body.to_ascii_lowercase().windows(6).any(|six| six == b"\\ufffd");
            for (alone, item) in alone.into_iter().zip(items) {
                match posted(content_type, alone, &settings) {
                    Ok(Posted::One(alone)) if is_posted => assert_eq!(alone.env, item.env),
                    alone => assert_eq!(alone, Ok(Posted::One(item))),
                }
            }
        }
        Err(error) => {
            let error = ApiError::from(error);
            assert!((400..500).contains(&error.code.status()) && !error.message.to_string().is_empty());
            assert!(error.message.to_string().len() < 1_000, "{}", error.message);
        }
    }
}

/// The items of a list of JSON: what stands between the commas of its first level.
fn divided(list: &[u8]) -> Vec<&[u8]> {
    let (mut items, mut begin, mut depth, mut is_text, mut is_escaped) = (Vec::new(), 0, 0, false, false);
    for (at, byte) in list.iter().enumerate() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if is_text => is_escaped = true,
            b'"' => is_text = !is_text,
            _ if is_text => {}
            b'[' | b'{' => {
                depth += 1;
                begin = if depth == 1 { at + 1 } else { begin };
            }
            b',' if depth == 1 => {
                items.push(list[begin..at].trim_ascii());
                begin = at + 1;
            }
            b']' | b'}' => {
                depth -= 1;
                if depth == 0 {
                    items.push(list[begin..at].trim_ascii());
                }
            }
            _ => {}
        }
    }
    items.retain(|item| !item.is_empty());
    items
}
