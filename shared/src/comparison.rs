//! The one comparison of values: of conditions, of `find_record` and of `switch`.
//!
//! - A text that reads as a number ([`as_number`]) compares as a number with a number. Any other text neither equals a
//!   number nor stands above or below it.
//! - Two texts that are dates ([`crate::date`]) compare as dates: two moments by the clock, and a day with the day of a
//!   moment in the zone. A bare number is no date here.
//! - Any other two texts compare as texts, by their code points.
//! - Numbers compare exactly, whatever their digits.
//! - True and false equal the texts `true` and `false`, and have no order.
//! - Nothing equals nothing and the empty text, and stands neither above nor below a value.

mod dates;
mod decimal;
mod notes;

use std::cmp::Ordering;

use jiff::tz::TimeZone;
use serde_json::{Number, Value};

use crate::boolean;
use crate::number::as_number;
use dates::Dates;
use decimal::Decimal;

pub use notes::Notes;

/// A value as it is compared.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Operand<'a> {
    /// Null, or a name that is unknown.
    Nothing,
    /// True or false.
    Flag(bool),
    /// A whole number.
    Integer(i128),
    /// A number in the form of JSON.
    Number(&'a str),
    /// A text.
    Text(&'a str),
    /// A list or a map, whose items are compared one by one.
    Items,
}

impl<'a> Operand<'a> {
    /// A value of JSON.
    pub fn of(value: &'a Value) -> Self {
        match value {
            Value::Null => Self::Nothing,
            Value::Bool(flag) => Self::Flag(*flag),
            Value::Number(number) => Self::of_number(number),
            Value::String(text) => Self::Text(text),
            Value::Array(_) | Value::Object(_) => Self::Items,
        }
    }

    fn of_number(number: &'a Number) -> Self {
        number.as_i64().map_or(Self::Number(number.as_str()), |whole| Self::Integer(whole.into()))
    }
}

/// What a comparison needs beside the two values.
#[derive(Debug, Clone, Copy)]
pub struct Basis<'a> {
    /// The zone of days, and of clock times that name none.
    pub zone: &'a TimeZone,
    /// What the comparison notes.
    pub notes: &'a Notes,
}

/// Whether two values are equal. Lists and maps are not told apart here: they equal no other value.
pub fn equal(left: Operand, right: Operand, basis: Basis) -> bool {
    use Operand::{Flag, Integer, Items, Nothing, Number, Text};
    match (left, right) {
        (Nothing, Nothing) => true,
        (Nothing, Text(text)) | (Text(text), Nothing) => text.is_empty(),
        (Flag(one), Flag(other)) => one == other,
        (Flag(flag), Text(text)) | (Text(text), Flag(flag)) => equal_to_flag(flag, text, basis.notes),
        (Text(one), Text(other)) => one == other || equal_texts(one, other, basis),
        (Integer(_) | Number(_) | Text(_), Integer(_) | Number(_) | Text(_)) => {
            order(left, right, basis) == Some(Ordering::Equal)
        }
        (Items, _) | (_, Items) | (Nothing | Flag(_), _) | (_, Nothing | Flag(_)) => false,
    }
}

fn equal_to_flag(flag: bool, text: &str, notes: &Notes) -> bool {
    let is_equal = text == if flag { "true" } else { "false" };
    // `True` of Python, `1` and `on` of forms.
    if !is_equal && boolean::read(text.trim()) == Some(flag) {
        notes.text_with_flag();
    }
    is_equal
}

/// Whether two texts that differ are the same date.
fn equal_texts(one: &str, other: &str, basis: Basis) -> bool {
    if let Dates::Both(order) = dates::compare(one, other, basis.zone) {
        basis.notes.texts_as_dates();
        return order.is_eq();
    }
    // `5` and `5.0`: other numbers differ either way.
    if decimal(Operand::Text(one)).is_some_and(|number| Some(number) == decimal(Operand::Text(other))) {
        basis.notes.numbers_as_texts();
    }
    false
}

/// Which of two values is greater; nothing = they have no order.
pub fn order(left: Operand, right: Operand, basis: Basis) -> Option<Ordering> {
    use Operand::{Integer, Number, Text};
    let notes = basis.notes;
    match (left, right) {
        (Text(one), Text(other)) => Some(order_of_texts(one, other, basis)),
        (Integer(one), Integer(other)) => Some(one.cmp(&other)),
        (Text(text), Integer(_) | Number(_)) if !text_reads(text, notes) => None,
        (Integer(_) | Number(_), Text(text)) if !text_reads(text, notes) => None,
        (Integer(_) | Number(_) | Text(_), Integer(_) | Number(_) | Text(_)) => {
            Some(decimal(left)?.cmp(&decimal(right)?))
        }
        _ => None,
    }
}

fn order_of_texts(one: &str, other: &str, basis: Basis) -> Ordering {
    match dates::compare(one, other, basis.zone) {
        Dates::Both(order) => {
            basis.notes.texts_as_dates();
            return order;
        }
        // A field that was left empty surprises nobody.
        Dates::One if !one.trim().is_empty() && !other.trim().is_empty() => basis.notes.date_with_text(),
        Dates::Neither if as_number(one).is_some() && as_number(other).is_some() => basis.notes.numbers_as_texts(),
        Dates::One | Dates::Neither => {}
    }
    one.cmp(other)
}

fn text_reads(text: &str, notes: &Notes) -> bool {
    let reads = as_number(text).is_some();
    if !reads {
        notes.text_with_number();
    }
    reads
}

fn decimal(operand: Operand) -> Option<Decimal> {
    match operand {
        Operand::Integer(whole) => Decimal::read(&whole.to_string()),
        Operand::Number(number) => Decimal::read(number),
        Operand::Text(text) => Decimal::read(as_number(text)?),
        Operand::Nothing | Operand::Flag(_) | Operand::Items => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn basis(notes: &Notes) -> Basis<'_> {
        static UTC: TimeZone = TimeZone::UTC;
        Basis { zone: &UTC, notes }
    }

    #[test]
    fn values_compare_by_their_kinds() {
        let number = |text: &str| serde_json::from_str::<Value>(text).unwrap();
        for (left, right, expected) in [
            (json!("5"), json!(1000), Some(Ordering::Less)),
            (json!("1000"), json!(5), Some(Ordering::Greater)),
            (json!("5"), json!("1000"), Some(Ordering::Greater)),
            (json!(5), number("5.00"), Some(Ordering::Equal)),
            (json!("5.0"), json!(5), Some(Ordering::Equal)),
            (json!(-0.0), json!(0), Some(Ordering::Equal)),
            (number("1e3"), json!("1000"), Some(Ordering::Equal)),
            (number("12345678901234567890123"), json!("12345678901234567890124"), Some(Ordering::Less)),
            (number("0.1"), json!("0.10"), Some(Ordering::Equal)),
            (number("-1.5"), json!("-1.25"), Some(Ordering::Less)),
            (json!("01.02.2027"), json!("15.12.2026"), Some(Ordering::Greater)),
            (json!("01.05.2026"), json!("2026-05-01T10:00:00Z"), Some(Ordering::Equal)),
            (json!("2026-05-01T10:00:00Z"), json!("2026-05-01T12:00:00+03:00"), Some(Ordering::Greater)),
            (json!("five"), json!(5), None),
            (json!("007"), json!(7), None),
            (json!(""), json!(0), None),
            (json!("inf"), json!(1), None),
            (json!(null), json!(1), None),
            (json!(true), json!(1), None),
            (json!([1]), json!(1), None),
        ] {
            let found = order(Operand::of(&left), Operand::of(&right), basis(&Notes::default()));
            assert_eq!(found, expected, "{left} {right}");
            let turned = order(Operand::of(&right), Operand::of(&left), basis(&Notes::default()));
            assert_eq!(turned, expected.map(Ordering::reverse), "{right} {left}");
        }
        for (left, right, expected) in [
            (json!(null), json!(null), true),
            (json!(null), json!(""), true),
            (json!(null), json!(0), false),
            (json!(true), json!("true"), true),
            (json!(true), json!("1"), false),
            (json!(true), json!(1), false),
            (json!("a"), json!("a"), true),
            (json!("5"), json!("5.0"), false),
            (json!("1"), json!(1), true),
            (json!("01.05.2026"), json!("2026-05-01"), true),
            (json!("2026-05-01T10:00:00Z"), json!("2026-05-01T13:00:00+03:00"), true),
            (json!("01.05.2026"), json!("20260501"), false),
        ] {
            let found = equal(Operand::of(&left), Operand::of(&right), basis(&Notes::default()));
            assert_eq!(found, expected, "{left} {right}");
        }
        let notes = Notes::default();
        assert!(!equal(Operand::Text("20095"), Operand::Text("10115"), basis(&notes)) && notes.take().is_none());
        assert!(!equal(Operand::Text("5"), Operand::Text("5.0"), basis(&notes)) && notes.take().is_some());
    }

    #[test]
    fn what_people_would_not_expect_is_noted() {
        for (left, right, expected) in [
            (json!("five"), json!(5), Some("compared text with a number")),
            (json!("5"), json!("1000"), Some("compared two numbers as texts")),
            (json!("5"), json!(5), None),
            (json!("five"), json!("5"), None),
            (json!("01.05.2026"), json!("2026-05-02"), Some("compared two texts as dates")),
            (json!("2026-05-01"), json!("31.12.26"), Some("compared a date with a text that is no date")),
            (json!("2026-05-01"), json!(""), None),
        ] {
            let notes = Notes::default();
            order(Operand::of(&left), Operand::of(&right), basis(&notes));
            let noted = notes.take().map(|message| message.to_string());
            assert!(noted.as_deref().unwrap_or_default().contains(expected.unwrap_or_default()), "{noted:?}");
            assert_eq!(noted.is_some(), expected.is_some(), "{left} {right}");
        }
        for (text, is_noted) in [
            ("True", true),
            ("1", true),
            (" on ", true),
            ("да", true),
            ("true", false),
            ("нет", false),
            ("many", false),
        ] {
            let notes = Notes::default();
            assert_eq!(equal(Operand::Flag(true), Operand::Text(text), basis(&notes)), text == "true", "{text}");
            assert_eq!(notes.take().is_some(), is_noted, "{text}");
        }
    }
}
