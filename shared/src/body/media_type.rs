//! The media type of a body (RFC 9110, 8.3.1), and how a body of it is read.

use super::parameters::Parameters;

/// How a body of a media type is read.
pub(super) enum Kind {
    Form,
    Multipart,
    Json,
    /// A JSON object, if it begins like one.
    Text,
    /// A JSON object, if it is one.
    Other,
}

pub(super) fn kind(header: &str) -> Kind {
    let essence = essence(header);
    let is = |name: &str| essence.eq_ignore_ascii_case(name);
    let starts = |start: &str| essence.get(..start.len()).is_some_and(|found| found.eq_ignore_ascii_case(start));
    if essence.is_empty() || is("application/x-www-form-urlencoded") {
        Kind::Form
    } else if is("multipart/form-data") {
        Kind::Multipart
    } else if is("application/json") || has_suffix(essence, "+json") {
        Kind::Json
    } else if has_suffix(essence, "/xml") || has_suffix(essence, "+xml") {
        Kind::Other
    } else if starts("text/") || has_suffix(essence, "/octet-stream") || is("*/*") || !essence.contains('/') {
        Kind::Text
    } else {
        Kind::Other
    }
}

/// Whether a media type is that of JSON.
pub(super) fn is_json(header: &str) -> bool {
    matches!(kind(header), Kind::Json) || has_suffix(essence(header), "/json")
}

fn has_suffix(essence: &str, suffix: &str) -> bool {
    let end = essence.len().checked_sub(suffix.len()).and_then(|at| essence.get(at..));
    end.is_some_and(|end| end.eq_ignore_ascii_case(suffix))
}

/// The type and subtype of a media type, without its parameters. Of several types, which a proxy has joined, the first counts.
pub(super) fn essence(header: &str) -> &str {
    header.split([';', ',']).next().unwrap_or_default().trim()
}

/// A parameter of the media type, as text.
pub(crate) fn parameter(header: &str, name: &str) -> Option<String> {
    let value = Parameters::of_header(header.as_bytes()).find(name)?;
    String::from_utf8(value.into_owned()).ok().filter(|value| !value.is_empty())
}
