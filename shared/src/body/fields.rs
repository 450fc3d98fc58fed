//! The variables of a body. Whatever its type, a body becomes one map, or it is refused with a reason that names the
//! field and never its value. No posted value is lost on the way: names that are repeated or contradict each other
//! keep all their values, but for those of JSON, which are told.

use std::borrow::Cow;
use std::fmt;
use std::iter::once;

use crate::env::{Env, EnvError, Limits};
use crate::excerpt::excerpt;
use crate::message::Message;
use crate::permission::Files;
use encoding_rs::Encoding;

use super::batch::{self, MAX_ITEMS};
use super::beginning::{Beginning, beginning};
use super::media_type::{Kind, essence, kind};
use super::{form, json, multipart, raw, text, wide};

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
    /// Whether a body is kept as one text, whatever its type.
    pub raw: bool,
    /// Whether a JSON list is several submissions.
    pub batch: bool,
}

/// What a body holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fields {
    /// The variables.
    pub env: Env,
    /// The names of the parts whose files were left out, in order.
    pub dropped_files: Vec<String>,
    /// The names of the variables in which something that is no text became U+FFFD, and of those that had another value in
    /// JSON before the one that is kept.
    pub altered: Vec<String>,
}

/// Why a body is not accepted. Every one of them is the caller's to mend.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FieldsError {
    /// The body is of a type that Postern does not read.
    UnsupportedType(String),
    /// No encoding has this label in the WHATWG Encoding Standard, or the body cannot be in it.
    UnknownCharset(String),
    /// A file where the permission does not take files; holds the name of the part.
    FileRefused(String),
    /// The bytes of a name or value are not text of the charset.
    Undecodable {
        /// The name, or how it begins.
        field: String,
        /// The WHATWG name of the encoding.
        charset: &'static str,
    },
    /// Not JSON; says what is wrong, in which line and column.
    MalformedJson(String),
    /// An item of a list is not accepted.
    Item {
        /// Its place in the list, from 1.
        number: usize,
        /// What is wrong with it.
        error: Box<FieldsError>,
    },
    /// A list with more items than one call may have.
    TooManyItems,
    /// JSON, but with another value than an object.
    NotAnObject,
    /// Sent as a form, but it begins like something else; holds what.
    NotAForm(&'static str),
    /// A part of type JSON that is not; says what is wrong, in which line and column.
    MalformedPart {
        /// The name of the part, or how it begins.
        part: String,
        /// What is wrong.
        reason: String,
    },
    /// Not the parts that its boundary promises.
    MalformedMultipart(Message),
    /// A name that the JSON library on the way of a submission takes for its own.
    ReservedName,
    /// Too many, too long, too deep, or not to be stored.
    Env(EnvError),
}

impl From<EnvError> for FieldsError {
    fn from(error: EnvError) -> Self {
        Self::Env(error)
    }
}

impl From<&FieldsError> for Message {
    fn from(error: &FieldsError) -> Self {
        let quoted = |text: &String| format!("{text:?}");
        match error {
            FieldsError::UnsupportedType(kind) => Self::BodyType { kind: quoted(kind) },
            FieldsError::UnknownCharset(charset) => Self::BodyCharset { charset: quoted(charset) },
            FieldsError::FileRefused(part) => Self::BodyFile { part: quoted(part) },
            FieldsError::Undecodable { field, charset } => {
                Self::BodyUndecodable { field: quoted(field), charset: (*charset).to_owned() }
            }
            FieldsError::MalformedJson(reason) => Self::BodyNoJson { reason: reason.clone() },
            FieldsError::Item { number, error } => {
                Self::BodyItem { number: *number, message: Box::new(Self::from(&**error)) }
            }
            FieldsError::TooManyItems => Self::BodyListLong { most: MAX_ITEMS },
            FieldsError::NotAnObject => Self::BodyNoObject,
            FieldsError::NotAForm(begins) => Self::BodyNoForm { begins: (*begins).to_owned() },
            FieldsError::MalformedPart { part, reason } => {
                Self::PartNoJson { part: quoted(part), reason: reason.clone() }
            }
            FieldsError::MalformedMultipart(why) => Self::BodyNoMultipart { message: Box::new(why.clone()) },
            FieldsError::ReservedName => Self::NameReserved { name: format!("{RESERVED:?}") },
            FieldsError::Env(error) => Self::from(error),
        }
    }
}

impl fmt::Display for FieldsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Message::from(self).fmt(f)
    }
}

impl std::error::Error for FieldsError {}

/// serde_json hands numbers and raw values over as maps with such a key. A posted name of that kind would be changed
/// into a number, or make the whole bundle that it travels in unreadable, together with the submissions of others.
pub const RESERVED: &str = "$serde_json::private::";

/// What a body is: the variables of one submission, or of several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Posted {
    /// One submission.
    One(Fields),
    /// Several submissions, in order.
    Several(Vec<Fields>),
}

impl Posted {
    /// Does something to the variables of each submission.
    pub fn each(&mut self, change: impl FnMut(&mut Fields)) {
        match self {
            Self::One(fields) => std::slice::from_mut(fields),
            Self::Several(all) => all,
        }
        .iter_mut()
        .for_each(change);
    }
}

/// Reads a body. With the setting `batch` a JSON list is several submissions; everything else is one, see [`fields`].
pub fn posted(content_type: Option<&str>, body: &[u8], settings: &FieldSettings) -> Result<Posted, FieldsError> {
    let header = content_type.unwrap_or_default();
    let body = &*wide::narrowed(header, body, settings)?;
    if settings.batch && json::looks_like_list(body) && !matches!(kind(header), Kind::Multipart) {
        let text = json_text(header, body, settings)?;
        return batch::parse(&text, &settings.limits).map(Posted::Several);
    }
    one(header, body, settings).map(Posted::One)
}

/// Reads the body of one submission.
///
/// - `application/x-www-form-urlencoded`, and no type at all: a form, unless the body is a JSON object. A body that begins
///   like JSON, XML or a multipart body and is no form is refused.
/// - `multipart/form-data`: a form; its files are refused or dropped, as the settings say.
/// - `application/json` and `…+json`: a JSON object.
/// - Texts, `application/octet-stream`, `*/*` and what is no type: a JSON object, for that is what `sendBeacon` and many
///   programs send. A JSON object of any other type is read as well.
/// - An empty body is an empty map, whatever its type.
/// - With the setting `raw` any other body is one text under the name `body`.
///
/// The charset of a form is that of the header, else that of its `_charset_` field, else that of the settings, else
/// UTF-8. A body in UTF-8 is never read in a charset of single bytes. The form of nested names is told at [`super::nesting`].
pub fn fields(content_type: Option<&str>, body: &[u8], settings: &FieldSettings) -> Result<Fields, FieldsError> {
    let header = content_type.unwrap_or_default();
    one(header, &wide::narrowed(header, body, settings)?, settings)
}

/// Reads the body of one submission that is not in UTF-16.
fn one(header: &str, body: &[u8], settings: &FieldSettings) -> Result<Fields, FieldsError> {
    if body.is_empty() {
        return Ok(Fields::default());
    }
    let unsupported = || FieldsError::UnsupportedType(excerpt(essence(header)));
    let fields = match kind(header) {
        _ if settings.raw => raw::parse(header, body, settings)?,
        Kind::Form => form_or_json(header, body, settings)?,
        Kind::Multipart => multipart::parse(header, body, settings)?,
        Kind::Json => parse_json(header, body, settings)?,
        Kind::Text if json::looks_like_object(body) => parse_json(header, body, settings)?,
        Kind::Other if json::looks_like_object(body) => match parse_json(header, body, settings) {
            Err(FieldsError::MalformedJson(_) | FieldsError::Undecodable { .. }) => return Err(unsupported()),
            read => read?,
        },
        Kind::Text | Kind::Other => return Err(unsupported()),
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

/// A body sent as a form. PHP's `json_encode` without a header is a JSON object.
fn form_or_json(header: &str, body: &[u8], settings: &FieldSettings) -> Result<Fields, FieldsError> {
    let begins = beginning(body);
    if json::looks_like_object(body) {
        match parse_json(header, body, settings) {
            Err(FieldsError::MalformedJson(_) | FieldsError::Undecodable { .. }) if begins == Beginning::Form => {}
            read => return read,
        }
    }
    match begins {
        Beginning::Form => {
            let env = form::parse(body, named(header, settings)?, settings)?;
            Ok(Fields { env, ..Fields::default() })
        }
        Beginning::Json if json::looks_like_list(body) => parse_json(header, body, settings),
        Beginning::Json => Err(FieldsError::NotAForm("JSON")),
        Beginning::Xml => Err(FieldsError::NotAForm("XML")),
        Beginning::Multipart => Err(FieldsError::NotAForm("multipart/form-data")),
    }
}

fn parse_json(header: &str, body: &[u8], settings: &FieldSettings) -> Result<Fields, FieldsError> {
    // Some callers escape the whole JSON, as if it were the name of a form. No JSON begins with an escape.
    let escaped = body.starts_with(b"%").then(|| form::decoded(body.strip_suffix(b"=").unwrap_or(body)));
    let body = escaped.as_deref().unwrap_or(body);
    let (env, altered) = json::parse(&json_text(header, body, settings)?, &settings.limits)?;
    Ok(Fields { env, altered, ..Fields::default() })
}

/// JSON in UTF-8 (RFC 8259, 8.1), whatever charset the header names; that in UTF-16 is in UTF-8 by now. JSON that is not
/// UTF-8 and has no such header is in the charset of the settings.
fn json_text<'b>(header: &str, body: &'b [u8], settings: &FieldSettings) -> Result<Cow<'b, [u8]>, FieldsError> {
    let charset = match named(header, settings)? {
        Some(charset) => text::meant(charset, once(body.into())),
        None if std::str::from_utf8(body).is_ok() => return Ok(body.into()),
        None => settings.charset.unwrap_or(encoding_rs::UTF_8),
    };
    if wide::is_wide(charset) {
        return Ok(body.into());
    }
    let text = charset.decode_without_bom_handling_and_without_replacement(body);
    let text = text.ok_or(FieldsError::Undecodable { field: "body".into(), charset: charset.name() })?;
    Ok(match text {
        Cow::Borrowed(text) => text.as_bytes().into(),
        Cow::Owned(text) => text.into_bytes().into(),
    })
}

#[cfg(test)]
mod hostile;
#[cfg(test)]
mod tests;
