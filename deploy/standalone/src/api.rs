//! The API of an ingress, on which all commands work but those that need no server, and `migrate`.

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
        let token = self.token.clone().filter(|token| !token.is_empty()).ok_or_else(|| {
            Failure::Usage("a token of the API is needed: set POSTERN_API_TOKEN, or give --token".to_owned())
        })?;
        // A proxy for the outside is none for a private listener.
        let client = Client::builder().timeout(TIMEOUT).no_proxy().build();
        let client = client.map_err(|error| Failure::Failed(format!("no HTTP client: {error}")))?;
        Ok(Api { client, url: self.url.as_str().trim_end_matches('/').to_owned(), token })
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

    /// Sets the documents of a text, all or none.
    pub async fn apply(&self, text: Vec<u8>) -> Result<Applied, Failure> {
        if text.len() > yaml::MAX_BYTES {
            let message =
                format!("the documents are longer than {} bytes together: apply them in parts", yaml::MAX_BYTES);
            return Err(Failure::Usage(message));
        }
        let request = self.client.post(self.at("/apply")?).header(CONTENT_TYPE, "application/yaml").body(text);
        let answer = self.answer(request).await?;
        if answer.status() != StatusCode::UNPROCESSABLE_ENTITY {
            return self.json(answer).await.map(Applied::Set);
        }
        let mut body: Value = answer.json().await.map_err(|error| self.unanswered(&error))?;
        let findings = serde_json::from_value(body["error"]["findings"].take());
        findings.map(Applied::Refused).map_err(|error| Failure::Failed(format!("findings cannot be read: {error}")))
    }

    fn at(&self, path: &str) -> Result<Url, Failure> {
        let url = format!("{}/api/v1{path}", self.url);
        Url::parse(&url).map_err(|error| Failure::Usage(format!("{url}: {error}")))
    }

    /// The answer of a Postern of this version.
    async fn answer(&self, request: RequestBuilder) -> Result<Response, Failure> {
        let url = &self.url;
        let answer = request.bearer_auth(&self.token).send().await.map_err(|error| self.unanswered(&error))?;
        if answer.status() == StatusCode::UNAUTHORIZED {
            return Err(Failure::Failed(format!("{url} refuses the token: it was removed, or is of another Postern")));
        }
        let version = answer.headers().get("postern-version").and_then(|value| value.to_str().ok());
        match version {
            Some(env!("CARGO_PKG_VERSION")) => Ok(answer),
            Some(version) => Err(Failure::Failed(format!(
                "{url} is Postern {version}, this program is {}: use the program of that version",
                env!("CARGO_PKG_VERSION")
            ))),
            None => Err(Failure::Failed(format!(
                "what answers at {url} is not the API of Postern: POSTERN_URL is the listener of control"
            ))),
        }
    }

    async fn json<T: DeserializeOwned>(&self, answer: Response) -> Result<T, Failure> {
        refuse(answer).await?.json().await.map_err(|error| self.unanswered(&error))
    }

    fn unanswered(&self, error: &reqwest::Error) -> Failure {
        let url = &self.url;
        Failure::Failed(if error.is_connect() {
            format!("there is no server at {url}: POSTERN_URL is the listener of control")
        } else if error.is_timeout() {
            format!("no answer from {url} within {} s", TIMEOUT.as_secs())
        } else if error.is_decode() {
            format!("the answer of {url} cannot be read")
        } else {
            format!("no answer from {url}: the connection broke off")
        })
    }
}

/// An error of the API as a failure that says what the API says.
async fn refuse(answer: Response) -> Result<Response, Failure> {
    let status = answer.status();
    if status.is_success() {
        return Ok(answer);
    }
    let body: Value = answer.json().await.unwrap_or_default();
    let message = body["error"]["message"].as_str();
    Err(Failure::Failed(message.map_or_else(|| format!("the server answers {status}"), str::to_owned)))
}
