//! The API of control, on which all commands work but those that need no server, and `migrate`. Answers are read here
//! and nowhere else.

use std::error::Error;
use std::time::Duration;

use postern_control::operation::{Answer, Explained, Finding, Refused};
use reqwest::header::ACCEPT_LANGUAGE;
use reqwest::{Client, RequestBuilder, Response, StatusCode, Url};

use crate::http;
use crate::options::{Server, language};
use crate::output::Failure;
use crate::texts::tell;

/// How long an answer may take: above the time-out of a statement in PostgreSQL.
const TIMEOUT: Duration = Duration::from_secs(60);

/// An API that was not asked yet.
#[derive(Debug)]
pub struct Api {
    /// What sends requests.
    pub client: Client,
    url: String,
    token: String,
}

impl Server {
    /// The API; needs a token.
    pub fn api(&self) -> Result<Api, Failure> {
        let (url, token) = self.resolve()?;
        let token = token.ok_or_else(|| Failure::usage(tell!("token-needed"), tell!("token-needed-hint")))?;
        let client = http::client(|| Client::builder().timeout(TIMEOUT))?;
        Ok(Api { client, url: url.as_str().trim_end_matches('/').to_owned(), token })
    }
}

impl Api {
    /// The URL of a path.
    pub fn at(&self, path: &str) -> Result<Url, Failure> {
        let url = format!("{}/api/v1{path}", self.url);
        Url::parse(&url).map_err(|error| Failure::usage(format!("{url}: {error}"), tell!("no-server-hint")))
    }

    /// The answer of a Postern of this version.
    pub async fn answer(&self, request: RequestBuilder) -> Result<Response, Failure> {
        let url = &self.url;
        let request = request.bearer_auth(&self.token).header(ACCEPT_LANGUAGE, language().code());
        let answer = request.send().await.map_err(|error| self.unanswered(&error))?;
        if answer.status() == StatusCode::UNAUTHORIZED {
            return Err(Failure::failed(tell!("token-refused", url = url.as_str()), tell!("token-refused-hint")));
        }
        let version = answer.headers().get("postern-version").and_then(|value| value.to_str().ok());
        match version {
            Some(env!("CARGO_PKG_VERSION")) => Ok(answer),
            Some(theirs) => Err(Failure::failed(
                tell!("other-version", url = url.as_str(), theirs = theirs, ours = env!("CARGO_PKG_VERSION")),
                tell!("other-version-hint", theirs = theirs),
            )),
            None => Err(Failure::failed(tell!("no-api", url = url.as_str()), tell!("no-server-hint"))),
        }
    }

    /// An answer as its output; a refusal of the API is a failure.
    pub async fn output<T: Answer>(&self, answer: Response) -> Result<T, Failure> {
        self.read(refuse(answer).await?).await
    }

    /// An answer as this type.
    pub async fn read<T: Answer>(&self, answer: Response) -> Result<T, Failure> {
        let body = answer.bytes().await.map_err(|error| self.unanswered(&error))?;
        T::read(&body).map_err(|error| {
            let message = tell!("answer-unreadable", url = self.url.as_str(), reason = error.to_string());
            Failure::failed(message, tell!("no-answer-hint"))
        })
    }

    fn unanswered(&self, error: &reqwest::Error) -> Failure {
        let url = self.url.as_str();
        if let Some(reason) = tls_reason(error) {
            return Failure::failed(tell!("no-trust", url = url, reason = reason), tell!("no-trust-hint"));
        }
        if error.is_connect() {
            return Failure::failed(tell!("no-server", url = url), tell!("no-server-hint"));
        }
        let message = match error.is_timeout() {
            true => tell!("no-answer-within", url = url, n = TIMEOUT.as_secs()),
            false => tell!("no-answer", url = url),
        };
        Failure::failed(message, tell!("no-answer-hint"))
    }
}

/// What is wrong with the certificate of a server, if that is why it was not called.
fn tls_reason(error: &reqwest::Error) -> Option<String> {
    let mut cause = error.source()?;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    Some(cause.to_string()).filter(|reason| reason.contains("certificate"))
}

/// An error of the API as a failure with what the API tells.
async fn refuse(answer: Response) -> Result<Response, Failure> {
    let status = answer.status();
    if status.is_success() {
        return Ok(answer);
    }
    let refused = answer.json().await.map(|Refused { error }| said(error));
    let message = refused.unwrap_or_else(|_| tell!("answer-status", status = status.to_string()));
    Err(Failure::failed(message, hint(status)))
}

/// The message, and below it each finding with its line.
fn said(error: Explained) -> String {
    let mut said = error.message;
    for Finding { line, path, message, .. } in error.findings.iter().flatten() {
        let text = if path.is_empty() { message.clone() } else { format!("{path}: {message}") };
        said += &format!("\n  {}", tell!("finding", line = line, text = text));
    }
    said
}

fn hint(status: StatusCode) -> String {
    match status {
        StatusCode::NOT_FOUND => tell!("hint-not-found"),
        StatusCode::CONFLICT => tell!("hint-conflict"),
        StatusCode::SERVICE_UNAVAILABLE => tell!("hint-unavailable"),
        StatusCode::FORBIDDEN => tell!("hint-forbidden"),
        status if status.is_server_error() => tell!("hint-server"),
        _ => tell!("hint-usage"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_names_each_finding_with_its_line() {
        let body = r#"{"error": {"code": "invalid_document", "message": "2 findings in the documents", "findings": [
            {"path": "steps.a.next", "line": 5, "message": "leads nowhere"}, {"path": "", "line": 1, "message": "not YAML"}
        ]}}"#;
        let Refused { error } = serde_json::from_str(body).unwrap();
        let expected = "2 findings in the documents\n  line 5: steps.a.next: leads nowhere\n  line 1: not YAML";
        assert_eq!(said(error), expected);
    }
}
