//! Halves of characters in JSON. `"\ud83d"` is the first half of a surrogate pair (RFC 8259, 7 and 8.2): what JavaScript
//! writes of a text that it cut within an emoji. No text in UTF-8 can hold it.

use std::ops::Range;

/// What stands for half a character. It is as long as the escape of one, so that lines and columns stay.
const REPLACEMENT: &[u8] = br"\ufffd";

/// The same JSON with U+FFFD for every half of a character, and the outermost names at which that was done; nothing if
/// there is none.
pub(super) fn replaced(json: &[u8]) -> Option<(Vec<u8>, Vec<String>)> {
    let mut mended = json.to_vec();
    let (mut names, mut name): (Vec<String>, Range<usize>) = (Vec::new(), 0..0);
    let (mut at, mut depth, mut is_replaced) = (0, 0_usize, false);
    while let Some(byte) = json.get(at) {
        let mut next = at + 1;
        match byte {
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            b'"' => {
                next = end_of_text(json, at);
                let halves = halves(&json[at..next]);
                for half in &halves {
                    mended[at + half..at + half + REPLACEMENT.len()].copy_from_slice(REPLACEMENT);
                }
                // A text at this depth is the name of what follows, or the value of the name before it.
                if depth == 1 && json[next..].trim_ascii_start().first() == Some(&b':') {
                    name = at..next;
                }
                if !halves.is_empty() {
                    is_replaced = true;
                    let name: String = serde_json::from_slice(&mended[name.clone()]).unwrap_or_default();
                    if !names.contains(&name) {
                        names.push(name);
                    }
                }
            }
            _ => {}
        }
        at = next;
    }
    is_replaced.then_some((mended, names))
}

/// Where the text that begins with the quote at `start` is over.
fn end_of_text(json: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while let Some(byte) = json.get(at) {
        match byte {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    json.len()
}

/// Where the escapes of halves begin that have no other half.
fn halves(text: &[u8]) -> Vec<usize> {
    let (mut halves, mut at) = (Vec::new(), 0);
    while let Some(byte) = text.get(at) {
        if *byte != b'\\' {
            at += 1;
            continue;
        }
        let second = || text.get(at + REPLACEMENT.len()..).and_then(unit);
        match unit(&text[at..]) {
            Some(0xd800..=0xdbff) if matches!(second(), Some(0xdc00..=0xdfff)) => at += 2 * REPLACEMENT.len(),
            Some(0xd800..=0xdfff) => {
                halves.push(at);
                at += REPLACEMENT.len();
            }
            _ => at += 2,
        }
    }
    halves
}

/// The number of an escape `\uXXXX` at the beginning.
fn unit(text: &[u8]) -> Option<u16> {
    let digits = text.strip_prefix(br"\u")?.get(..4)?;
    digits.iter().try_fold(0, |number: u16, digit| {
        let digit = char::from(*digit).to_digit(16)?;
        Some(number << 4 | u16::try_from(digit).ok()?)
    })
}
