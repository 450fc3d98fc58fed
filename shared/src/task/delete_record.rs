//! `delete_record`: leaves by `next`.

use crate::document::Reader;
use crate::expression::Template;

/// Settings of a `delete_record` step.
#[derive(Debug)]
pub struct DeleteRecord {
    /// The id of the record to delete; none = the run's record.
    pub record: Option<Template>,
}

impl DeleteRecord {
    /// Its key in a step.
    pub const NAME: &str = "delete_record";
    /// Where it can lead.
    pub const OUTPUTS: &[&str] = &["next"];

    /// Reads `delete_record: true` and `record`.
    pub fn parse(reader: &mut Reader) -> Option<Self> {
        if *reader.required(Self::NAME)? != true {
            reader.report(Self::NAME, "must be true; `record` names another record than the run's");
        }
        Some(Self { record: reader.template("record") })
    }
}
