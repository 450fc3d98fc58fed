//! What a request carries, read up to its limits before any operation sees it.

use bytes::{Buf, Bytes};
use futures_util::Stream;
use percent_encoding::percent_decode_str;
use postern_http::body::body_bytes;
use postern_shared::yaml;
use tokio::time::timeout;
use warp::http::HeaderMap;
use warp::http::header::{ACCEPT, CONTENT_TYPE};

use super::{About, Error, Verb};
use crate::state::State;

/// The form in which documents come and go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// JSON, one document.
    Json,
    /// YAML, one document or several.
    Yaml,
}

/// A request for an operation.
#[derive(Debug)]
pub struct Request {
    /// The name and the value of the argument in the path, if it has one.
    pub argument: Option<(&'static str, String)>,
    /// The query variables, each once.
    pub query: Vec<(String, String)>,
    /// Whether the operation reads a body.
    pub has_body: bool,
    /// The body; empty if the operation reads none.
    pub body: Bytes,
    headers: HeaderMap,
}

impl Request {
    /// Reads the query and the body.
    pub async fn read<S, B>(
        state: &State,
        (about, argument): (&About, String),
        query: &str,
        headers: HeaderMap,
        body: S,
    ) -> Result<Self, Error>
    where
        S: Stream<Item = Result<B, warp::Error>>,
        B: Buf,
    {
        let query = read_query(query)?;
        let has_body = matches!(about.verb, Verb::Put | Verb::Post);
        let body = if has_body {
            let reading = body_bytes(&headers, body, yaml::MAX_BYTES);
            timeout(state.body_timeout, reading).await.map_err(|_| Error::BodyTimeout)??
        } else {
            Bytes::new()
        };
        if has_body && let Some((name, _)) = query.first() {
            return Err(no_such_variable(name));
        }
        Ok(Self { argument: about.argument().map(|name| (name, argument)), query, has_body, body, headers })
    }

    /// The form in which a document is wanted back: JSON unless YAML is named.
    pub fn accepted(&self) -> Form {
        let accept = self.headers.get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
        if accept.to_ascii_lowercase().contains("yaml") { Form::Yaml } else { Form::Json }
    }

    /// The media type of the body, without its parameters.
    pub fn content_type(&self) -> String {
        let value = self.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
    }
}

/// A query variable that the operation does not have.
pub fn no_such_variable(name: &str) -> Error {
    let short: String = name.chars().take(40).collect();
    Error::Invalid(format!("there is no query variable {short:?} here"))
}

fn read_query(text: &str) -> Result<Vec<(String, String)>, Error> {
    let decode = |text: &str| percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned();
    let mut query: Vec<(String, String)> = Vec::new();
    for pair in text.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let (name, value) = (decode(name), decode(value));
        if name.contains('\0') || value.contains('\0') {
            return Err(Error::Invalid("the query holds a NUL".to_owned()));
        }
        if query.iter().any(|(known, _)| *known == name) {
            let short: String = name.chars().take(40).collect();
            return Err(Error::Invalid(format!("the query variable {short:?} stands there twice")));
        }
        query.push((name, value));
    }
    Ok(query)
}
