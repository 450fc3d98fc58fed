//! `comment`: leaves by `next`.

use crate::document::Reader;
use crate::expression::Template;
use crate::spec::{Setting, Spec};

/// The task as it is described.
pub const SPEC: Spec = Spec {
    name: "comment",
    outputs: &["next"],
    settings: &[Setting::template("comment").required(), Setting::template("record")],
    example: r#"lead:
  create_record: Leads
  fields: {lastname: '$env["lastname"]'}
  store_id: lead_id
  created: note
note:
  comment: Asked about {{ $env["tags"]|join(", ") }}
  record: $env["lead_id"]"#,
};

/// Settings of a `comment` step.
#[derive(Debug)]
pub struct Comment {
    /// What it says; an empty text is no comment.
    pub text: Template,
    /// The id of the record to comment on; none = the run's record.
    pub record: Option<Template>,
}

impl Comment {
    /// Reads `comment: text` and `record`.
    pub fn parse(reader: &mut Reader) -> Option<Self> {
        let text = reader.template(SPEC.name);
        let record = reader.template("record");
        Some(Self { text: text?, record })
    }
}
