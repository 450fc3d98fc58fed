//! What a request to the API carries, read up to its limits before any endpoint sees it.

use std::collections::HashMap;
use std::str::FromStr;

use bytes::{Buf, Bytes};
use futures_util::Stream;
use percent_encoding::percent_decode_str;
use postern_http::body::body_bytes;
use postern_shared::yaml;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::time::timeout;
use warp::http::HeaderMap;
use warp::http::header::{ACCEPT, CONTENT_TYPE};

use super::refusal::{Code, Refusal};
use super::route::{Body, Route};
use crate::state::State;

/// How many items a list holds if the query does not say.
pub const LAST_DEFAULT: i64 = 20;

/// How many items a list holds at most: a page for people, or a step of a program through all.
pub const LAST_MAX: i64 = 1_000;

/// The form in which documents come and go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// JSON, one document.
    Json,
    /// YAML, one document or several.
    Yaml,
}

/// A request of a known route.
#[derive(Debug)]
pub struct Request {
    /// Who sends it, as the audit log names it.
    pub account: String,
    /// The argument in the path; empty if the route has none.
    pub argument: String,
    query: HashMap<&'static str, String>,
    headers: HeaderMap,
    body: Bytes,
}

impl Request {
    /// Reads the query and the body; refuses query variables that the route does not have.
    pub async fn read<S, B>(
        state: &State,
        account: String,
        (route, argument): (&'static Route, String),
        query: &str,
        headers: HeaderMap,
        body: S,
    ) -> Result<Self, Refusal>
    where
        S: Stream<Item = Result<B, warp::Error>>,
        B: Buf,
    {
        let query = read_query(route, query)?;
        let body = if route.body == Body::None {
            Bytes::new()
        } else {
            let reading = body_bytes(&headers, body, yaml::MAX_BYTES);
            let too_late = |_| Refusal::new(Code::BodyTimeout, "the body took too long to arrive");
            timeout(state.body_timeout, reading).await.map_err(too_late)??
        };
        Ok(Self { account, argument, query, headers, body })
    }

    /// A query variable, if it was sent.
    pub fn variable<T: FromStr<Err: std::fmt::Display>>(&self, name: &str) -> Result<Option<T>, Refusal> {
        let Some(text) = self.query.get(name) else { return Ok(None) };
        let refused = |error| Refusal::new(Code::InvalidRequest, format!("the query variable {name}: {error}"));
        text.parse().map(Some).map_err(refused)
    }

    /// How many items are wanted.
    pub fn last(&self) -> Result<i64, Refusal> {
        match self.variable("last")? {
            None => Ok(LAST_DEFAULT),
            Some(last) if (1..=LAST_MAX).contains(&last) => Ok(last),
            Some(_) => {
                let message = format!("the query variable last is a number from 1 to {LAST_MAX}");
                Err(Refusal::new(Code::InvalidRequest, message))
            }
        }
    }

    /// Behind which of the items found the next page begins, unless this is the last; `last` were asked for.
    pub fn next<T>(found: &[T], last: i64) -> Option<&T> {
        found.last().filter(|_| i64::try_from(found.len()) == Ok(last))
    }

    /// The documents of the body and their form.
    pub fn documents(&self) -> Result<(Form, &[u8]), Refusal> {
        let form = match self.content_type().as_str() {
            "application/json" => Form::Json,
            "application/yaml" | "application/x-yaml" | "text/yaml" | "text/x-yaml" => Form::Yaml,
            _ => return Err(Refusal::new(Code::UnsupportedType, "send application/yaml or application/json")),
        };
        Ok((form, &self.body))
    }

    /// The JSON of the body.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Refusal> {
        if self.content_type() != "application/json" {
            return Err(Refusal::new(Code::UnsupportedType, "send application/json"));
        }
        let invalid = |error: serde_json::Error| Refusal::new(Code::InvalidRequest, error.to_string());
        // Read twice: what is looked for in all of it need not be looked for in each field.
        if holds_nul(&serde_json::from_slice(&self.body).map_err(invalid)?) {
            return Err(Refusal::new(Code::InvalidRequest, "a text holds a NUL, which cannot be stored"));
        }
        serde_json::from_slice(&self.body).map_err(invalid)
    }

    /// The form in which a document is wanted back: JSON unless YAML is named.
    pub fn accepted(&self) -> Form {
        let accept = self.headers.get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
        if accept.to_ascii_lowercase().contains("yaml") { Form::Yaml } else { Form::Json }
    }

    fn content_type(&self) -> String {
        let value = self.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
    }
}

/// PostgreSQL keeps no NUL in a text.
fn holds_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(items) => items.iter().any(holds_nul),
        Value::Object(map) => map.iter().any(|(name, item)| name.contains('\0') || holds_nul(item)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

fn read_query(route: &'static Route, text: &str) -> Result<HashMap<&'static str, String>, Refusal> {
    let refused = |message: String| Refusal::new(Code::InvalidRequest, message);
    let decode = |text: &str| percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned();
    let mut query = HashMap::new();
    for pair in text.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let name = decode(name);
        let Some(known) = route.query.iter().find(|known| known.name == name) else {
            let short: String = name.chars().take(40).collect();
            return Err(refused(format!("there is no query variable {short:?} here")));
        };
        let value = decode(value);
        if value.contains('\0') {
            return Err(refused(format!("the query variable {name} holds a NUL")));
        }
        if query.insert(known.name, value).is_some() {
            return Err(refused(format!("the query variable {name} stands there twice")));
        }
    }
    Ok(query)
}
