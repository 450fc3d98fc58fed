//! `multipart/form-data` (RFC 7578): text parts become fields, files are refused or left out.

use std::borrow::Cow;
use std::convert::Infallible;

use crate::env::EnvError;
use crate::permission::Files;
use bytes::Bytes;
use encoding_rs::{Encoding, UTF_8};
use futures_util::FutureExt;
use multer::{Field, Multipart};

use super::fields::{FieldSettings, Fields, FieldsError, excerpt, named, parameter};
use super::nesting::Nesting;
use super::parameters::Parameters;
use super::text;

/// Reads all parts. The charset of a text part is its own, else the form's.
pub(super) fn parse(header: &str, body: &[u8], settings: &FieldSettings) -> Result<Fields, FieldsError> {
    let boundary = parameter(header, "boundary").ok_or(FieldsError::MalformedMultipart("it names no boundary"))?;
    let parts = parts(boundary, body, settings.limits.fields)?;
    let charset = charset(header, &parts, settings)?;
    let mut nesting = Nesting::new(&settings.limits);
    let mut dropped_files = Vec::new();
    for part in parts {
        let name = text::decode_name(Cow::Owned(part.name), charset)?;
        match part.kind {
            // A file input that the visitor did not touch.
            Kind::File { named: false } if part.content.is_empty() => {}
            Kind::File { .. } => match settings.files {
                Files::Refuse => return Err(FieldsError::FileRefused(excerpt(&name))),
                Files::Drop => dropped_files.push(name),
            },
            Kind::Text { charset: own } => {
                let own = own.filter(|_| settings.overriding.is_none());
                let own = own.map(|label| text::labelled(&label)).transpose()?.unwrap_or(charset);
                let value = text::decode_value(Cow::Borrowed(&part.content), &name, own.output_encoding())?;
                nesting.add(name, value)?;
            }
        }
    }
    Ok(Fields { env: nesting.finish(), dropped_files })
}

/// The names and contents of all parts, files among them, if its boundary can be followed.
pub(super) fn contents(header: &str, body: &[u8]) -> Option<Vec<(Vec<u8>, Bytes)>> {
    let parts = parts(parameter(header, "boundary")?, body, usize::MAX).ok()?;
    Some(parts.into_iter().map(|part| (part.name, part.content)).collect())
}

struct Part {
    name: Vec<u8>,
    kind: Kind,
    content: Bytes,
}

enum Kind {
    /// A part with a file name, which may be empty.
    File {
        named: bool,
    },
    Text {
        charset: Option<String>,
    },
}

/// The charset of names, and of texts that name none: the header's, else that of the part `_charset_` (RFC 7578,
/// 4.6), else the setting's, else UTF-8.
fn charset(header: &str, parts: &[Part], settings: &FieldSettings) -> Result<&'static Encoding, FieldsError> {
    let own = || parts.iter().find(|part| part.name == b"_charset_" && !part.content.is_empty());
    let charset = match (named(header, settings)?, own()) {
        (Some(charset), _) => charset,
        (None, Some(part)) => text::labelled(&String::from_utf8_lossy(&part.content))?,
        (None, None) => settings.charset.unwrap_or(UTF_8),
    };
    Ok(charset.output_encoding())
}

/// The parts of a whole body. Nothing is awaited: the body is there.
fn parts(boundary: String, body: &[u8], most: usize) -> Result<Vec<Part>, FieldsError> {
    let body = Bytes::copy_from_slice(body);
    let mut reader = Multipart::new(futures_util::stream::iter([Ok::<_, Infallible>(body)]), boundary);
    let mut parts = Vec::new();
    while let Some(field) = ready(reader.next_field())? {
        if parts.len() >= most {
            return Err(EnvError::TooManyFields(most).into());
        }
        let (name, kind) = disposition(&field)?;
        parts.push(Part { name, kind, content: ready(field.bytes())? });
    }
    Ok(parts)
}

/// Read here and not by the library, for names need not be UTF-8, and `filename*` makes a file too.
fn disposition(field: &Field<'_>) -> Result<(Vec<u8>, Kind), FieldsError> {
    let header = field.headers().get("content-disposition").map_or(&[][..], |value| value.as_bytes());
    let parameter = |name: &str| Parameters::of_header(header).find(name);
    let name = parameter("name").ok_or(FieldsError::MalformedMultipart("a part has no name"))?;
    let kind = match parameter("filename") {
        Some(file) => Kind::File { named: !file.is_empty() },
        None if parameter("filename*").is_some() => Kind::File { named: true },
        None => {
            let media_type = field.headers().get("content-type").map_or(&[][..], |value| value.as_bytes());
            let charset = Parameters::of_header(media_type).find("charset");
            let charset = charset.map(|label| String::from_utf8_lossy(&label).into_owned());
            Kind::Text { charset: charset.filter(|label| !label.is_empty()) }
        }
    };
    Ok((name.into_owned(), kind))
}

fn ready<T>(future: impl Future<Output = multer::Result<T>>) -> Result<T, FieldsError> {
    match future.now_or_never() {
        Some(Ok(value)) => Ok(value),
        Some(Err(multer::Error::ReadHeaderFailed(_) | multer::Error::DecodeHeaderName { .. })) => {
            Err(FieldsError::MalformedMultipart("a part has a malformed header"))
        }
        Some(Err(_)) | None => Err(FieldsError::MalformedMultipart("its parts do not end where its boundary says")),
    }
}
