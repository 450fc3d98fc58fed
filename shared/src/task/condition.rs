//! `condition`: leaves by `then` or `else`.

use crate::document::Reader;
use crate::expression::Expression;

/// Settings of a `condition` step.
#[derive(Debug)]
pub struct Condition {
    /// What decides.
    pub expression: Expression,
}

impl Condition {
    /// Its key in a step.
    pub const NAME: &str = "condition";
    /// Where it can lead.
    pub const OUTPUTS: &[&str] = &["then", "else"];

    /// Reads `condition: <expression>`.
    pub fn parse(reader: &mut Reader) -> Option<Self> {
        reader.required(Self::NAME)?;
        Some(Self { expression: reader.expression(Self::NAME)? })
    }
}
