//! `comment`: leaves by `next`.

use crate::document::Reader;
use crate::expression::Template;

/// Settings of a `comment` step.
#[derive(Debug)]
pub struct Comment {
    /// What it says; an empty text is no comment.
    pub text: Template,
    /// The id of the record to comment on; none = the run's record.
    pub record: Option<Template>,
}

impl Comment {
    /// Its key in a step.
    pub const NAME: &str = "comment";
    /// Where it can lead.
    pub const OUTPUTS: &[&str] = &["next"];

    /// Reads `comment: text` and `record`.
    pub fn parse(reader: &mut Reader) -> Option<Self> {
        reader.required(Self::NAME);
        let text = reader.template(Self::NAME);
        let record = reader.template("record");
        Some(Self { text: text?, record })
    }
}
