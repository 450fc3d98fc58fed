//! `http_request`: says what is to be sent, and what becomes of the answer. The sending is done outside of every
//! transaction; see `outside`.

mod pairs;
pub mod target;

use postern_shared::body::answer::decoded;
use postern_shared::env::{Env, Limits};
use postern_shared::expression::render;
use postern_shared::json_bytes::scanned;
use postern_shared::rendered::{HttpCall, Rendered};
use postern_shared::secret::mark::{self, Place};
use postern_shared::task::http_request::{Body, HttpRequest, Method};
use reqwest::header::{HeaderName, HeaderValue};
use serde_json::{Map, Value, json};

use pairs::{add_query, pairs};

use super::context::Context;
use super::error::TaskError;
use super::outcome::Outcome;
use super::tries::{self, Failed, Judgement};
use crate::outside::call::{Reply, Report};
use crate::outside::retry_after;

/// Statuses that say "later": RFC 9110, RFC 6585, RFC 8470.
const LATER: [u16; 7] = [408, 425, 429, 500, 502, 503, 504];

/// What may stand in an answer that is read as JSON: more names than a form has, since lists of records come this way.
const LIMITS: Limits = Limits { body_bytes: usize::MAX, fields: 20_000, name_bytes: 256, depth: 16 };

pub fn perform(
    settings: &HttpRequest,
    report: Option<Report>,
    context: &mut Context<'_>,
) -> Result<Outcome, TaskError> {
    let now = context.now();
    let prepare = |context: &mut Context<'_>| prepare(settings, context);
    tries::perform(
        &settings.tries,
        settings.max_bytes,
        report,
        context,
        prepare,
        |Reply { status, headers, body, scrubber }| {
            let mut found = answer(status, &headers, &body);
            let answered = TaskError::TargetAnswered { status };
            let outcome = match settings.expects(status) {
                true => Ok(Some(answered)),
                false => Err(Failed {
                    reason: answered,
                    // What it has done by then nobody knows.
                    again: LATER.contains(&status) && !settings.tries.at_most_once,
                    after: retry_after::of(&headers, now),
                }),
            };
            if let (Err(failed), Value::Object(found)) = (&outcome, &mut found) {
                found.insert("error".to_owned(), failed.reason.to_string().into());
            }
            Judgement { found: scrubber.value(found), outcome }
        },
    )
}

fn prepare(settings: &HttpRequest, context: &mut Context<'_>) -> Result<Rendered, TaskError> {
    let (mut url, connection) = target::url(&settings.target, context)?;
    if !settings.query.is_empty() {
        add_query(&mut url, &settings.query, context)?;
    }
    let (content_type, body) = body(&settings.body, context)?;
    let mut headers: Vec<_> =
        content_type.map(|text| ("content-type".to_owned(), text.to_owned())).into_iter().collect();
    let of_connection = match &connection {
        Some(name) => target::of(name, context)?.marked_headers().collect(),
        None => Vec::new(),
    };
    let own = context.values(&settings.headers)?.into_iter().map(|(name, value)| (name, render(&value)));
    for (name, value) in of_connection.into_iter().chain(own) {
        if HeaderName::from_bytes(name.as_bytes()).is_err() || HeaderValue::from_str(&value).is_err() {
            return Err(TaskError::HeaderValue { name });
        }
        let name = name.to_lowercase();
        // The last of a name counts.
        headers.retain(|(known, _)| *known != name);
        headers.push((name, value));
    }
    let method = match settings.method {
        Method::Get => "GET",
        Method::Post => "POST",
        Method::Put => "PUT",
        Method::Patch => "PATCH",
        Method::Delete => "DELETE",
        Method::Head => "HEAD",
    };
    let url = mark::put_in(url.into(), Place::Url);
    let has_secrets = |text: &str| text.contains(mark::beginning());
    let is_marked = has_secrets(&url)
        || headers.iter().any(|(_, value)| has_secrets(value))
        || body.as_deref().is_some_and(has_secrets);
    let marks = is_marked.then(|| mark::beginning().to_owned());
    Ok(Rendered::Http(HttpCall { method: method.into(), url, connection, headers, body, marks }))
}

fn body(body: &Body, context: &mut Context<'_>) -> Result<(Option<&'static str>, Option<String>), TaskError> {
    Ok(match body {
        Body::Empty => (None, None),
        Body::Json(template) => {
            (Some("application/json"), Some(mark::put_in(context.value("json", template)?.to_string(), Place::Json)))
        }
        Body::Text(template) => (Some("text/plain; charset=utf-8"), Some(render(&context.value("text", template)?))),
        Body::Form(fields) => {
            let mut form = form_urlencoded::Serializer::new(String::new());
            for (name, value) in context.values(fields)? {
                pairs(&mut form, &name, &value);
            }
            (Some("application/x-www-form-urlencoded"), Some(mark::put_in(form.finish(), Place::Url)))
        }
    })
}

/// What `$env` gets: a body that says it is JSON as its value, all else as text that can be stored.
fn answer(status: u16, headers: &[(String, String)], body: &[u8]) -> Value {
    let kind = headers.iter().find(|(name, _)| name == "content-type").map_or("", |(_, value)| value.as_str());
    let decoded = decoded(kind, body);
    let (text, body) = (|| Value::String(storable(&decoded)), decoded.as_bytes());
    let is_json = kind.contains("json");
    // Read as values, some bytes take some hundred: what would be refused is not read.
    let is_small = is_json && values(body) <= LIMITS.fields;
    let parsed = is_small.then(|| serde_json::from_slice::<Value>(body).ok()).flatten();
    let parsed = parsed.map(|value| Env(Map::from_iter([("body".to_owned(), value)])));
    let parsed = parsed.filter(|env| LIMITS.check(env).is_ok()).and_then(|mut env| env.0.shift_remove("body"));
    let headers: Map<String, Value> =
        headers.iter().map(|(name, value)| (name.clone(), Value::String(storable(value)))).collect();
    json!({"status": status, "headers": headers, "body": parsed.unwrap_or_else(text)})
}

/// How many values a JSON text has at least: each but the first of a list or a map stands behind a comma, and each list and
/// map begins with a bracket.
fn values(json: &[u8]) -> usize {
    scanned(json).filter(|(byte, is_text)| !is_text && matches!(byte, b',' | b'[' | b'{')).count()
}

/// PostgreSQL keeps no NUL in the text of a record.
fn storable(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read_as_what_it_says_it_is_and_can_be_stored() {
        let json = [("content-type".to_owned(), "application/json".to_owned())];
        assert_eq!(answer(200, &json, br#"{"a":[1.10]}"#)["body"].to_string(), r#"{"a":[1.10]}"#);
        assert_eq!(answer(200, &json, b"no json")["body"], "no json");
        assert_eq!(answer(200, &json, br#"{"a":"\u0000"}"#)["body"], r#"{"a":"\u0000"}"#);
        assert_eq!(answer(200, &[], b"{\"a\":1}\0")["body"], "{\"a\":1}\u{fffd}");
        assert_eq!(answer(204, &[], b"\xff")["body"], "\u{fffd}");
        let cyrillic = [("content-type".to_owned(), "application/json; charset=windows-1251".to_owned())];
        assert_eq!(answer(200, &cyrillic, b"{\"a\":\"\xcf\xf0\xe8\xe2\xe5\xf2\"}")["body"]["a"], "Привет");
    }

    #[test]
    fn an_answer_of_too_many_values_is_text_and_is_not_read() {
        for (json, count) in
            [("1", 0), ("[]", 1), (r#"{"a":[1,2],"b":","}"#, 4), (r#"["\\",",",""]"#, 3), ("\"[[[\"", 0)]
        {
            assert_eq!(values(json.as_bytes()), count, "{json}");
        }
        let json = [("content-type".to_owned(), "application/json".to_owned())];
        let dense = format!("[{}0]", r#"{"":0},"#.repeat(LIMITS.fields));
        assert_eq!(answer(200, &json, dense.as_bytes())["body"], dense);
    }
}
