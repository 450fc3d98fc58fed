//! The one comparison of values: of conditions, of `find_record` and of `switch`.
//!
//! - A text that reads as a number ([`as_number`]) compares as a number with a number. Any other text neither equals a
//!   number nor stands above or below it.
//! - Two texts compare as texts, by their code points.
//! - Numbers compare exactly, whatever their digits.
//! - True and false equal the texts `true` and `false`, and have no order.
//! - Nothing equals nothing and the empty text, and stands neither above nor below a value.

mod decimal;
mod notes;

use std::cmp::Ordering;

use serde_json::{Number, Value};

use crate::number::as_number;
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

/// Whether two values are equal. Lists and maps are not told apart here: they equal no other value.
pub fn equal(left: Operand, right: Operand, notes: &Notes) -> bool {
    use Operand::{Flag, Integer, Items, Nothing, Number, Text};
    match (left, right) {
        (Nothing, Nothing) => true,
        (Nothing, Text(text)) | (Text(text), Nothing) => text.is_empty(),
        (Flag(one), Flag(other)) => one == other,
        (Flag(flag), Text(text)) | (Text(text), Flag(flag)) => text == if flag { "true" } else { "false" },
        (Text(one), Text(other)) => {
            // `5` and `5.0`: other numbers differ either way.
            if one != other && decimal(left).is_some_and(|number| Some(number) == decimal(right)) {
                notes.numbers_as_texts();
            }
            one == other
        }
        (Integer(_) | Number(_) | Text(_), Integer(_) | Number(_) | Text(_)) => {
            order(left, right, notes) == Some(Ordering::Equal)
        }
        (Items, _) | (_, Items) | (Nothing | Flag(_), _) | (_, Nothing | Flag(_)) => false,
    }
}

/// Which of two values is greater; nothing = they have no order.
pub fn order(left: Operand, right: Operand, notes: &Notes) -> Option<Ordering> {
    use Operand::{Integer, Number, Text};
    match (left, right) {
        (Text(one), Text(other)) => {
            if as_number(one).is_some() && as_number(other).is_some() {
                notes.numbers_as_texts();
            }
            Some(one.cmp(other))
        }
        (Integer(one), Integer(other)) => Some(one.cmp(&other)),
        (Text(text), Integer(_) | Number(_)) if !text_reads(text, notes) => None,
        (Integer(_) | Number(_), Text(text)) if !text_reads(text, notes) => None,
        (Integer(_) | Number(_) | Text(_), Integer(_) | Number(_) | Text(_)) => {
            Some(decimal(left)?.cmp(&decimal(right)?))
        }
        _ => None,
    }
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
            (json!("five"), json!(5), None),
            (json!("007"), json!(7), None),
            (json!(""), json!(0), None),
            (json!("inf"), json!(1), None),
            (json!(null), json!(1), None),
            (json!(true), json!(1), None),
            (json!([1]), json!(1), None),
        ] {
            let found = order(Operand::of(&left), Operand::of(&right), &Notes::default());
            assert_eq!(found, expected, "{left} {right}");
            let turned = order(Operand::of(&right), Operand::of(&left), &Notes::default());
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
        ] {
            let found = equal(Operand::of(&left), Operand::of(&right), &Notes::default());
            assert_eq!(found, expected, "{left} {right}");
        }
        let notes = Notes::default();
        assert!(!equal(Operand::Text("20095"), Operand::Text("10115"), &notes) && notes.take().is_none());
        assert!(!equal(Operand::Text("5"), Operand::Text("5.0"), &notes) && notes.take().is_some());
    }

    #[test]
    fn what_people_would_not_expect_is_noted() {
        for (left, right, expected) in [
            (json!("five"), json!(5), Some("compared text with a number")),
            (json!("5"), json!("1000"), Some("compared two numbers as texts")),
            (json!("5"), json!(5), None),
            (json!("five"), json!("5"), None),
        ] {
            let notes = Notes::default();
            order(Operand::of(&left), Operand::of(&right), &notes);
            let noted = notes.take().map(|message| message.to_string());
            assert!(noted.as_deref().unwrap_or_default().contains(expected.unwrap_or_default()), "{noted:?}");
            assert_eq!(noted.is_some(), expected.is_some(), "{left} {right}");
        }
    }
}
