//! From posted bytes to text. Text that is not of its charset is refused, never patched with replacement characters:
//! the lead would look accepted, and its name would be lost.

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_8};

use super::fields::FieldsError;
use super::media_type::parameter;
use crate::excerpt::excerpt;

/// The charset that a media type names, or nothing.
pub(super) fn named(header: &str) -> Result<Option<&'static Encoding>, FieldsError> {
    if !header.contains(';') {
        return Ok(None);
    }
    let label = parameter(header, "charset");
    // Behind a comma another type stands, which a proxy has joined to the first.
    label.map(|label| labelled(label.split(',').next().unwrap_or_default())).transpose()
}

/// The encoding with this label in the WHATWG Encoding Standard, but for the labels of ASCII. Browsers read these as
/// windows-1252, in which any bytes are text; some libraries write them above UTF-8 (the multipart classes of Apache
/// HttpClient do by default). ASCII is a part of UTF-8, so as UTF-8 the text is read as it was meant, or refused.
///
/// Programs also write names that the standard does not have: `UTF_8` of Java, `utf8mb4` of MySQL, `win-1251`, `cp-1251`.
pub fn encoding(label: &str) -> Option<&'static Encoding> {
    let label = label.trim().to_ascii_lowercase();
    let dashed = label.replace('_', "-");
    if ["us-ascii", "ascii", "ansi-x3.4-1968", "utf8mb4"].contains(&&*dashed) {
        return Some(UTF_8);
    }
    let standard = |label: &str| Encoding::for_label_no_replacement(label.as_bytes());
    standard(&label).or_else(|| standard(&dashed)).or_else(|| windows(&dashed))
}

/// A code page of Windows under one of its other names.
fn windows(label: &str) -> Option<&'static Encoding> {
    let number = ["windows", "win", "cp"].iter().find_map(|start| label.strip_prefix(start))?;
    let number = number.strip_prefix('-').unwrap_or(number);
    Encoding::for_label_no_replacement(format!("windows-{number}").as_bytes())
}

/// The same, or an error that names the label.
pub(super) fn labelled(label: &str) -> Result<&'static Encoding, FieldsError> {
    encoding(label).ok_or_else(|| FieldsError::UnknownCharset(excerpt(label)))
}

/// The charset of texts that are said to be in one. Texts that are all UTF-8, and more than ASCII, are not in a charset of
/// single bytes: programs name such a charset above UTF-8 by habit, and hardly any text of words in one is UTF-8 as well.
pub(super) fn meant<'b>(
    charset: &'static Encoding,
    mut texts: impl Iterator<Item = Cow<'b, [u8]>>,
) -> &'static Encoding {
    if !charset.is_single_byte() {
        return charset;
    }
    let mut is_ascii = true;
    let is_utf_8 = texts.all(|bytes| {
        is_ascii &= bytes.is_ascii();
        std::str::from_utf8(&bytes).is_ok()
    });
    if is_utf_8 && !is_ascii { UTF_8 } else { charset }
}

/// The text of a field's name; the error shows how it begins.
pub(super) fn decode_name(bytes: Cow<'_, [u8]>, charset: &'static Encoding) -> Result<String, FieldsError> {
    decode(bytes, charset).map_err(|bytes| FieldsError::Undecodable {
        // Four bytes are the most that one of the 40 characters of an excerpt takes.
        field: excerpt(&String::from_utf8_lossy(&bytes[..bytes.len().min(160)])),
        charset: charset.name(),
    })
}

/// The text of a field's value; the error names the field.
pub(super) fn decode_value(
    bytes: Cow<'_, [u8]>,
    name: &str,
    charset: &'static Encoding,
) -> Result<String, FieldsError> {
    decode(bytes, charset).map_err(|_| FieldsError::Undecodable { field: excerpt(name), charset: charset.name() })
}

/// The text of bytes whatever they are, and whether U+FFFD stands in it for what is no text. Most programs write UTF-8, so
/// other charsets count only for bytes that are not UTF-8; UTF-8 that was cut within a letter is still UTF-8.
pub(crate) fn decode_anyhow(bytes: Cow<'_, [u8]>, charset: Option<&'static Encoding>) -> (String, bool) {
    let error = match String::from_utf8(bytes.into_owned()) {
        Ok(text) => return (text, false),
        Err(error) => error,
    };
    let valid = &error.as_bytes()[..error.utf8_error().valid_up_to()];
    let is_cut = error.utf8_error().error_len().is_none() && !valid.is_ascii();
    let bytes = error.into_bytes();
    let text = charset.filter(|_| !is_cut);
    match text.and_then(|charset| charset.decode_without_bom_handling_and_without_replacement(&bytes)) {
        Some(text) => (text.into_owned(), false),
        None => (String::from_utf8_lossy(&bytes).into_owned(), true),
    }
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
