//! `set_value`: leaves by `next`.

use crate::document::Reader;
use crate::expression::Template;

/// Settings of a `set_value` step.
#[derive(Debug)]
pub struct SetValue {
    /// The id of the record to change; none = the run's record.
    pub record: Option<Template>,
    /// The fields and their new values. All are evaluated before any is set.
    pub fields: Vec<(String, Template)>,
}

impl SetValue {
    /// Its key in a step.
    pub const NAME: &str = "set_value";
    /// Where it can lead.
    pub const OUTPUTS: &[&str] = &["next"];

    /// Reads `set_value: {field: value}` and `record`.
    pub fn parse(reader: &mut Reader) -> Option<Self> {
        reader.refuse_empty(Self::NAME);
        let fields = reader.field_templates(Self::NAME);
        Some(Self { record: reader.template("record"), fields })
    }
}
