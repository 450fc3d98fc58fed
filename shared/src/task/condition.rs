//! `condition`: leaves by `then` or `else`.

use crate::document::Reader;
use crate::expression::Expression;
use crate::spec::{Kind, Setting, Spec};

/// The task as it is described.
pub const SPEC: Spec = Spec {
    name: "condition",
    outputs: &["then", "else"],
    settings: &[Setting::new("condition", Kind::Expression).required()],
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
