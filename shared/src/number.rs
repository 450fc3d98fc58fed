//! Texts that are numbers, in two ways. [`as_number`] reads a text of which nobody has said that it is a number, for comparisons:
//! a phone number or a postcode is none. [`read`] reads a text that is meant as a number, in typed fields and filters, and reads
//! whatever [`as_number`] reads as the same number.
//!
//! Numbers that are meant are read as people write them: `1234,56`, `1 000`, `1 234,50 ₽`, `$1,234.50`, `1.234.567`. Of two different signs the last
//! one begins the fraction. One comma begins a fraction, but for `1,234`: that is a thousand to some and one to others, and
//! is refused, and so is `€1.234`.

use std::str::FromStr;

use serde_json::Number;

use crate::blank;
use crate::env::{MAX_NUMBER_CHARS, is_storable};

/// What may stand beside an amount.
const CURRENCIES: [&str; 20] = [
    "₽",
    "$",
    "€",
    "£",
    "¥",
    "₴",
    "₸",
    "рублей",
    "рубля",
    "рубль",
    "руб.",
    "руб",
    "р.",
    "р",
    "rub",
    "usd",
    "eur",
    "gbp",
    "uah",
    "kzt",
];

/// Reads a text; nothing = it is no number. Its digits are kept.
pub fn read(amount: &str) -> Option<Number> {
    if amount.len() > MAX_NUMBER_CHARS {
        return None;
    }
    let text = without_currency(blank::trim(amount));
    let (sign, digits) = signed(text)?;
    // An amount of money with three digits behind a point is a thousand to some, too.
    if digits.len() < blank::trim(amount).trim_start_matches(['-', '−', '+']).len() && could_be_a_thousand(digits, '.')
    {
        return None;
    }
    let plain = if digits.contains(['e', 'E']) { digits.to_owned() } else { plain(digits)? };
    // JSON knows no leading zeros, which forms post. There is one zero.
    let whole = plain.trim_start_matches('0');
    let zero = if whole.starts_with(|c: char| c.is_ascii_digit()) { "" } else { "0" };
    let is_zero = !plain.contains(|c| matches!(c, '1'..='9'));
    let number = Number::from_str(&format!("{}{zero}{whole}", if is_zero { "" } else { sign })).ok()?;
    is_storable(&number).then_some(number)
}

/// The number that a text reads as: digits, a minus before and a decimal point inside, blanks around. A text with
/// leading zeros is none, since a phone number or a postcode begins so, nor is one with an exponent, `inf` or `nan`.
pub fn as_number(text: &str) -> Option<&str> {
    if text.len() > MAX_NUMBER_CHARS {
        return None;
    }
    let number = text.trim_matches(|c| matches!(c, ' ' | '\t' | '\r' | '\n') || blank::is_wide(c));
    let digits = number.strip_prefix('-').unwrap_or(number);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let are_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let is_number = are_digits(whole) && are_digits(fraction) && (whole == "0" || !whole.starts_with('0'));
    is_number.then_some(number)
}

/// Reads a whole number: without a fraction.
pub fn read_whole(text: &str) -> Option<Number> {
    read(text).filter(|number| number.as_str().bytes().all(|byte| byte.is_ascii_digit() || byte == b'-'))
}

fn without_currency(text: &str) -> &str {
    let is = |sign: &str, part: &str| part.len() == sign.len() && part.to_lowercase() == sign;
    for sign in CURRENCIES {
        // Bytes that end within a letter are no sign.
        if let Some((begin, rest)) = text.split_at_checked(sign.len())
            && is(sign, begin)
        {
            return rest.trim_start();
        }
        if let Some((rest, end)) = text.len().checked_sub(sign.len()).and_then(|at| text.split_at_checked(at))
            && is(sign, end)
        {
            return rest.trim_end();
        }
    }
    text
}

fn signed(text: &str) -> Option<(&'static str, &str)> {
    let (sign, rest) = match text.chars().next()? {
        c @ ('-' | '−') => ("-", &text[c.len_utf8()..]),
        '+' => ("", &text[1..]),
        _ => ("", text),
    };
    let digits = without_currency(rest);
    digits.starts_with(|c: char| c.is_ascii_digit() || c == '.').then_some((sign, digits))
}

/// Digits with a point, if there is a fraction.
fn plain(text: &str) -> Option<String> {
    let (dots, commas) = (text.matches('.').count(), text.matches(',').count());
    let point = match (dots, commas) {
        (0, 0) => None,
        (_, 0) if dots > 1 => None,
        (0, _) if commas > 1 => None,
        (1, 0) => Some('.'),
        (0, 1) if could_be_a_thousand(text, ',') => return None,
        (0, 1) => Some(','),
        _ if text.rfind('.') > text.rfind(',') => Some('.').filter(|_| dots == 1),
        _ => Some(',').filter(|_| commas == 1),
    };
    let (whole, fraction) = match point {
        Some(point) => text.split_once(point)?,
        None if dots > 0 && commas > 0 => return None,
        None => (text, ""),
    };
    let has_fraction = point.is_some();
    if has_fraction && (fraction.is_empty() || !fraction.bytes().all(|byte| byte.is_ascii_digit())) {
        return None;
    }
    let whole = grouped(whole)?;
    Some(if has_fraction { format!("{whole}.{fraction}") } else { whole })
}

/// `1,234`: one to three digits, not a zero, and three behind the sign.
fn could_be_a_thousand(text: &str, sign: char) -> bool {
    let Some((whole, fraction)) = text.split_once(sign) else { return false };
    (1..=3).contains(&whole.len()) && !whole.starts_with('0') && fraction.len() == 3
}

/// Digits, alone or in groups of three with one sign between them.
fn grouped(text: &str) -> Option<String> {
    let are_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let Some(separator) = text.chars().find(|c| !c.is_ascii_digit()) else { return Some(text.to_owned()) };
    if !(is_blank(separator) || matches!(separator, '.' | ',' | '\'' | '’')) {
        return None;
    }
    let mut groups = text.split(|c: char| c == separator || is_blank(separator) && is_blank(c));
    let first = groups.next().filter(|first| (1..=3).contains(&first.len()) && are_digits(first))?;
    let mut digits = first.to_owned();
    for group in groups {
        if group.len() != 3 || !are_digits(group) {
            return None;
        }
        digits += group;
    }
    Some(digits)
}

/// Blanks, those that do not break among them.
fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\u{a0}' | '\u{202f}' | '\u{2009}')
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::comparison::{Basis, Notes, Operand, equal};
    use jiff::tz::TimeZone;

    #[test]
    fn numbers_are_read_in_russian_and_english_habits() {
        for (text, expected) in [
            ("5", "5"),
            ("007", "7"),
            ("-0", "0"),
            ("+7", "7"),
            ("−5,5", "-5.5"),
            ("7.50", "7.50"),
            (".5", "0.5"),
            ("1e3", "1e+3"),
            ("1234,56", "1234.56"),
            ("0,500", "0.500"),
            ("12,5", "12.5"),
            ("1 000", "1000"),
            ("1\u{a0}000", "1000"),
            ("12\u{202f}345\u{a0}678,9", "12345678.9"),
            ("1 234,50 ₽", "1234.50"),
            ("1 234,50 руб.", "1234.50"),
            ("$1,234.50", "1234.50"),
            ("-$5", "-5"),
            ("EUR 1.234,50", "1234.50"),
            ("1.234.567", "1234567"),
            ("1,234,567", "1234567"),
            ("1'234.50", "1234.50"),
            ("1234,567", "1234.567"),
            ("5 РУБ", "5"),
            ("5000р", "5000"),
            ("5 000 рублей", "5000"),
            ("\u{202a}5\u{a0}", "5"),
            ("Kzt 5", "5"),
        ] {
            assert_eq!(read(text).map(|number| number.to_string()).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_number_in_any_habit_is_not_read() {
        for text in [
            "",
            "-",
            "seven",
            "1,234",
            "12.000 руб",
            "€1.500",
            "-€1.500",
            "1 00",
            "1 0000",
            "1.2.3",
            "1,2,3",
            "1,234.567,8",
            "5.",
            "--5",
            "e5",
            "1e999",
            "NaN",
            "inf",
            "0x10",
            "٣",
            "5 kg",
            "5%",
            "1..2",
            "1 234 56",
            // Of these letters some are longer in lower case and some shorter.
            "İİ\u{212a}ZT",
            "\u{212a}ZTİİ",
            "5 İİ\u{212a}ZT",
            "\u{212a}",
            "₽",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn texts_read_as_numbers_where_they_are_written_as_such() {
        for (text, expected) in [
            ("5", Some("5")),
            (" 5\n", Some("5")),
            ("-0.50", Some("-0.50")),
            ("0", Some("0")),
            ("0.5", Some("0.5")),
            ("", None),
            (" ", None),
            ("-", None),
            ("007", None),
            ("00", None),
            ("01.5", None),
            ("5.", None),
            (".5", None),
            ("1.2.3", None),
            ("+5", None),
            ("1e3", None),
            ("0x10", None),
            ("1_000", None),
            ("1,5", None),
            ("5\u{a0}", Some("5")),
            ("\u{202a}5\u{202c}", Some("5")),
            ("5\u{a0}000", None),
            ("\u{3000}5", None),
            ("٥", None),
            ("inf", None),
            ("nan", None),
            ("NaN", None),
        ] {
            assert_eq!(as_number(text), expected, "{text:?}");
            let (typed, notes) = (read(text).map(Value::Number), Notes::default());
            let zone = TimeZone::UTC;
            let basis = Basis { zone: &zone, notes: &notes };
            let agrees = |number: &str| {
                typed.as_ref().is_some_and(|typed| equal(Operand::of(typed), Operand::Number(number), basis))
            };
            assert!(expected.is_none_or(agrees), "{text:?} as a typed field: {typed:?}");
        }
        assert_eq!(as_number(&"5".repeat(MAX_NUMBER_CHARS + 1)), None);
    }

    #[test]
    fn whole_numbers_have_no_fraction() {
        for (text, expected) in
            [("1 000", Some("1000")), ("-5", Some("-5")), ("7.0", None), ("7,5", None), ("1e3", None)]
        {
            assert_eq!(read_whole(text).map(|number| number.to_string()).as_deref(), expected, "{text}");
        }
    }
}
