//! The API of control, on which all commands work but those that need no server, and `migrate`. Answers are read here
//! and nowhere else.

use std::error::Error;
use std::time::Duration;

use postern_shared::yaml;
use reqwest::header::CONTENT_TYPE;
use reqwest::{Client, RequestBuilder, Response, StatusCode, Url};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::options::Server;
use crate::output::Failure;

/// How long an answer may take: above the time-out of a statement in PostgreSQL.
const TIMEOUT: Duration = Duration::from_secs(60);

/// The type of YAML (RFC 9512).
const YAML: &str = "application/yaml";

/// What helps where there is no server.
const WHERE: &str = "--url, POSTERN_URL or a profile names the listener of control; `postern serve` starts one";

/// An API that was not asked yet.
#[derive(Debug)]
pub struct Api {
    client: Client,
    url: String,
    token: String,
}

/// What is wrong with a document, as the API tells it.
#[derive(Debug, serde::Deserialize)]
pub struct Finding {
    /// Where in the document.
    pub path: String,
    /// The line, from 1, in the text that was sent.
    pub line: usize,
    /// What is wrong.
    pub message: String,
}

/// What became of documents that were sent.
#[derive(Debug)]
pub enum Applied {
    /// All are set.
    Set(Value),
    /// None is set.
    Refused(Vec<Finding>),
}

impl Server {
    /// The API; needs a token.
    pub fn api(&self) -> Result<Api, Failure> {
        let (url, token) = self.resolve()?;
        let token = token.ok_or_else(|| {
            let hint = "set POSTERN_API_TOKEN, or give --token or --profile; `postern serve` prints the first one";
            Failure::usage("a token of the API is needed", hint)
        })?;
        // A proxy for the outside is none for a private listener.
        let client = Client::builder().timeout(TIMEOUT).no_proxy().build();
        let client = client.map_err(|error| Failure::failed(format!("no HTTP client: {error}"), "try again"))?;
        Ok(Api { client, url: url.as_str().trim_end_matches('/').to_owned(), token })
    }
}

impl Api {
    /// What stands at a path, with query variables; those without a value are left out.
    pub async fn get<T: DeserializeOwned>(&self, path: &str, query: &[(&str, Option<String>)]) -> Result<T, Failure> {
        let mut url = self.at(path)?;
        for (name, value) in query {
            if let Some(value) = value {
                url.query_pairs_mut().append_pair(name, value);
            }
        }
        self.json(self.answer(self.client.get(url)).await?).await
    }

    /// The bytes at a path.
    pub async fn bytes(&self, path: &str) -> Result<Vec<u8>, Failure> {
        let answer = refuse(self.answer(self.client.get(self.at(path)?)).await?).await?;
        Ok(answer.bytes().await.map_err(|error| self.unanswered(&error))?.to_vec())
    }

    /// What a POST of JSON gives. A name whose value is null is left out.
    pub async fn post(&self, path: &str, body: &Value) -> Result<Value, Failure> {
        let names = body.as_object().into_iter().flatten();
        let said: Map<String, Value> =
            names.filter(|(_, value)| !value.is_null()).map(|(name, value)| (name.clone(), value.clone())).collect();
        self.json(self.answer(self.client.post(self.at(path)?).json(&said)).await?).await
    }

    /// Removes what stands at a path.
    pub async fn delete(&self, path: &str) -> Result<(), Failure> {
        refuse(self.answer(self.client.delete(self.at(path)?)).await?).await.map(drop)
    }

    /// Sets the documents of a text, all or none.
    pub async fn apply(&self, text: Vec<u8>) -> Result<Applied, Failure> {
        let answer = self.documents("/apply", text).await?;
        if answer.status() != StatusCode::UNPROCESSABLE_ENTITY {
            return self.json(answer).await.map(Applied::Set);
        }
        let mut body: Value = answer.json().await.map_err(|error| self.unanswered(&error))?;
        findings(body["error"]["findings"].take()).map(Applied::Refused)
    }

    /// What is wrong with the documents of a text, held against what is set.
    pub async fn validate(&self, text: Vec<u8>) -> Result<Vec<Finding>, Failure> {
        let mut body: Value = self.json(self.documents("/validate", text).await?).await?;
        findings(body["findings"].take())
    }

    async fn documents(&self, path: &str, text: Vec<u8>) -> Result<Response, Failure> {
        if text.len() > yaml::MAX_BYTES {
            let message = format!("the documents are longer than {} bytes together", yaml::MAX_BYTES);
            return Err(Failure::usage(message, "apply them in parts"));
        }
        self.answer(self.client.post(self.at(path)?).header(CONTENT_TYPE, YAML).body(text)).await
    }

    fn at(&self, path: &str) -> Result<Url, Failure> {
        let url = format!("{}/api/v1{path}", self.url);
        Url::parse(&url).map_err(|error| Failure::usage(format!("{url}: {error}"), WHERE))
    }

    /// The answer of a Postern of this version.
    async fn answer(&self, request: RequestBuilder) -> Result<Response, Failure> {
        let url = &self.url;
        let answer = request.bearer_auth(&self.token).send().await.map_err(|error| self.unanswered(&error))?;
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

    async fn json<T: DeserializeOwned>(&self, answer: Response) -> Result<T, Failure> {
        refuse(answer).await?.json().await.map_err(|error| self.unanswered(&error))
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
        let hint = "`postern status` shows how the server is; the log of control has more";
        let message = if error.is_timeout() {
            format!("no answer from {url} within {} s", TIMEOUT.as_secs())
        } else if error.is_decode() {
            format!("the answer of {url} cannot be read")
        } else {
            format!("no answer from {url}: the connection broke off")
        };
        Failure::failed(message, hint)
    }
}

fn findings(list: Value) -> Result<Vec<Finding>, Failure> {
    let unread = |error| Failure::failed(format!("findings cannot be read: {error}"), "use the program of the server");
    serde_json::from_value(list).map_err(unread)
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
    let body: Value = answer.json().await.unwrap_or_default();
    let message = body["error"]["message"].as_str();
    let message = message.map_or_else(|| format!("the server answers {status}"), str::to_owned);
    Err(Failure::failed(message, hint(status)))
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
