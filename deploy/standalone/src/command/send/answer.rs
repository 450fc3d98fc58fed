//! What came back for one submission.

use std::fmt;

use postern_shared::id::ReceiptId;
use reqwest::{Response, StatusCode};
use serde_json::{Value, json};

/// The most of an answer that is read: Postern's own are a few hundred bytes.
const MAX_ANSWER_BYTES: usize = 64 * 1024;

/// What came back, or that nothing did.
#[derive(Debug)]
pub enum Answer {
    /// An answer, with its JSON body if it has one.
    Got {
        /// Its status.
        status: StatusCode,
        /// Its body; null if it is not JSON.
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
        let (status, mut body) = (response.status(), Vec::new());
        loop {
            match response.chunk().await {
                Ok(Some(chunk)) if body.len() + chunk.len() <= MAX_ANSWER_BYTES => body.extend_from_slice(&chunk),
                // The status has come, and it is the promise; a cut body only lacks the receipt.
                Ok(_) | Err(_) => break,
            }
        }
        Self::Got { status, body: serde_json::from_slice(&body).unwrap_or_default() }
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
            Self::Got { body, .. } => body["receipt"].as_str()?.parse().ok(),
            Self::None(_) => None,
        }
    }

    /// What a program reads of it.
    pub fn json(&self, line: u64) -> Value {
        match self {
            Self::Got { status, body } => json!({"line": line, "status": status.as_u16(), "body": body}),
            Self::None(reason) => json!({"line": line, "status": null, "error": reason}),
        }
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Got { status, body } => {
                let error = &body["error"];
                let text = |key: &str| error[key].as_str().unwrap_or_default().to_owned();
                write!(f, "{} {} {}", status.as_u16(), text("code"), text("message"))
            }
            Self::None(reason) => write!(f, "no answer: {reason}"),
        }
    }
}

/// The innermost cause: the outer ones only say that a request failed.
fn reason(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}
