//! A file that goes with a mail: a text under a name.

use serde_json::Value;

use crate::document::Reader;
use crate::expression::Template;
use crate::media_type::is_media_type;
use crate::message::{DocumentFault, StepFault};
use crate::spec::{Kind, Setting};

/// The most files of one mail.
pub const MAX_ATTACHMENTS: usize = 10;

/// What a file is whose step says nothing of that.
const TYPE: &str = "text/plain; charset=utf-8";

/// What stands in an item of `attachments`.
pub(super) const SETTINGS: [Setting; 3] = [
    Setting::template("name").required(),
    Setting::template("text").required(),
    Setting::new("type", Kind::MediaType).or(TYPE),
];

/// A file that goes with a mail.
#[derive(Debug)]
pub struct Attachment {
    /// The name of the file.
    pub name: Template,
    /// What stands in the file.
    pub text: Template,
    /// The media type of the file.
    pub content_type: String,
}

pub(super) fn parse(reader: &mut Reader) -> Vec<Attachment> {
    let items = match reader.value("attachments") {
        None => return Vec::new(),
        Some(Value::Array(items)) => items.as_slice(),
        Some(_) => {
            reader.report("attachments", StepFault::MustBeMaps);
            return Vec::new();
        }
    };
    if items.len() > MAX_ATTACHMENTS {
        reader.report("attachments", DocumentFault::MoreThan { most: MAX_ATTACHMENTS });
        return Vec::new();
    }
    (0..items.len()).filter_map(|at| one(reader, &items[at], at)).collect()
}

fn one<'d>(reader: &mut Reader<'d, '_>, item: &'d Value, at: usize) -> Option<Attachment> {
    let mut inner = reader.item("attachments", item, at, &SETTINGS)?;
    let (name, text, content_type) = (inner.template("name"), inner.template("text"), inner.text("type"));
    if content_type.as_ref().is_some_and(|text| !is_media_type(text)) {
        inner.report("type", DocumentFault::MustBeMediaType { example: "text/csv; charset=utf-8".to_owned() });
    }
    let reads = inner.reads().clone();
    inner.finish();
    reader.also_reads(&reads);
    Some(Attachment { name: name?, text: text?, content_type: content_type? })
}
