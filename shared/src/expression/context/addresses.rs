//! Values among mail addresses: one address, or a part of the name before an address that the author has written. No
//! value adds a second address.

use crate::expression::EvalError;
use crate::message::Message;

/// What divides addresses, or ends a name (RFC 5322, 3.2.3).
const SPECIALS: [char; 12] = ['(', ')', '<', '>', '[', ']', ':', ';', '\\', ',', '"', '@'];

/// Adds a value, which is an address or a part of the name before one.
pub(super) fn write(text: &mut String, value: &str, is_name: bool) -> Result<(), EvalError> {
    if is_name {
        text.extend(value.chars().map(|c| if c.is_control() || SPECIALS.contains(&c) { ' ' } else { c }));
        return Ok(());
    }
    if !is_one(value.trim()) {
        return Err(EvalError(Message::OneMailAddress));
    }
    text.push_str(value.trim());
    Ok(())
}

/// Whether a text is one address at most, with a name before it or without.
fn is_one(text: &str) -> bool {
    let is_bare = |text: &str| {
        !text.contains(|c: char| c.is_control() || c.is_whitespace() || (c != '@' && SPECIALS.contains(&c)))
    };
    let is_plain = |name: &str| {
        let inner = name.strip_prefix('"').and_then(|name| name.strip_suffix('"'));
        !inner.unwrap_or(name).contains(|c: char| c.is_control() || SPECIALS.contains(&c))
    };
    match text.split_once('<') {
        None => is_bare(text),
        Some((name, rest)) => is_plain(name.trim()) && rest.strip_suffix('>').is_some_and(is_bare),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_one_address_or_none() {
        for text in ["", "a@example.org", "Ada <a@example.org>", "\"Ada L.\" <a@example.org>", "a"] {
            assert!(is_one(text), "{text}");
        }
        for text in [
            "a@example.org, b@example.org",
            "a@example.org;b@example.org",
            "a@example.org b@example.org",
            "a@example.org\r\nBcc: b@example.org",
            "Ada <a@example.org>, b@example.org",
            "Ada, b@example.org <a@example.org>",
            "<a@example.org> <b@example.org>",
            "a@example.org> <b@example.org",
            "\"a\" <b@example.org>, \"c\" <d@example.org>",
            "group: a@example.org;",
            "(comment) a@example.org",
            "a@example.org\u{0}",
        ] {
            assert!(!is_one(text), "{text}");
        }
    }
}
