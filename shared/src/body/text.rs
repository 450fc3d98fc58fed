//! From posted bytes to text. Text that is not of its charset is refused, never patched with replacement characters:
//! the lead would look accepted, and its name would be lost.

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_8};

use super::fields::{FieldsError, excerpt, parameter};

/// The charset that a media type names, or nothing.
pub(super) fn named(header: &str) -> Result<Option<&'static Encoding>, FieldsError> {
    if !header.contains(';') {
        return Ok(None);
    }
    parameter(header, "charset").map(|label| labelled(&label)).transpose()
}

/// The encoding with this label in the WHATWG Encoding Standard.
pub(super) fn labelled(label: &str) -> Result<&'static Encoding, FieldsError> {
    let found = Encoding::for_label_no_replacement(label.as_bytes());
    found.ok_or_else(|| FieldsError::UnknownCharset(excerpt(label)))
}

/// The text of a field's name; the error shows how it begins.
pub(crate) fn decode_name(bytes: Cow<'_, [u8]>, charset: &'static Encoding) -> Result<String, FieldsError> {
    decode(bytes, charset).map_err(|bytes| FieldsError::Undecodable {
        // Four bytes are the most that one of the 40 characters of an excerpt takes.
        field: excerpt(&String::from_utf8_lossy(&bytes[..bytes.len().min(160)])),
        charset: charset.name(),
    })
}

/// The text of a field's value; the error names the field.
pub(crate) fn decode_value(
    bytes: Cow<'_, [u8]>,
    name: &str,
    charset: &'static Encoding,
) -> Result<String, FieldsError> {
    decode(bytes, charset).map_err(|_| FieldsError::Undecodable { field: excerpt(name), charset: charset.name() })
}

/// The text of bytes, or the bytes back if they are not text of this charset.
fn decode<'b>(bytes: Cow<'b, [u8]>, charset: &'static Encoding) -> Result<String, Cow<'b, [u8]>> {
    if charset == UTF_8 {
        return String::from_utf8(bytes.into_owned()).map_err(|error| Cow::Owned(error.into_bytes()));
    }
    match charset.decode_without_bom_handling_and_without_replacement(&bytes) {
        Some(text) => Ok(text.into_owned()),
        None => Err(bytes),
    }
}
