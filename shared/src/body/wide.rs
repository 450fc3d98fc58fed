//! Bodies in UTF-16. Programs of Windows send JSON so, with a byte order mark or under a header.

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_8};

use super::fields::{FieldSettings, FieldsError, named};
use super::media_type::{Kind, kind};

/// The body in UTF-8 if it is in UTF-16; every other body as it is. No text of another charset has a NUL, and of the types
/// that are read only the parts of a multipart body are anything else than text.
pub(super) fn narrowed<'b>(
    header: &str,
    body: &'b [u8],
    settings: &FieldSettings,
) -> Result<Cow<'b, [u8]>, FieldsError> {
    if settings.raw || !body.contains(&0) || matches!(kind(header), Kind::Multipart) {
        return Ok(body.into());
    }
    let (charset, mark) = match Encoding::for_bom(body) {
        Some((charset, mark)) => (Some(charset), mark),
        None => (named(header, settings)?, 0),
    };
    match charset.filter(|charset| is_wide(charset)) {
        None => Ok(body.into()),
        Some(charset) => {
            let text = charset.decode_without_bom_handling_and_without_replacement(&body[mark..]);
            let text = text.ok_or(FieldsError::Undecodable { field: "body".into(), charset: charset.name() })?;
            Ok(text.into_owned().into_bytes().into())
        }
    }
}

/// Whether bytes are text in UTF-8. Those of UTF-16 have NULs or other control characters, or are no UTF-8 at all.
pub(super) fn is_narrow_text(bytes: &[u8]) -> bool {
    let is_odd = |c: char| c.is_control() && !c.is_whitespace();
    std::str::from_utf8(bytes).is_ok_and(|text| !text.contains(is_odd))
}

/// Whether a charset is one of UTF-16.
pub(super) fn is_wide(charset: &'static Encoding) -> bool {
    charset != UTF_8 && charset.output_encoding() == UTF_8
}
