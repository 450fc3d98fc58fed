//! `condition`: leaves by `then` or `else`.

use crate::document::Reader;
use crate::expression::Expression;
use crate::spec::{Kind, Setting, Spec};

/// The task as it is described.
pub const SPEC: Spec = Spec {
    name: "condition",
    outputs: &["then", "else"],
    settings: &[Setting::new("condition", Kind::Expression).required()],
    example: r#"usable:
  condition: $env["lastname"]|trim and $env["email"] is email
  then: accept
  else: refuse
accept:
  set_env: {state: accepted}
refuse:
  stop: failed
  message: no last name or no valid e-mail posted"#,
};

/// Settings of a `condition` step.
#[derive(Debug)]
pub struct Condition {
    /// What decides.
    pub expression: Expression,
}

impl Condition {
    /// Reads `condition: <expression>`.
    pub fn parse(reader: &mut Reader) -> Option<Self> {
        Some(Self { expression: reader.expression(SPEC.name)? })
    }
}
