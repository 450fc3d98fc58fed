//! One call of the web service. The status of an answer decides nothing: an answer counts if it is JSON with `success`. What
//! is read goes by GET with a query string, what is changed by POST with a form, and neither reads the other's place.

use std::time::{Duration, SystemTime};

use postern_shared::json_bytes::scanned;
use postern_shared::message::Message;
use postern_shared::rendered::HttpCall;
use reqwest::Url;
use serde_json::Value;
use tokio::time::Instant;

use super::code::{self, Meaning};
use crate::outside::call::{Failure, FailureKind};
use crate::outside::http::Http;

/// The most bytes of an answer: a page of a query holds a hundred records, and the fields of a module with all their
/// choices are less.
const MAX_ANSWER_BYTES: usize = 4 * 1024 * 1024;

/// The longest time of the first jitter, in microseconds: some times what a log-in takes.
const MAX_JITTER_US: u32 = 30_000;

/// How the JSON of an answer begins.
const SUCCESS: &[u8] = br#"{"success":"#;

/// The longest reason of vtiger that is kept, in letters.
const MAX_REASON: usize = 300;

/// Why a call has no result.
#[derive(Debug, Clone)]
pub enum Fault {
    /// vtiger refused, with a code and words of its own.
    Refused { meaning: Meaning, answer: String, reason: String },
    /// There is no answer that can be read.
    NoAnswer(Failure),
}

impl Fault {
    /// Whether nobody knows what vtiger did.
    pub fn is_unknown(&self) -> bool {
        match self {
            Self::Refused { meaning, .. } => *meaning == Meaning::Perhaps,
            Self::NoAnswer(failure) => failure.kind == FailureKind::Unclear,
        }
    }

    /// Whether vtiger itself has answered something: then the call has ended, whatever came of it. A proxy answers with
    /// another status while vtiger may still be at work.
    pub fn has_ended(&self) -> bool {
        match self {
            Self::Refused { .. } => true,
            Self::NoAnswer(failure) => php_status(&failure.reason).is_some(),
        }
    }

    /// What it means if vtiger refused.
    pub fn meaning(&self) -> Option<Meaning> {
        if let Self::Refused { meaning, .. } = self { Some(*meaning) } else { None }
    }
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::NoAnswer(failure) => failure,
            // Until somebody corrects the connection its calls wait, as if vtiger were away.
            Fault::Refused { meaning: Meaning::LogIn, answer, .. } => {
                Self::down(Message::VtigerLogin { answer }, FailureKind::NotSent)
            }
            Fault::Refused { meaning, answer, reason } => {
                let kind = match meaning {
                    Meaning::Perhaps => FailureKind::Unclear,
                    Meaning::Session => FailureKind::NotSent,
                    _ => FailureKind::Final,
                };
                Self::new(Message::VtigerRefused { answer, reason }, kind).answered()
            }
        }
    }
}

impl From<Failure> for Fault {
    fn from(failure: Failure) -> Self {
        Self::NoAnswer(failure)
    }
}

/// The web service of a vtiger.
#[derive(Debug, Clone)]
pub struct Wire {
    http: Http,
    url: String,
}

/// Where parameters stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    Get,
    Post,
}

impl Wire {
    /// That of the vtiger in a folder.
    pub fn new(http: Http, folder: &Url) -> Self {
        Self { http: http.without_redirects(), url: format!("{folder}webservice.php") }
    }

    /// Makes one call.
    pub async fn call(&self, verb: Verb, parameters: &[(&str, &str)], until: Instant) -> Result<Value, Fault> {
        let timeout = until.saturating_duration_since(Instant::now());
        if timeout.is_zero() {
            return Err(Failure::not_made(Message::TargetRests, FailureKind::NotSent).into());
        }
        let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish();
        let call = match verb {
            Verb::Get => request("GET", format!("{}?{form}", self.url), None),
            Verb::Post => request("POST", self.url.clone(), Some(form)),
        };
        let reply = self.http.call(&call, MAX_ANSWER_BYTES, timeout, None).await?;
        let location = reply.headers.iter().find(|(name, _)| name == "location").map(|(_, to)| to.as_str());
        read(reply.status, location, &reply.body)
    }
}

fn request(method: &str, url: String, body: Option<String>) -> HttpCall {
    let kind = body.as_ref().map(|_| ("content-type".to_owned(), "application/x-www-form-urlencoded".to_owned()));
    HttpCall {
        method: method.to_owned(),
        url,
        connection: None,
        headers: kind.into_iter().collect(),
        body,
        marks: None,
    }
}

/// The result of an answer.
pub fn read(status: u16, location: Option<&str>, body: &[u8]) -> Result<Value, Fault> {
    if let (301..=308, Some(to)) = (status, location) {
        // Without the query, which holds the session.
        let to = to.split('?').next().unwrap_or_default().to_owned();
        return Err(Failure::down(Message::VtigerRedirects { to }, FailureKind::NotSent).into());
    }
    let answer: Value = serde_json::from_slice(body)
        .or_else(|_| serde_json::from_slice(&with_control_letters_escaped(body)))
        .unwrap_or_default();
    match answer["success"].as_bool() {
        Some(true) => Ok(answer.get("result").cloned().unwrap_or_default()),
        Some(false) => {
            let (answer, reason) = (code::text(&answer["error"]["code"]), &answer["error"]["message"]);
            let reason = reason.as_str().unwrap_or_default().chars().take(MAX_REASON).collect();
            Err(Fault::Refused { meaning: Meaning::of(&answer), answer, reason })
        }
        None => {
            let is_behind_text = body.windows(SUCCESS.len()).any(|part| part == SUCCESS);
            let reason =
                if is_behind_text { Message::VtigerPhpText { status } } else { Message::VtigerNoJson { status } };
            Err(Failure::down(reason, FailureKind::Unclear).into())
        }
    }
}

/// An answer as JSON demands it: version 8.4 writes control letters of values as they are.
fn with_control_letters_escaped(body: &[u8]) -> Vec<u8> {
    let mut escaped = Vec::with_capacity(body.len());
    for (byte, is_text) in scanned(body) {
        match byte {
            0..0x20 if is_text => escaped.extend(format!("\\u{byte:04x}").into_bytes()),
            _ => escaped.push(byte),
        }
    }
    escaped
}

/// The status with which PHP itself answered, if it did: then the call has ended, and nobody knows what was done.
pub fn php_status(reason: &Message) -> Option<u16> {
    match reason {
        Message::VtigerNoJson { status: status @ (200 | 500) }
        | Message::VtigerPhpText { status }
        | Message::VtigerFails { status } => Some(*status),
        _ => None,
    }
}

/// The rows that a query has found. Anything but a list is no answer: "nothing found" would be taken for "there is no such
/// record".
pub fn rows(answer: Value) -> Result<Vec<Value>, Fault> {
    match answer {
        Value::Array(rows) => Ok(rows),
        _ => Err(not_sent(unreadable())),
    }
}

/// An answer that says success and does not hold what was asked for.
pub fn unreadable() -> Fault {
    Failure::new(Message::VtigerNoJson { status: 200 }, FailureKind::Unclear).into()
}

/// What a failure means when nothing was sent that changes a record.
pub fn not_sent(fault: Fault) -> Fault {
    match fault {
        Fault::NoAnswer(failure) if failure.kind == FailureKind::Unclear => {
            Fault::NoAnswer(Failure { kind: FailureKind::NotSent, ..failure })
        }
        Fault::Refused { meaning: Meaning::Perhaps, .. } => {
            Fault::NoAnswer(Failure { kind: FailureKind::NotSent, ..fault.into() })
        }
        other => other,
    }
}

/// A time that grows with the tries and differs between workers that do the same.
pub fn jitter(times: u32) -> Duration {
    let chance = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().subsec_micros();
    times * Duration::from_micros(u64::from(chance % MAX_JITTER_US))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_of_php_before_the_json_is_named() {
        let noisy = read(200, None, b"<b>Warning</b>: x\n{\"success\":true,\"result\":[]}").unwrap_err();
        assert!(matches!(noisy, Fault::NoAnswer(Failure { reason: Message::VtigerPhpText { status: 200 }, .. })));
        assert!(noisy.has_ended() && noisy.is_unknown());
    }

    /// How an answer is read: its result, or what went wrong.
    fn outcome(status: u16, location: Option<&str>, body: &str) -> String {
        match read(status, location, body.as_bytes()) {
            Ok(result) => result.to_string(),
            Err(Fault::Refused { meaning, .. }) => format!("{meaning:?}"),
            Err(Fault::NoAnswer(failure)) => format!("{:?}", failure.kind),
        }
    }

    #[test]
    fn an_answer_counts_by_its_success_whatever_its_status_is() {
        for (status, body, expected) in [
            (200, r#"{"success":true,"result":{"id":"10x2"}}"#, r#"{"id":"10x2"}"#),
            (500, r#"{"success":true,"result":[]}"#, "[]"),
            (200, r#"{"success":false,"error":{"message":"m","code":"INVALID_SESSIONID"}}"#, "Session"),
            (200, r#"{"success":false,"error":{"message":"Duplicate(s) detected!","code":0}}"#, "Duplicate"),
            (200, r#"{"success":false}"#, "Permanent"),
            (200, "{\"success\":true,\n\"result\":\"a\\\\\u{1}\\\"\u{b}\"}", r#""a\\\u0001\"\u000b""#),
            (200, "<br />\n<b>Fatal error</b>", "Unclear"),
            (200, "a warning\n{\"success\":true,\"result\":{\"id\":\"10x2\"}}", "Unclear"),
            (500, "", "Unclear"),
            (404, "<h1>Not Found</h1>", "Unclear"),
            (200, r#"{"success":"yes"}"#, "Unclear"),
        ] {
            assert_eq!(outcome(status, None, body), expected, "{status} {body}");
        }
        assert_eq!(outcome(301, Some("https://crm.example/webservice.php?sessionName=a"), ""), "NotSent");
    }
}
