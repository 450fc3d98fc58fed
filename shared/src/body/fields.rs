//! The variables of a body. Whatever its type, a body becomes one map, or it is refused with a reason that names the
//! field and never its value. No posted value is lost on the way: names that are repeated or contradict each other
//! keep all their values.

use crate::env::{Env, EnvError, Limits};
use crate::permission::Files;
use encoding_rs::Encoding;

use super::parameters::Parameters;
use super::{form, json, multipart, text};

/// What a permission and the settings say of bodies.
#[derive(Debug, Clone, Copy)]
pub struct FieldSettings {
    /// How much a body may hold.
    pub limits: Limits,
    /// The charset of forms that do not name theirs; none = UTF-8.
    pub charset: Option<&'static Encoding>,
    /// The charset of a body whatever it says itself: a person knows better.
    pub overriding: Option<&'static Encoding>,
    /// What becomes of a file in a multipart form.
    pub files: Files,
}

/// What a body holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fields {
    /// The variables.
    pub env: Env,
    /// The names of the parts whose files were left out, in order.
    pub dropped_files: Vec<String>,
}

/// Why a body is not accepted. Every one of them is the caller's to mend.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FieldsError {
    /// The body is of a type that Postern does not read.
    #[error("content type {0:?} is not supported: send a form or a JSON object")]
    UnsupportedType(String),
    /// No encoding has this label in the WHATWG Encoding Standard, or the body cannot be in it.
    #[error("charset {0:?} is not supported here")]
    UnknownCharset(String),
    /// A file where the permission does not take files; holds the name of the part.
    #[error("part {0:?} is a file, and files are not accepted here")]
    FileRefused(String),
    /// The bytes of a name or value are not text of the charset.
    #[error("field {field:?} is not text in {charset}")]
    Undecodable {
        /// The name, or how it begins.
        field: String,
        /// The WHATWG name of the encoding.
        charset: &'static str,
    },
    /// Not JSON; says what is wrong, in which line and column.
    #[error("the body is not JSON: {0}")]
    MalformedJson(String),
    /// JSON, but with another value than an object.
    #[error("the JSON body is not an object")]
    NotAnObject,
    /// Not the parts that its boundary promises.
    #[error("the body is not multipart/form-data: {0}")]
    MalformedMultipart(&'static str),
    /// A name that the JSON library on the way of a submission takes for its own.
    #[error("a field name must not contain {RESERVED:?}")]
    ReservedName,
    /// Too many, too long, too deep, or not to be stored.
    #[error(transparent)]
    Env(#[from] EnvError),
}

/// serde_json hands numbers and raw values over as maps with such a key. A posted name of that kind would be changed
/// into a number, or make the whole bundle that it travels in unreadable, together with the submissions of others.
pub const RESERVED: &str = "$serde_json::private::";

/// Reads a body.
///
/// - `application/x-www-form-urlencoded`, and no type at all: a form, unless the body is a JSON object.
/// - `multipart/form-data`: a form; its files are refused or dropped, as the settings say.
/// - `application/json` and `…+json`: a JSON object.
/// - `text/plain`: a JSON object, for that is what `sendBeacon` sends.
/// - An empty body is an empty map, whatever its type.
///
/// The charset of a form is that of the header, else that of its `_charset_` field, else that of the settings, else
/// UTF-8. The form of nested names is told at [`super::nesting`].
pub fn fields(content_type: Option<&str>, body: &[u8], settings: &FieldSettings) -> Result<Fields, FieldsError> {
    if body.is_empty() {
        return Ok(Fields::default());
    }
    let header = content_type.unwrap_or_default();
    let fields = match kind(header) {
        Kind::Form => match as_json_object(header, body, settings)? {
            Some(env) => Fields { env, ..Fields::default() },
            None => Fields { env: form::parse(body, named(header, settings)?, settings)?, ..Fields::default() },
        },
        Kind::Multipart => multipart::parse(header, body, settings)?,
        Kind::Json => Fields { env: parse_json(header, body, settings)?, ..Fields::default() },
        Kind::Text if json::looks_like_object(body) => {
            Fields { env: parse_json(header, body, settings)?, ..Fields::default() }
        }
        Kind::Text | Kind::Other => return Err(FieldsError::UnsupportedType(excerpt(essence(header)))),
    };
    settings.limits.check(&fields.env)?;
    Ok(fields)
}

/// The charset of a body as far as its header, or a person, says.
pub(super) fn named(header: &str, settings: &FieldSettings) -> Result<Option<&'static Encoding>, FieldsError> {
    if settings.overriding.is_some() { Ok(settings.overriding) } else { text::named(header) }
}

/// Whether a name holds [`RESERVED`]. Most names have no `$`, which is far cheaper to see.
pub(super) fn is_reserved(name: &str) -> bool {
    name.contains('$') && name.contains(RESERVED)
}

/// Enough of a name to recognise it in an error message.
pub(super) fn excerpt(name: &str) -> String {
    name.chars().take(40).collect()
}

pub(super) enum Kind {
    Form,
    Multipart,
    Json,
    Text,
    Other,
}

pub(super) fn kind(header: &str) -> Kind {
    let essence = essence(header);
    let is = |name: &str| essence.eq_ignore_ascii_case(name);
    let suffix = essence.len().checked_sub("+json".len()).and_then(|at| essence.get(at..));
    if essence.is_empty() || is("application/x-www-form-urlencoded") {
        Kind::Form
    } else if is("multipart/form-data") {
        Kind::Multipart
    } else if is("application/json") || suffix.is_some_and(|suffix| suffix.eq_ignore_ascii_case("+json")) {
        Kind::Json
    } else if is("text/plain") {
        Kind::Text
    } else {
        Kind::Other
    }
}

/// The type and subtype of a media type, without its parameters.
fn essence(header: &str) -> &str {
    header.split(';').next().unwrap_or_default().trim()
}

/// A body sent as a form that is a JSON object (PHP's `json_encode` without a header). What is not JSON is no error
/// here, but a form; what breaks a limit is.
fn as_json_object(header: &str, body: &[u8], settings: &FieldSettings) -> Result<Option<Env>, FieldsError> {
    if !json::looks_like_object(body) {
        return Ok(None);
    }
    match parse_json(header, body, settings) {
        Ok(env) => Ok(Some(env)),
        Err(FieldsError::MalformedJson(_) | FieldsError::Undecodable { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// JSON is UTF-8 (RFC 8259, 8.1), unless the header says otherwise.
fn parse_json(header: &str, body: &[u8], settings: &FieldSettings) -> Result<Env, FieldsError> {
    let limits = &settings.limits;
    match named(header, settings)? {
        None => json::parse(body, limits),
        Some(charset) if charset == encoding_rs::UTF_8 => json::parse(body, limits),
        Some(charset) if charset.is_ascii_compatible() => {
            let text = charset.decode_without_bom_handling_and_without_replacement(body);
            let text = text.ok_or(FieldsError::Undecodable { field: "body".into(), charset: charset.name() })?;
            json::parse(text.as_bytes(), limits)
        }
        Some(charset) => Err(FieldsError::UnknownCharset(charset.name().to_owned())),
    }
}

/// A parameter of the media type, as text.
pub(super) fn parameter(header: &str, name: &str) -> Option<String> {
    let value = Parameters::of_header(header.as_bytes()).find(name)?;
    String::from_utf8(value.into_owned()).ok().filter(|value| !value.is_empty())
}

#[cfg(test)]
mod hostile;
#[cfg(test)]
mod tests;
