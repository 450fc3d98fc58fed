//! `multipart/form-data` (RFC 7578): parts of text and of JSON become fields, whatever their file name, for scripts send
//! JSON as a `Blob`, which has one. Other files are refused or left out.

use std::borrow::Cow;
use std::convert::Infallible;
use std::iter::once;

use crate::env::{EnvError, Limits};
use crate::excerpt::excerpt;
use crate::message::Message;
use crate::permission::Files;
use bytes::Bytes;
use encoding_rs::{Encoding, UTF_8};
use futures_util::FutureExt;
use multer::{Field, Multipart};
use serde_json::Value;

use super::fields::{FieldSettings, Fields, FieldsError, named};
use super::media_type::{essence, is_json, parameter};
use super::nesting::Nesting;
use super::parameters::Parameters;
use super::{json, text, transfer, wide};

/// Reads all parts. The charset of a text part is its own, else the form's.
pub(super) fn parse(header: &str, body: &[u8], settings: &FieldSettings) -> Result<Fields, FieldsError> {
    let boundary =
        parameter(header, "boundary").ok_or(FieldsError::MalformedMultipart(Message::MultipartNoBoundary))?;
    let parts = parts(boundary, body, settings.limits.fields)?;
    let charset = charset(header, &parts, settings)?;
    let mut nesting = Nesting::new(&settings.limits);
    let (mut dropped_files, mut altered) = (Vec::new(), Vec::new());
    for part in parts {
        let name = text::decode_name(Cow::Owned(part.name), charset)?;
        let text = |label: Option<String>| {
            let (charset, mark) = match label.filter(|_| settings.overriding.is_none()) {
                Some(label) => of_part(&label, &part.content)?,
                None => (charset, 0),
            };
            text::decode_value(Cow::Borrowed(&part.content[mark..]), &name, charset)
        };
        match part.kind {
            // A file input that the visitor did not touch.
            _ if part.is_untouched => {}
            Kind::File => match settings.files {
                Files::Refuse => return Err(FieldsError::FileRefused(excerpt(&name))),
                Files::Drop => dropped_files.push(name),
            },
            Kind::Json { charset } if !part.content.trim_ascii().is_empty() => {
                let text = text(charset)?;
                let (value, is_altered) = json_value(&text, &settings.limits, &name)?;
                nesting.add_value(&name, value)?;
                altered.extend(is_altered.then_some(name));
            }
            Kind::Text { charset } | Kind::Json { charset } => {
                let value = text(charset)?;
                nesting.add(name, value)?;
            }
        }
    }
    Ok(Fields { env: nesting.finish(), dropped_files, altered })
}

/// The charset that a part names, and how many bytes its byte order mark takes. UTF-16 is named above UTF-8 as well: by
/// programs that write their texts in it.
fn of_part(label: &str, content: &[u8]) -> Result<(&'static Encoding, usize), FieldsError> {
    let named = text::labelled(label)?;
    if wide::is_wide(named) && !wide::is_narrow_text(content) {
        return Ok(Encoding::for_bom(content).unwrap_or((named, 0)));
    }
    Ok((text::meant(named.output_encoding(), once(Cow::Borrowed(content))), 0))
}

fn json_value(text: &str, limits: &Limits, part: &str) -> Result<(Value, bool), FieldsError> {
    json::parse_value(text.as_bytes(), limits, part).map_err(|error| match error {
        FieldsError::MalformedJson(reason) => FieldsError::MalformedPart { part: excerpt(part), reason },
        other => other,
    })
}

/// The names and contents of all parts, files among them, if its boundary can be followed.
pub(super) fn contents(header: &str, body: &[u8]) -> Option<Vec<(Vec<u8>, Bytes)>> {
    let parts = parts(parameter(header, "boundary")?, body, usize::MAX).ok()?;
    Some(parts.into_iter().map(|part| (part.name, part.content)).collect())
}

struct Part {
    name: Vec<u8>,
    kind: Kind,
    /// Whether it is empty and has an empty file name.
    is_untouched: bool,
    content: Bytes,
}

enum Kind {
    /// A part with a file name, of a type that is no value.
    File,
    Text {
        charset: Option<String>,
    },
    Json {
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
    let texts = parts.iter().flat_map(|part| match &part.kind {
        Kind::Text { charset: None } | Kind::Json { charset: None } => vec![&part.name[..], &part.content[..]],
        Kind::File | Kind::Text { .. } | Kind::Json { .. } => vec![&part.name[..]],
    });
    Ok(text::meant(charset.output_encoding(), texts.map(Cow::Borrowed)))
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
        let (name, file) = disposition(&field)?;
        let kind = kind(&field, file.is_some());
        let encoding = field.headers().get("content-transfer-encoding").cloned();
        let content = ready(field.bytes())?;
        let content = match encoding {
            Some(encoding) => transfer::decoded(encoding.as_bytes(), content),
            None => content,
        };
        parts.push(Part { name, kind, is_untouched: file == Some(FileName::Empty) && content.is_empty(), content });
    }
    Ok(parts)
}

#[derive(PartialEq, Eq)]
enum FileName {
    Empty,
    Given,
}

/// Read here and not by the library, for names need not be UTF-8, and `filename*` makes a file too.
fn disposition(field: &Field<'_>) -> Result<(Vec<u8>, Option<FileName>), FieldsError> {
    let header = field.headers().get("content-disposition").map_or(&[][..], |value| value.as_bytes());
    let parameter = |name: &str| Parameters::of_header(header).find(name);
    let name = parameter("name").ok_or(FieldsError::MalformedMultipart(Message::MultipartNoName))?;
    let file = match parameter("filename") {
        Some(file) if file.is_empty() => Some(FileName::Empty),
        Some(_) => Some(FileName::Given),
        None => parameter("filename*").map(|_| FileName::Given),
    };
    Ok((name.into_owned(), file))
}

/// A part that has a file name is a value only if its type says so.
fn kind(field: &Field<'_>, is_file: bool) -> Kind {
    let media_type = field.headers().get("content-type").map_or(&[][..], |value| value.as_bytes());
    let charset = Parameters::of_header(media_type).find("charset");
    let charset = charset.map(|label| String::from_utf8_lossy(&label).into_owned()).filter(|label| !label.is_empty());
    let media_type = String::from_utf8_lossy(media_type);
    let is_text = essence(&media_type).get(.."text/".len()).is_some_and(|start| start.eq_ignore_ascii_case("text/"));
    if is_json(&media_type) {
        Kind::Json { charset }
    } else if is_text || !is_file {
        Kind::Text { charset }
    } else {
        Kind::File
    }
}

fn ready<T>(future: impl Future<Output = multer::Result<T>>) -> Result<T, FieldsError> {
    match future.now_or_never() {
        Some(Ok(value)) => Ok(value),
        Some(Err(multer::Error::ReadHeaderFailed(_) | multer::Error::DecodeHeaderName { .. })) => {
            Err(FieldsError::MalformedMultipart(Message::MultipartHeader))
        }
        Some(Err(_)) | None => Err(FieldsError::MalformedMultipart(Message::MultipartEnd)),
    }
}
