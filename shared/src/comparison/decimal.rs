//! Numbers that are compared by their digits, so that none is rounded.

use std::cmp::Ordering;

/// A number: its sign, the power of ten of its first digit, and its digits without zeros at both ends.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Decimal {
    is_negative: bool,
    magnitude: i64,
    digits: Vec<u8>,
}

impl Decimal {
    /// Reads a number as JSON writes it.
    pub(super) fn read(text: &str) -> Option<Self> {
        let (number, exponent) = match text.split_once(['e', 'E']) {
            Some((number, exponent)) => (number, exponent.parse::<i32>().ok()?),
            None => (text, 0),
        };
        let unsigned = number.strip_prefix('-').unwrap_or(number);
        let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
        let all = || whole.bytes().chain(fraction.bytes());
        if whole.is_empty() || !all().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let zeros = all().take_while(|byte| *byte == b'0').count();
        let mut digits: Vec<u8> = all().skip(zeros).collect();
        digits.truncate(digits.iter().rposition(|byte| *byte != b'0').map_or(0, |last| last + 1));
        if digits.is_empty() {
            return Some(Self { is_negative: false, magnitude: 0, digits });
        }
        let before_point = i64::try_from(whole.len()).ok()? - i64::try_from(zeros).ok()?;
        Some(Self { is_negative: number.starts_with('-'), magnitude: before_point + i64::from(exponent), digits })
    }

    fn cmp_unsigned(&self, other: &Self) -> Ordering {
        let is_zero = |one: &Self| one.digits.is_empty();
        match (is_zero(self), is_zero(other)) {
            (true, true) => Ordering::Equal,
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
            (false, false) => self.magnitude.cmp(&other.magnitude).then_with(|| self.digits.cmp(&other.digits)),
        }
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self.is_negative, other.is_negative) {
            (false, false) => self.cmp_unsigned(other),
            (true, true) => other.cmp_unsigned(self),
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
        }
    }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_in_the_order_of_their_values() {
        let in_order = [
            "-1e300",
            "-1000",
            "-10.5",
            "-10.05",
            "-1e-300",
            "0",
            "1e-300",
            "0.000001",
            "0.05",
            "0.5",
            "1",
            "1.0000000000000000000001",
            "9",
            "10",
            "99.9",
            "1e2",
            "1.5E2",
            "12345678901234567890123",
            "12345678901234567890124",
            "1e300",
        ];
        for (at, one) in in_order.iter().enumerate() {
            for (other_at, other) in in_order.iter().enumerate() {
                assert_eq!(Decimal::read(one).cmp(&Decimal::read(other)), at.cmp(&other_at), "{one} {other}");
            }
        }
        for (one, other) in [("1", "1.000"), ("-0", "0.0"), ("100", "1e2"), ("0.01", "1e-2"), ("0e9", "0")] {
            assert_eq!(Decimal::read(one), Decimal::read(other), "{one} {other}");
        }
        for wrong in ["", "-", "a", "1a", "1e", "1e99999999999"] {
            assert_eq!(Decimal::read(wrong), None, "{wrong}");
        }
    }
}
