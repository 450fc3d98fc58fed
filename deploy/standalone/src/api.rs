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

/// How long an answer may take: above the time-out of a statement in PostgreSQL.
const TIMEOUT: Duration = Duration::from_secs(60);

/// What helps where there is no server.
const WHERE: &str = "--url, POSTERN_URL or a profile names the listener of control; `postern serve` starts one";

/// What helps where an answer is missing or odd.
const LOOK: &str = "`postern status` shows how the server is; the log of control has more";

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
        let token = token.ok_or_else(|| {
            let hint = "set POSTERN_API_TOKEN, or give --token or --profile; `postern serve` prints the first one";
            Failure::usage("a token of the API is needed", hint)
        })?;
        let client = http::client(|| Client::builder().timeout(TIMEOUT))?;
        Ok(Api { client, url: url.as_str().trim_end_matches('/').to_owned(), token })
    }
}

impl Api {
    /// The URL of a path.
    pub fn at(&self, path: &str) -> Result<Url, Failure> {
        let url = format!("{}/api/v1{path}", self.url);
        Url::parse(&url).map_err(|error| Failure::usage(format!("{url}: {error}"), WHERE))
    }

    /// The answer of a Postern of this version.
    pub async fn answer(&self, request: RequestBuilder) -> Result<Response, Failure> {
        let url = &self.url;
        let request = request.bearer_auth(&self.token).header(ACCEPT_LANGUAGE, language().code());
        let answer = request.send().await.map_err(|error| self.unanswered(&error))?;
        if answer.status() == StatusCode::UNAUTHORIZED {
            let hint = "`postern token create NAME` makes one, with a token that is valid; so does the control panel";
            return Err(Failure::failed(
                format!("{url} refuses the token: it was removed, or is of another Postern"),
                hint,
            ));
        }
        let version = answer.headers().get("postern-version").and_then(|value| value.to_str().ok());
        match version {
            Some(env!("CARGO_PKG_VERSION")) => Ok(answer),
            Some(version) => Err(Failure::failed(
                format!("{url} is Postern {version}, this program is {}", env!("CARGO_PKG_VERSION")),
                format!("use the program of version {version}"),
            )),
            None => Err(Failure::failed(format!("what answers at {url} is not the API of Postern"), WHERE)),
        }
    }

    /// An answer as its output; a refusal of the API is a failure.
    pub async fn output<T: Answer>(&self, answer: Response) -> Result<T, Failure> {
        self.read(refuse(answer).await?).await
    }

    /// An answer as this type.
    pub async fn read<T: Answer>(&self, answer: Response) -> Result<T, Failure> {
        let body = answer.bytes().await.map_err(|error| self.unanswered(&error))?;
        T::read(&body)
            .map_err(|error| Failure::failed(format!("the answer of {} cannot be read: {error}", self.url), LOOK))
    }

    fn unanswered(&self, error: &reqwest::Error) -> Failure {
        let url = &self.url;
        if let Some(reason) = tls_reason(error) {
            let hint = "SSL_CERT_FILE names a file with the certificate of the authority that has signed it";
            return Failure::failed(format!("{url} cannot be trusted: {reason}"), hint);
        }
        if error.is_connect() {
            return Failure::failed(format!("there is no server at {url}"), WHERE);
        }
        let message = if error.is_timeout() {
            format!("no answer from {url} within {} s", TIMEOUT.as_secs())
        } else {
            format!("no answer from {url}: the connection broke off")
        };
        Failure::failed(message, LOOK)
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
    let message = refused.unwrap_or_else(|_| format!("the server answers {status}"));
    Err(Failure::failed(message, hint(status)))
}

/// The message, and below it each finding with its line.
fn said(error: Explained) -> String {
    let mut said = error.message;
    for Finding { line, path, message, .. } in error.findings.iter().flatten() {
        said += &if path.is_empty() {
            format!("\n  line {line}: {message}")
        } else {
            format!("\n  line {line}: {path}: {message}")
        };
    }
    said
}

fn hint(status: StatusCode) -> &'static str {
    match status {
        StatusCode::NOT_FOUND => "the lists show what there is: postern get, runs, records, dead list, refused list",
        StatusCode::CONFLICT => "look at it again: what you have seen of it has changed since",
        StatusCode::SERVICE_UNAVAILABLE => "try again in some seconds; `postern status` shows how the server is",
        StatusCode::FORBIDDEN => "use a token with more rights",
        status if status.is_server_error() => "the log of control has the reason",
        _ => "the command with --help explains its arguments",
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
