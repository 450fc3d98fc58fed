//! What a plain scalar means, and which texts may be written as one. Both stand here, since each is only right
//! together with the other.

use serde_json::{Number, Value};

/// The value of a plain scalar: the core schema (YAML 1.2.2, 10.3.2), except that only what JSON would write as
/// a number (RFC 8259, 6) is one. So `01234`, `+4930123` and `0x1F` stay texts: a postcode keeps its zero.
pub fn resolve(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => Value::Bool(true),
        "false" | "False" | "FALSE" => Value::Bool(false),
        _ => number(text).map_or_else(|| Value::String(text.to_owned()), Value::Number),
    }
}

/// Whether a text can stand without quotes, here and for other readers, which take more texts for numbers, dates
/// or booleans. `flow` = inside `[…]`, where brackets and commas end a scalar.
pub fn is_plain(text: &str, flow: bool) -> bool {
    let mut chars = text.chars();
    let (first, second) = (chars.next(), chars.next());
    let begins_well = match first {
        None => false,
        Some('-') => second.is_some_and(char::is_alphabetic),
        Some(c) => !c.is_whitespace() && !"?:,[]{}#&*!|>'\"%@`".contains(c),
    };
    begins_well
        && !text.starts_with("...")
        && !text.ends_with(|c: char| c == ':' || c.is_whitespace())
        && !text.contains(": ")
        && !text.contains(" #")
        && text.chars().all(is_printable)
        && !(flow && text.contains([',', '[', ']', '{', '}']))
        && !means_something_else(text)
}

/// Whether a character survives outside double quotes.
pub fn is_printable(c: char) -> bool {
    !c.is_control() && !matches!(c, '\u{2028}' | '\u{2029}' | '\u{FEFF}' | '\u{FFFE}' | '\u{FFFF}')
}

/// Whether some reader of YAML 1.1 or 1.2 takes a text for something else than a text.
fn means_something_else(text: &str) -> bool {
    let word = text.to_ascii_lowercase();
    let is_word = matches!(
        word.as_str(),
        "~" | "null" | "true" | "false" | "yes" | "no" | "on" | "off" | "y" | "n" | ".nan" | "<<" | "="
    ) || word.ends_with(".inf") && word.len() <= 5;
    let has_digit = text.contains(|c: char| c.is_ascii_digit());
    let is_date =
        has_digit && text.chars().all(|c| c.is_ascii_digit() || "-:TZ +.".contains(c)) && text.contains(['-', ':']);
    let digits = word.trim_start_matches(['+', '-']).replace('_', "");
    let is_number = has_digit
        && (digits.parse::<f64>().is_ok() || ["0x", "0o", "0b"].iter().any(|prefix| digits.starts_with(prefix)));
    is_word || is_number || is_date && !is_address(text)
}

/// Whether it is made of dotted numbers, as an address or a range of addresses is: no reader takes that for a date.
fn is_address(text: &str) -> bool {
    text.split('-').all(|part| part.split('.').count() == 4)
}

/// A number whose digits are kept: one that would be written differently (`1e5` as `1e+5`, ` 1` as `1`) is a text.
fn number(text: &str) -> Option<Number> {
    serde_json::from_str::<Number>(text).ok().filter(|number| number.to_string() == text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_json_numbers_are_numbers() {
        for text in ["0", "-1", "1.10", "1e+5", "12345678901234567890123"] {
            assert_eq!(resolve(text).as_number().map(ToString::to_string).as_deref(), Some(text));
        }
        for text in ["01234", "+4930123", "0x1F", "0o17", ".5", "5.", "1_000", ".inf", "2026-01-01", "1 2", "yes"] {
            assert_eq!(resolve(text), Value::from(text));
        }
    }

    #[test]
    fn what_another_reader_could_misread_is_quoted() {
        for text in [
            "yes",
            "Off",
            "01234",
            "+5",
            "1_000",
            "0x1F",
            "2026-01-01",
            "12:30",
            "-.inf",
            "null",
            "",
            " a",
            "a ",
            "a: b",
            "a #b",
            "a:",
            "- a",
            "[a",
            "{{ a }}",
            "'a'",
            "*a",
            "&a",
            "!a",
            "%a",
            "@a",
            "`a`",
            "---",
            "...",
        ] {
            assert!(!is_plain(text, false), "{text:?}");
        }
        for text in [
            "a",
            "$env[\"a\"]|trim",
            "a:b",
            "a#b",
            "127.0.0.1",
            "10.0.0.1-10.0.0.9",
            "192.168.0.0/24",
            "-amount",
            "d.m.Y",
        ] {
            assert!(is_plain(text, false), "{text:?}");
        }
        assert!(!is_plain("a, b", true));
    }
}
