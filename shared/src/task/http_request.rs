//! `http_request`: leaves by `next` when the target answered as expected, else by `failed`.

mod target;

use super::tries::{self, Tries};
use crate::document::Reader;
use crate::expression::Template;
use crate::message::{DocumentFault, StepFault};
use crate::spec::{self, Kind, Setting, Spec};
use crate::yaml::join;
pub use target::{BEFORE_PATH, Target};

/// The most bytes of the answer to one `http_request`, as of any value.
pub const MAX_ANSWER_BYTES: usize = 1024 * 1024;

/// The most headers of one `http_request`.
const MAX_HEADERS: usize = 50;

const METHODS: [(&str, Method); 6] = [
    ("GET", Method::Get),
    ("POST", Method::Post),
    ("PUT", Method::Put),
    ("PATCH", Method::Patch),
    ("DELETE", Method::Delete),
    ("HEAD", Method::Head),
];

/// The task as it is described.
pub const SPEC: Spec = Spec {
    name: "http_request",
    outputs: &["next", "failed"],
    settings: &[
        Setting::new("http_request", Kind::UrlOr("call", &target::SETTINGS)).required(),
        Setting::flag("any_host", false),
        Setting::new("query", Kind::Env),
        Setting::new("method", Kind::Choice(&spec::words(&METHODS))),
        Setting::new("headers", Kind::Headers),
        Setting::template("json"),
        Setting::new("form", Kind::Env),
        Setting::template("text"),
        Setting::new("expect", Kind::Statuses).or("2xx"),
        Setting::new("max_bytes", Kind::Number(0, MAX_ANSWER_BYTES as i64)).or("262144"),
        tries::TIMEOUT,
        tries::RETRIES,
        tries::AT_MOST_ONCE,
        tries::STORE,
    ],
    example: r#"tell:
  http_request: https://crm.example.org/leads
  headers: {X-Source: postern}
  json:
    lastname: $env["lastname"]
    tags: $env["tags"]
  timeout: 10s
  retries: 3
  store: answer
  next: done
  failed: lost
done:
  set_env: {status: '$env["answer"]["status"]'}
lost:
  stop: failed
  message: the CRM was not reached"#,
};

/// Settings of an `http_request` step.
#[derive(Debug)]
pub struct HttpRequest {
    /// Where to.
    pub target: Target,
    /// What is added to its query; a list is several values of its name.
    pub query: Vec<(String, Template)>,
    /// How.
    pub method: Method,
    /// With which headers.
    pub headers: Vec<(String, Template)>,
    /// With which body.
    pub body: Body,
    /// An answer with more is a failure.
    pub max_bytes: usize,
    /// The statuses that are no failure.
    pub expect: Vec<(u16, u16)>,
    /// What is stored is `status`, `headers` and `body`, or `error`.
    pub tries: Tries,
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
    /// Reads `http_request: <target>`, `any_host`, `query`, `method`, `headers`, one of `json`, `form` and `text`, `max_bytes`, `expect`, and how
    /// it is tried.
    pub fn parse(reader: &mut Reader) -> Option<Self> {
        reader.take_secrets();
        let (target, query) = (target::parse(reader), reader.env_templates("query"));
        let body = body(reader);
        let default = if matches!(body, Body::Empty) { Method::Get } else { Method::Post };
        let method = reader.choice("method", &METHODS).unwrap_or(default);
        let (headers, max_bytes) = (headers(reader), reader.number("max_bytes"));
        let (expect, tries) = (expected(reader), Tries::parse(reader));
        if !reader.reads().secrets.is_empty()
            && let Some(Target::Url { url, .. }) = &target
            && !url.names_its_host()
        {
            reader.report(SPEC.name, StepFault::SecretHost);
        }
        Some(Self { target: target?, query, method, headers, body, max_bytes: max_bytes?, expect, tries: tries? })
    }

    /// Whether values choose scheme, host or port, although the step does not say so. Such a step that was saved by an older
    /// version runs on.
    pub fn lets_values_choose_the_host(&self) -> bool {
        self.target.lets_values_choose_the_host()
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
            reader.report("", StepFault::OneBody { keys: "json, form and text".to_owned() });
            Body::Empty
        }
    }
}

/// The headers of a map, by their names.
pub(crate) fn headers(reader: &mut Reader) -> Vec<(String, Template)> {
    let headers = reader.env_templates("headers");
    if headers.len() > MAX_HEADERS {
        reader.report("headers", DocumentFault::MoreThan { most: MAX_HEADERS });
    }
    for (name, _) in &headers {
        // RFC 9110, 5.1: a field name is a token.
        let is_token = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte));
        if !is_token {
            reader.report(&join("headers", name), StepFault::HeaderCharacters);
        } else if ["host", "content-length", "transfer-encoding", "connection"].contains(&name.to_lowercase().as_str())
        {
            reader.report(&join("headers", name), StepFault::HeaderOwn { header: name.to_lowercase() });
        }
    }
    headers
}

/// `200`, `2xx` or `200-299`; without any, what HTTP calls success.
fn expected(reader: &mut Reader) -> Vec<(u16, u16)> {
    let mut expected = Vec::new();
    for (place, text) in reader.texts("expect") {
        match range(text.trim()) {
            Some(range) => expected.push(range),
            None => reader.report(&place, StepFault::StatusForm),
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
