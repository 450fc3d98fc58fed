//! Phone numbers: whether a text is one, and how it is written internationally (E.164).

mod regions;

use crate::blank;

pub use regions::{REGIONS, Region};

/// Digits of a number without its extension: those of an emergency call, and of E.164.
const DIGITS: std::ops::RangeInclusive<usize> = 3..=15;
/// The most digits of an extension.
const MAX_EXTENSION: usize = 8;
/// Characters of a number with an extension.
const MAX_CHARS: usize = 60;

/// Words before an extension, in lower case.
const EXTENSIONS: [&str; 12] = ["доб.", "доб", "доп.", "доп", "вн.", "вн", "extension", "ext.", "ext", "#", "x", "х"];

/// A number, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Number {
    /// It begins with `+`.
    is_international: bool,
    digits: String,
}

/// The text as a field keeps it: as it was written, with plain blanks and hyphens. Nothing = it is no phone number.
pub fn read(text: &str) -> Option<String> {
    let tidy = tidy(text)?;
    parts(&tidy).map(|_| tidy)
}

/// The number as E.164 writes it, without an extension. A number without a country code is of this region.
pub fn e164(text: &str, region: Option<&Region>) -> Option<String> {
    let Number { is_international, digits } = parts(&tidy(text)?)?;
    if is_international {
        return is_e164(&digits).then(|| format!("+{digits}"));
    }
    if let Some(digits) = digits.strip_prefix("00").filter(|digits| is_e164(digits)) {
        return Some(format!("+{digits}"));
    }
    region?.international(&digits)
}

/// All its digits, without an extension. Nothing = it is no phone number.
pub fn digits(text: &str) -> Option<String> {
    parts(&tidy(text)?).map(|number| number.digits)
}

/// Of the countries with the code 7 all numbers have eleven digits.
fn is_e164(digits: &str) -> bool {
    (8..=15).contains(&digits.len()) && !digits.starts_with('0') && (!digits.starts_with('7') || digits.len() == 11)
}

fn tidy(text: &str) -> Option<String> {
    let text = blank::trim(text);
    if text.chars().count() > MAX_CHARS {
        return None;
    }
    let text = text.strip_prefix("tel:").unwrap_or(text);
    Some(
        text.chars()
            .map(|c| match c {
                c if c.is_whitespace() => ' ',
                '\u{2010}'..='\u{2015}' | '−' => '-',
                c => c,
            })
            .collect(),
    )
}

fn parts(text: &str) -> Option<Number> {
    let lower = text.to_lowercase();
    // Of words at one place the longest is meant.
    let places = EXTENSIONS.iter().filter_map(|word| Some((lower.find(word)?, word.len())));
    let place = places.min_by_key(|(at, length)| (*at, std::cmp::Reverse(*length)));
    let (number, extension) = match place {
        Some((at, length)) => (&lower[..at], &lower[at + length..]),
        None => match lower.split_once([',', ';']) {
            Some((number, extension)) => (number, extension),
            None => (lower.as_str(), ""),
        },
    };
    let only = |text: &str, signs: &str| text.chars().all(|c| c.is_ascii_digit() || signs.contains(c));
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
    if !only(extension, " .:;,-)") || (place.is_some() && digits(extension).is_empty()) {
        return None;
    }
    let number = number.trim_end_matches([' ', ',', ';', '(']);
    let is_international = number.starts_with('+') || number.starts_with("(+");
    let rest = number.trim_start_matches('(').trim_start_matches('+');
    let number = digits(rest);
    let is_one = only(rest, " -()./") && DIGITS.contains(&number.len()) && digits(extension).len() <= MAX_EXTENSION;
    is_one.then_some(Number { is_international, digits: number })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phones_are_read_with_extensions_and_blanks_of_any_kind() {
        for text in [
            "+7 (999) 123-45-67",
            "+7 (999) 123-45-67 доб. 12",
            "+7 999 123-45-67 (доб. 12)",
            "+7\u{a0}999\u{a0}123‑45‑67",
            "8 800 555 35 35",
            "8(999)1234567",
            "\u{202a}+7 999 123 45 67\u{202c}",
            "+49 (30) 12-34",
            "(+49) 30 1234",
            "030/1234",
            "555-0100 ext. 7",
            "555-0100x7",
            "5550100,7",
            "tel:+15550100",
            "112",
            "00 49 30 1234567",
        ] {
            assert!(read(text).is_some(), "{text}");
        }
        for text in
            ["", "call me", "12", "+", "1234567890123456", "555-0100 ext.", "555-0100 ext. home", "ada@5", "5+5+5"]
        {
            assert_eq!(read(text), None, "{text}");
        }
        assert_eq!(read(" +7\u{a0}999 ").as_deref(), Some("+7 999"));
    }

    #[test]
    fn a_number_is_international_by_itself_or_by_its_region() {
        let region = |name: &str| REGIONS.iter().find(|region| region.name == name);
        for (text, of, expected) in [
            ("8 (999) 123-45-67", "RU", Some("+79991234567")),
            ("999 123-45-67", "RU", Some("+79991234567")),
            ("7 999 123 45 67", "RU", Some("+79991234567")),
            ("+7 999 123-45-67 доб. 12", "RU", Some("+79991234567")),
            ("+49 30 1234567", "RU", Some("+49301234567")),
            ("0049 30 1234567", "RU", Some("+49301234567")),
            ("030 1234567", "DE", Some("+49301234567")),
            ("020 7946 0018", "GB", Some("+442079460018")),
            ("(555) 010-0123", "US", Some("+15550100123")),
            ("1 555 010 0123", "US", Some("+15550100123")),
            ("06 12 34 56 78", "FR", Some("+33612345678")),
            ("0501234567", "UA", Some("+380501234567")),
            ("+7 999 123 45 678", "RU", None),
            ("123-45-67", "RU", None),
            ("nobody", "RU", None),
            ("8 999 123 45 67", "", None),
        ] {
            assert_eq!(e164(text, region(of)).as_deref(), expected, "{text} {of}");
        }
    }
}
