//! `delete_record`: leaves by `next`.

use crate::document::Reader;
use crate::expression::Template;
use crate::message::StepFault;
use crate::spec::{Kind, Setting, Spec};

/// The task as it is described.
pub const SPEC: Spec = Spec {
    name: "delete_record",
    outputs: &["next"],
    settings: &[Setting::new("delete_record", Kind::True).required(), Setting::template("record")],
    example: r#"draft:
  create_record: Drafts
  fields: {lastname: '$env["lastname"]'}
  store_id: draft_id
  created: clean
clean:
  delete_record: true
  record: $env["draft_id"]"#,
};

/// Settings of a `delete_record` step.
#[derive(Debug)]
pub struct DeleteRecord {
    /// The id of the record to delete; none = the run's record.
    pub record: Option<Template>,
}

impl DeleteRecord {
    /// Reads `delete_record: true` and `record`.
    pub fn parse(reader: &mut Reader) -> Option<Self> {
        if reader.value(SPEC.name).is_some_and(|value| *value != true) {
            reader.report(SPEC.name, StepFault::DeleteTrue);
        }
        Some(Self { record: reader.template("record") })
    }
}
