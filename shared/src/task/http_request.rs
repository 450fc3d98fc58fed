//! `http_request`: leaves by `next` when the target answered as expected, else by `failed`.

use std::time::Duration;

use jiff::{Span, SpanRelativeTo};

use crate::document::Reader;
use crate::expression::Template;

/// The longest time-out: a run holds a place of the worker while its target is silent.
pub const MAX_TIMEOUT: Duration = Duration::from_secs(120);

/// The time-out unless told otherwise; below the time that a worker has to stop.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(20);

/// The most bytes of an answer, as of any value; and how many unless told otherwise.
pub const MAX_ANSWER_BYTES: usize = 1024 * 1024;
const DEFAULT_ANSWER_BYTES: usize = 256 * 1024;

/// The most tries after the first; and how many unless told otherwise.
pub const MAX_RETRIES: u32 = 20;
const DEFAULT_RETRIES: u32 = 5;

/// The most headers of a request.
const MAX_HEADERS: usize = 50;

/// Settings of an `http_request` step.
#[derive(Debug)]
pub struct HttpRequest {
    /// Where to.
    pub url: Template,
    /// How.
    pub method: Method,
    /// With which headers.
    pub headers: Vec<(String, Template)>,
    /// With which body.
    pub body: Body,
    /// From connecting to the last byte of the answer.
    pub timeout: Duration,
    /// An answer with more is a failure.
    pub max_bytes: usize,
    /// The statuses that are no failure.
    pub expect: Vec<(u16, u16)>,
    /// How often it is tried again.
    pub retries: u32,
    /// When it is not known whether the target got it, a person decides.
    pub at_most_once: bool,
    /// The `$env` name that gets `status`, `headers` and `body`, or `error`.
    pub store: Option<String>,
}

/// The method of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// GET
    Get,
    /// POST
    Post,
    /// PUT
    Put,
    /// PATCH
    Patch,
    /// DELETE
    Delete,
    /// HEAD
    Head,
}

/// The body of a request.
#[derive(Debug)]
pub enum Body {
    /// None.
    Empty,
    /// As JSON.
    Json(Template),
    /// As a form; a list is several values of its name.
    Form(Vec<(String, Template)>),
    /// As it is.
    Text(Template),
}

impl HttpRequest {
    /// Its key in a step.
    pub const NAME: &str = "http_request";
    /// Where it can lead.
    pub const OUTPUTS: &[&str] = &["next", "failed"];

    /// Reads `http_request: <url>`, `method`, `headers`, one of `json`, `form` and `text`, `timeout`, `max_bytes`,
    /// `expect`, `retries`, `at_most_once` and `store`.
    pub fn parse(reader: &mut Reader) -> Option<Self> {
        reader.required(Self::NAME);
        let url = reader.template(Self::NAME);
        let body = body(reader);
        let default = if matches!(body, Body::Empty) { Method::Get } else { Method::Post };
        let methods = [
            ("GET", Method::Get),
            ("POST", Method::Post),
            ("PUT", Method::Put),
            ("PATCH", Method::Patch),
            ("DELETE", Method::Delete),
            ("HEAD", Method::Head),
        ];
        Some(Self {
            url: url?,
            method: reader.choice("method", &methods).unwrap_or(default),
            headers: headers(reader),
            body,
            timeout: timeout(reader),
            max_bytes: number(reader, "max_bytes", DEFAULT_ANSWER_BYTES, MAX_ANSWER_BYTES),
            expect: expected(reader),
            retries: number(reader, "retries", DEFAULT_RETRIES, MAX_RETRIES),
            at_most_once: reader.flag("at_most_once", false),
            store: reader.env_name("store"),
        })
    }

    /// Whether a status is no failure.
    pub fn expects(&self, status: u16) -> bool {
        self.expect.iter().any(|(from, to)| (*from..=*to).contains(&status))
    }
}

fn body(reader: &mut Reader) -> Body {
    let (json, text) = (reader.template("json"), reader.template("text"));
    let form = reader.value("form").map(|_| reader.env_templates("form"));
    match (json, form, text) {
        (None, None, None) => Body::Empty,
        (Some(json), None, None) => Body::Json(json),
        (None, Some(form), None) => Body::Form(form),
        (None, None, Some(text)) => Body::Text(text),
        _ => {
            reader.report("", "has one of json, form and text");
            Body::Empty
        }
    }
}

fn headers(reader: &mut Reader) -> Vec<(String, Template)> {
    let headers = reader.env_templates("headers");
    if headers.len() > MAX_HEADERS {
        reader.report("headers", format!("are more than {MAX_HEADERS}"));
    }
    for (name, _) in &headers {
        // RFC 9110, 5.1: a field name is a token.
        let is_token = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte));
        if !is_token {
            reader.report("headers", "a name holds characters that the name of a header cannot have");
        } else if ["host", "content-length", "transfer-encoding", "connection"].contains(&name.to_lowercase().as_str())
        {
            reader.report("headers", format!("`{}` is set by Postern", name.to_lowercase()));
        }
    }
    headers
}

fn timeout(reader: &mut Reader) -> Duration {
    let Some(text) = reader.text("timeout") else { return DEFAULT_TIMEOUT };
    let span = text.parse::<Span>().ok().and_then(|span| span.to_duration(SpanRelativeTo::days_are_24_hours()).ok());
    match span.and_then(|duration| Duration::try_from(duration).ok()) {
        Some(timeout) if !timeout.is_zero() && timeout <= MAX_TIMEOUT => timeout,
        _ => {
            reader.report("timeout", format!("must be a duration such as 20s, of at most {} s", MAX_TIMEOUT.as_secs()));
            DEFAULT_TIMEOUT
        }
    }
}

fn number<T: TryFrom<i64> + TryInto<i64> + Copy + PartialOrd + std::fmt::Display>(
    reader: &mut Reader,
    key: &'static str,
    default: T,
    max: T,
) -> T {
    let Some(number) = reader.whole(key) else { return default };
    match T::try_from(number) {
        Ok(number) if number <= max => number,
        _ => {
            reader.report(key, format!("must be 0 to {max}"));
            default
        }
    }
}

/// `200`, `2xx` or `200-299`; without any, what HTTP calls success.
fn expected(reader: &mut Reader) -> Vec<(u16, u16)> {
    let mut expected = Vec::new();
    for (place, text) in reader.texts("expect") {
        match range(text.trim()) {
            Some(range) => expected.push(range),
            None => reader.report(&place, "must be a status such as 200, 2xx or 200-299"),
        }
    }
    if expected.is_empty() { vec![(200, 299)] } else { expected }
}

fn range(text: &str) -> Option<(u16, u16)> {
    let status = |text: &str| text.parse::<u16>().ok().filter(|status| (100..600).contains(status));
    if let Some(class) = text.strip_suffix("xx") {
        let class = class.parse::<u16>().ok().filter(|class| (1..6).contains(class))?;
        return Some((class * 100, class * 100 + 99));
    }
    match text.split_once('-') {
        Some((from, to)) => Some((status(from)?, status(to)?)).filter(|(from, to)| from <= to),
        None => status(text).map(|one| (one, one)),
    }
}

#[cfg(test)]
mod tests {
    use super::range;

    #[test]
    fn expected_statuses_are_read() {
        for (text, expected) in [
            ("200", Some((200, 200))),
            ("2xx", Some((200, 299))),
            ("200-204", Some((200, 204))),
            ("204-200", None),
            ("9xx", None),
            ("20", None),
            ("", None),
        ] {
            assert_eq!(range(text), expected, "{text}");
        }
    }
}
