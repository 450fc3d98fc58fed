//! `set_value`: leaves by `next`.

use crate::expression::Template;

/// Settings of a `set_value` step.
#[derive(Debug)]
pub struct SetValue {
    /// The id of the record to change; none = the run's record.
    pub record: Option<Template>,
    /// The fields and their new values. All are evaluated before any is set.
    pub fields: Vec<(String, Template)>,
}
