//! The one rounding of numbers. It goes by the digits themselves, as people round: no number of floating point is nearer to
//! one side, and `1.005` with two digits is `1.01`.

use crate::env::MAX_NUMBER_CHARS;

/// To which side a number is rounded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rounding {
    /// To the nearer side, a half away from zero.
    Nearest,
    /// To the greater number.
    Up,
    /// To the smaller number.
    Down,
}

impl Rounding {
    /// As Jinja calls it.
    pub(super) fn of(method: &str) -> Option<Self> {
        match method {
            "common" => Some(Self::Nearest),
            "ceil" => Some(Self::Up),
            "floor" => Some(Self::Down),
            _ => None,
        }
    }
}

/// A number without an exponent; nothing = it has too many digits, or is none.
pub(super) fn decimal(text: &str) -> Option<String> {
    if text.len() > MAX_NUMBER_CHARS || !text.trim_start_matches('-').starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    if !text.contains(['e', 'E']) {
        return Some(text.to_owned());
    }
    let number: f64 = text.parse().ok()?;
    Some(number.to_string()).filter(|text| text.len() <= MAX_NUMBER_CHARS)
}

/// A number with so many digits behind the point; fewer than none are places before it.
pub(super) fn rounded(text: &str, digits: i32, how: Rounding) -> String {
    let (sign, text) = text.strip_prefix('-').map_or(("", text), |text| ("-", text));
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let (behind, before) = (usize::try_from(digits).unwrap_or(0), usize::try_from(-digits).unwrap_or(0));
    // One digit of the whole number is left, if only a zero.
    let whole = "0".repeat((before + 1).saturating_sub(whole.len())) + whole;
    let all: Vec<u8> = whole.bytes().chain(fraction.bytes()).chain(std::iter::repeat_n(b'0', behind)).collect();
    let (kept, dropped) = all.split_at(whole.len() + behind - before);
    let is_exact = dropped.iter().all(|digit| *digit == b'0');
    let goes_up = match how {
        Rounding::Nearest => dropped.first().is_some_and(|digit| *digit >= b'5'),
        Rounding::Up => !is_exact && sign.is_empty(),
        Rounding::Down => !is_exact && !sign.is_empty(),
    };
    let mut kept = kept.to_vec();
    if goes_up {
        add_one(&mut kept);
    }
    kept.extend(std::iter::repeat_n(b'0', before));
    let is_zero = kept.iter().all(|digit| *digit == b'0');
    let (whole, fraction) = kept.split_at(kept.len() - behind);
    let text = |digits: &[u8]| String::from_utf8_lossy(digits).into_owned();
    let whole = text(whole);
    let (sign, whole) = (if is_zero { "" } else { sign }, whole.trim_start_matches('0'));
    let whole = if whole.is_empty() { "0" } else { whole };
    if behind == 0 { format!("{sign}{whole}") } else { format!("{sign}{whole}.{}", text(fraction)) }
}

fn add_one(digits: &mut Vec<u8>) {
    for digit in digits.iter_mut().rev() {
        if *digit < b'9' {
            *digit += 1;
            return;
        }
        *digit = b'0';
    }
    digits.insert(0, b'1');
}

#[cfg(test)]
mod tests {
    use super::Rounding::{Down, Nearest, Up};
    use super::*;

    #[test]
    fn digits_are_rounded_as_people_do() {
        for (text, digits, how, expected) in [
            ("2.5", 0, Nearest, "3"),
            ("-2.5", 0, Nearest, "-3"),
            ("3.5", 0, Nearest, "4"),
            ("0.5", 0, Nearest, "1"),
            ("0.4", 0, Nearest, "0"),
            ("-0.4", 0, Nearest, "0"),
            ("2.4999", 0, Nearest, "2"),
            ("1.005", 2, Nearest, "1.01"),
            ("2.675", 2, Nearest, "2.68"),
            ("-1.005", 2, Nearest, "-1.01"),
            ("9.995", 2, Nearest, "10.00"),
            ("1.5", 3, Nearest, "1.500"),
            ("7", 2, Nearest, "7.00"),
            ("1250", -2, Nearest, "1300"),
            ("49", -2, Nearest, "0"),
            ("50", -2, Nearest, "100"),
            ("5", -3, Nearest, "0"),
            ("999.5", -1, Nearest, "1000"),
            ("1.01", 1, Up, "1.1"),
            ("1.0", 0, Up, "1"),
            ("-1.5", 0, Up, "-1"),
            ("-0.5", 0, Up, "0"),
            ("1.9", 0, Down, "1"),
            ("-1.1", 0, Down, "-2"),
            ("1299", -2, Down, "1200"),
        ] {
            assert_eq!(rounded(text, digits, how), expected, "{text} {digits} {how:?}");
        }
    }

    #[test]
    fn numbers_lose_their_exponent() {
        for (text, expected) in
            [("1e3", Some("1000")), ("-2.5e-3", Some("-0.0025")), ("5", Some("5")), ("inf", None), ("NaN", None)]
        {
            assert_eq!(decimal(text).as_deref(), expected, "{text}");
        }
        assert_eq!(decimal(&"9".repeat(MAX_NUMBER_CHARS + 1)), None);
    }
}
