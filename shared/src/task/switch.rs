//! `switch`: compares one value with several cases; leaves by the output of the first case that is equal, or else by
//! `else`.

use serde_json::Value;

use crate::comparison::{self, Basis, Operand};
use crate::document::Reader;
use crate::expression::Template;
use crate::spec::{Kind, Setting, Spec};

/// The most cases of a step: more are a table, which records of a module hold.
pub const MAX_CASES: usize = 100;

/// The longest text of a case, in bytes: it is the name of an output, and must fit a line of the graph.
pub const MAX_CASE_BYTES: usize = 64;

/// The task as it is described.
pub const SPEC: Spec = Spec {
    name: "switch",
    outputs: &["else"],
    settings: &[Setting::template("switch").required(), Setting::new("cases", Kind::Cases).required()],
    example: r#"city:
  switch: $env["city"]
  cases:
    Rome: south
    Oslo: north
    '': unknown
  else: unknown
south:
  set_env: {team: south}
north:
  set_env: {team: north}
unknown:
  set_env: {team: office}"#,
};

/// Settings of a `switch` step.
#[derive(Debug)]
pub struct Switch {
    /// What is compared.
    pub value: Template,
    /// The texts with which it is compared, in written order.
    pub cases: Vec<String>,
}

impl Switch {
    /// Reads `switch: <value>` and `cases: {text: steps}`. Where the cases lead is read with the outputs.
    pub fn parse(reader: &mut Reader) -> Option<Self> {
        let (value, cases) = (reader.template(SPEC.name), reader.cases("cases"));
        Some(Self { value: value?, cases })
    }

    /// The first case that a value is equal to, as a condition compares them.
    pub fn case_of(&self, value: &Value, basis: Basis) -> Option<&str> {
        let is = |case: &&String| comparison::equal(Operand::of(value), Operand::Text(case), basis);
        self.cases.iter().find(is).map(String::as_str)
    }
}

/// The output of a case. Its name begins as no other output does: a case may be `else` or `failed`.
pub fn output(case: &str) -> String {
    if case.is_empty() { "=".to_owned() } else { format!("= {case}") }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;
    use serde_json::json;

    use super::*;
    use crate::comparison::Notes;

    #[test]
    fn a_value_is_equal_to_the_case_with_its_text_or_its_number() {
        let cases = ["Rome", "5", "1.50", "true", "", "[1]", "else", "05", "2026-05-01"].map(str::to_owned).to_vec();
        let switch = Switch { value: Template::parse(&json!("$a")).unwrap(), cases };
        let (zone, notes) = (TimeZone::UTC, Notes::default());
        let basis = Basis { zone: &zone, notes: &notes };
        for (value, expected) in [
            (json!("Rome"), Some("Rome")),
            (json!("rome"), None),
            (json!(" Rome"), None),
            (json!("5"), Some("5")),
            (json!(5), Some("5")),
            (json!(5.0), Some("5")),
            (json!("5.0"), None),
            (json!(1.5), Some("1.50")),
            (json!("05"), Some("05")),
            (json!(true), Some("true")),
            (json!(false), None),
            (Value::Null, Some("")),
            (json!(""), Some("")),
            (json!([1]), None),
            (json!({}), None),
            (json!("else"), Some("else")),
            (json!("01.05.2026"), Some("2026-05-01")),
        ] {
            assert_eq!(switch.case_of(&value, basis), expected, "{value}");
        }
    }
}
