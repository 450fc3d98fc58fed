//! `set_value`: leaves by `next`.

use crate::document::Reader;
use crate::expression::Template;
use crate::spec::{Kind, Setting, Spec};

/// The task as it is described.
pub const SPEC: Spec = Spec {
    name: "set_value",
    outputs: &["next"],
    settings: &[Setting::new("set_value", Kind::Fields).required(), Setting::template("record")],
    example: r#"lead:
  create_record: Leads
  fields: {lastname: '$env["lastname"]'}
  store_id: lead_id
  created: change
change:
  set_value:
    lastname: '{{ $env["lastname"]|upper }}'
    state: new
  record: $env["lead_id"]"#,
};

/// Settings of a `set_value` step.
#[derive(Debug)]
pub struct SetValue {
    /// The id of the record to change; none = the run's record.
    pub record: Option<Template>,
    /// The fields and their new values. All are evaluated before any is set.
    pub fields: Vec<(String, Template)>,
}

impl SetValue {
    /// Reads `set_value: {field: value}` and `record`.
    pub fn parse(reader: &mut Reader) -> Option<Self> {
        let fields = reader.field_templates(SPEC.name);
        Some(Self { record: reader.template("record"), fields })
    }
}
