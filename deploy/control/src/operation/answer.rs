//! How an output becomes an answer: as JSON, as documents, as bytes, or as nothing but its status.

use postern_shared::yaml;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use warp::http::StatusCode;
use warp::http::header::CONTENT_TYPE;
use warp::reply::{Reply, Response, with_header, with_status};

use super::request::Form;

/// The type of YAML (RFC 9512).
pub const YAML: &str = "application/yaml";

/// The type of bytes of which nothing is known.
const BYTES: &str = "application/octet-stream";

/// What the OpenAPI document tells about an output: its media types, each with its schema.
pub type Given = Vec<(&'static str, Schema)>;

/// An output that is answered with.
pub trait Answer: Sized {
    /// The answer, in the form that is wanted if there are several.
    fn into_response(self, wanted: Form) -> Response;

    /// As the OpenAPI document tells it.
    fn described(schemas: &mut SchemaGenerator) -> Given;

    /// Reads an answer as this output; a field that the output does not have is an error.
    ///
    /// # Errors
    /// What is wrong with the answer.
    fn strict(answer: &[u8]) -> Result<(), String>;
}

impl<T: Serialize + DeserializeOwned + JsonSchema> Answer for T {
    fn into_response(self, _: Form) -> Response {
        warp::reply::json(&self).into_response()
    }

    fn described(schemas: &mut SchemaGenerator) -> Given {
        vec![("application/json", T::json_schema(schemas))]
    }

    fn strict(answer: &[u8]) -> Result<(), String> {
        let whole: Value = serde_json::from_slice(answer).map_err(|error| error.to_string())?;
        let read: T = serde_json::from_slice(answer).map_err(|error| error.to_string())?;
        let again = serde_json::to_value(read).map_err(|error| error.to_string())?;
        if again == whole { Ok(()) } else { Err(format!("{whole} is read as {again}")) }
    }
}

/// One document, as JSON or YAML.
pub trait Document {
    /// The document.
    fn into_value(self) -> Value;
    /// The schema of such documents.
    fn schema(schemas: &mut SchemaGenerator) -> Schema;
}

/// One document.
#[derive(Debug)]
pub struct One<D>(pub D);

impl<D: Document> Answer for One<D> {
    fn into_response(self, wanted: Form) -> Response {
        let document = self.0.into_value();
        match wanted {
            Form::Json => warp::reply::json(&document).into_response(),
            Form::Yaml => with_header(yaml::write(&document), CONTENT_TYPE, YAML).into_response(),
        }
    }

    fn described(schemas: &mut SchemaGenerator) -> Given {
        let schema = D::schema(schemas);
        vec![("application/json", schema.clone()), (YAML, schema)]
    }

    fn strict(answer: &[u8]) -> Result<(), String> {
        let read: Result<Value, _> = serde_json::from_slice(answer);
        read.map(drop).map_err(|error| error.to_string())
    }
}

/// Several documents, as YAML.
#[derive(Debug)]
pub struct Documents(pub Vec<Value>);

impl Answer for Documents {
    fn into_response(self, _: Form) -> Response {
        let texts: Vec<String> = self.0.iter().map(yaml::write).collect();
        with_header(texts.join("---\n"), CONTENT_TYPE, YAML).into_response()
    }

    fn described(_: &mut SchemaGenerator) -> Given {
        vec![(YAML, Schema::default())]
    }

    fn strict(answer: &[u8]) -> Result<(), String> {
        yaml::read(&String::from_utf8_lossy(answer)).map(drop).map_err(|located| located.sentence())
    }
}

/// Bytes as they were sent.
#[derive(Debug)]
pub struct Bytes(pub Vec<u8>);

impl Answer for Bytes {
    fn into_response(self, _: Form) -> Response {
        with_header(self.0, CONTENT_TYPE, BYTES).into_response()
    }

    fn described(_: &mut SchemaGenerator) -> Given {
        vec![(BYTES, Schema::default())]
    }

    fn strict(_: &[u8]) -> Result<(), String> {
        Ok(())
    }
}

/// Nothing but that it is done.
#[derive(Debug)]
pub struct Done;

impl Answer for Done {
    fn into_response(self, _: Form) -> Response {
        with_status(warp::reply(), StatusCode::NO_CONTENT).into_response()
    }

    fn described(_: &mut SchemaGenerator) -> Given {
        Vec::new()
    }

    fn strict(answer: &[u8]) -> Result<(), String> {
        if answer.is_empty() { Ok(()) } else { Err("an answer without content has content".to_owned()) }
    }
}
