//! What came back for one submission.

use std::fmt;

use postern_shared::id::ReceiptId;
use reqwest::header::LOCATION;
use reqwest::{Response, StatusCode};
use serde_json::{Value, json};

/// The most of an answer that is read: Postern's own are a few hundred bytes.
const MAX_ANSWER_BYTES: usize = 64 * 1024;

/// What came back, or that nothing did.
#[derive(Debug)]
pub enum Answer {
    /// An answer.
    Got {
        /// Its status.
        status: StatusCode,
        /// The receipt that its `Location` names.
        located: Option<ReceiptId>,
        /// Its body: JSON, or a text; null if it has none.
        body: Value,
    },
    /// No answer, and why. Whether the submission arrived is not known.
    None(String),
}

impl Answer {
    /// Reads an answer.
    pub async fn of(response: Result<Response, reqwest::Error>) -> Self {
        let mut response = match response {
            Ok(response) => response,
            Err(error) => return Self::None(reason(&error)),
        };
        let (status, located, mut body) = (response.status(), located(&response), Vec::new());
        loop {
            match response.chunk().await {
                Ok(Some(chunk)) if body.len() + chunk.len() <= MAX_ANSWER_BYTES => body.extend_from_slice(&chunk),
                // The status has come, and it is the promise; a cut body only lacks the receipt.
                Ok(_) | Err(_) => break,
            }
        }
        let text = || Some(String::from_utf8_lossy(&body).into_owned()).filter(|text| !text.is_empty());
        let body = serde_json::from_slice(&body).ok().or_else(|| text().map(Value::String)).unwrap_or_default();
        Self::Got { status, located, body }
    }

    /// Whether it was accepted.
    pub fn is_success(&self) -> bool {
        matches!(self, Self::Got { status, .. } if status.is_success())
    }

    /// The status for counting.
    pub fn status(&self) -> String {
        match self {
            Self::Got { status, .. } => status.as_u16().to_string(),
            Self::None(_) => "no answer".to_owned(),
        }
    }

    /// The receipt, if there is one in it.
    pub fn receipt(&self) -> Option<ReceiptId> {
        match self {
            Self::Got { located, body, .. } => located.or_else(|| body["receipt"].as_str()?.parse().ok()),
            Self::None(_) => None,
        }
    }

    /// What a workflow responded, for which the call has waited: the ordinary answer names the receipt.
    pub fn response(&self) -> Option<String> {
        let Self::Got { status, located: Some(receipt), body } = self else { return None };
        let is_ordinary = body["receipt"] == receipt.to_string();
        let text = body.as_str().map_or_else(|| body.to_string(), str::to_owned);
        (!is_ordinary).then(|| format!("responded {}: {text}", status.as_u16()))
    }

    /// What a program reads of it.
    pub fn json(&self, line: u64) -> Value {
        match self {
            Self::Got { status, body, .. } => json!({"line": line, "status": status.as_u16(), "body": body}),
            Self::None(reason) => json!({"line": line, "status": null, "error": reason}),
        }
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Got { status, body, .. } => {
                let error = &body["error"];
                let text = |key: &str| error[key].as_str().unwrap_or_default().to_owned();
                write!(f, "{} {} {}", status.as_u16(), text("code"), text("message"))
            }
            Self::None(reason) => write!(f, "no answer: {reason}"),
        }
    }
}

fn located(response: &Response) -> Option<ReceiptId> {
    response.headers().get(LOCATION)?.to_str().ok()?.strip_prefix("/receipts/")?.parse().ok()
}

/// The innermost cause: the outer ones only say that a request failed.
fn reason(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}
