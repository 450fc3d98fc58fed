//! The parts of an OpenAPI document, as far as Postern writes them.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value};

/// What the security of an operation needs.
pub type Security = Vec<BTreeMap<&'static str, Vec<String>>>;

/// The document.
#[derive(Debug, Serialize)]
pub struct Document {
    pub openapi: &'static str,
    pub info: Info,
    pub security: Security,
    pub paths: Map<String, Value>,
    pub components: Components,
}

/// What the document is about.
#[derive(Debug, Serialize)]
pub struct Info {
    pub title: &'static str,
    pub version: &'static str,
}

/// What other parts name.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Components {
    pub security_schemes: BTreeMap<&'static str, SecurityScheme>,
    pub schemas: Map<String, Value>,
}

/// How a caller shows who it is.
#[derive(Debug, Serialize)]
pub struct SecurityScheme {
    #[serde(rename = "type")]
    pub kind: &'static str,
    pub scheme: &'static str,
}

/// One method of one path.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Described {
    pub operation_id: &'static str,
    pub summary: &'static str,
    pub description: String,
    /// None = that of the document.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub security: Option<Security>,
    /// None = where the document was read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub servers: Option<Vec<Server>>,
    pub parameters: Vec<Parameter>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_body: Option<Body>,
    pub responses: BTreeMap<String, Response>,
}

/// Where paths are served.
#[derive(Debug, Serialize)]
pub struct Server {
    pub url: &'static str,
    pub description: &'static str,
}

/// A value in the path, the query or a header.
#[derive(Debug, Serialize)]
pub struct Parameter {
    pub name: String,
    #[serde(rename = "in")]
    pub place: &'static str,
    pub required: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    pub schema: Value,
}

/// The body of a request.
#[derive(Debug, Serialize)]
pub struct Body {
    pub required: bool,
    pub content: BTreeMap<&'static str, Media>,
}

/// What is answered with a status.
#[derive(Debug, Serialize)]
pub struct Response {
    pub description: String,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub content: BTreeMap<&'static str, Media>,
}

/// A body in one media type.
#[derive(Debug, Serialize)]
pub struct Media {
    pub schema: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub example: Option<Value>,
}

impl Parameter {
    /// The argument of a path.
    pub fn in_path(name: &str, schema: Value) -> Self {
        Self { name: name.to_owned(), place: "path", required: true, description: None, schema }
    }
}

impl Response {
    /// With a body in these media types.
    pub fn new(description: &str, content: BTreeMap<&'static str, Media>) -> Self {
        Self { description: description.to_owned(), content }
    }
}
