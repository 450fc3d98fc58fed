//! How an output becomes an answer: as JSON, as documents, as bytes, or as nothing but its status.

use std::borrow::Cow;

use postern_shared::yaml;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use warp::http::StatusCode;
use warp::http::header::CONTENT_TYPE;
use warp::reply::{Reply, Response, with_header, with_status};

use super::request::Form;

/// The type of YAML (RFC 9512).
pub const YAML: &str = "application/yaml";

/// The type of JSON.
const JSON: &str = "application/json";

/// The type of bytes of which nothing is known.
const BYTES: &str = "application/octet-stream";

/// What the OpenAPI document tells about an output: its media types, each with its schema.
pub type Given = Vec<(&'static str, Schema)>;

/// An output that is answered with.
pub trait Answer: Sized {
    /// The type in which a program asks for it.
    const TYPE: &str = JSON;

    /// The answer, in the form that is wanted if there are several.
    fn into_response(self, wanted: Form) -> Response;

    /// As the OpenAPI document tells it.
    fn described(schemas: &mut SchemaGenerator) -> Given;

    /// Reads an answer as this output. A field that the output does not have is left out: a newer server may send it.
    ///
    /// # Errors
    /// What is wrong with the answer.
    fn read(answer: &[u8]) -> Result<Self, String>;

    /// Reads an answer as this output; a field that the output does not have is an error.
    ///
    /// # Errors
    /// What is wrong with the answer.
    fn strict(answer: &[u8]) -> Result<(), String> {
        Self::read(answer).map(drop)
    }
}

impl<T: Serialize + DeserializeOwned + JsonSchema> Answer for T {
    fn into_response(self, _: Form) -> Response {
        warp::reply::json(&self).into_response()
    }

    fn described(schemas: &mut SchemaGenerator) -> Given {
        vec![(JSON, T::json_schema(schemas))]
    }

    fn read(answer: &[u8]) -> Result<Self, String> {
        serde_json::from_slice(answer).map_err(|error| error.to_string())
    }

    fn strict(answer: &[u8]) -> Result<(), String> {
        let whole: Value = serde_json::from_slice(answer).map_err(|error| error.to_string())?;
        let again = serde_json::to_value(Self::read(answer)?).map_err(|error| error.to_string())?;
        if again == whole { Ok(()) } else { Err(format!("{whole} is read as {again}")) }
    }
}

/// One document, as JSON or YAML.
pub trait Document: Sized {
    /// What a document says, and its text.
    fn of(value: Value, text: String) -> Self;
    /// What the document says.
    fn value(&self) -> &Value;
    /// Its text.
    fn text(self) -> String;
    /// The schema of such documents.
    fn schema(schemas: &mut SchemaGenerator) -> Schema;
}

/// One document.
#[derive(Debug)]
pub struct One<D>(pub D);

impl<D: Document> Answer for One<D> {
    const TYPE: &str = YAML;

    fn into_response(self, wanted: Form) -> Response {
        match wanted {
            Form::Json => warp::reply::json(self.0.value()).into_response(),
            Form::Yaml => with_header(self.0.text(), CONTENT_TYPE, YAML).into_response(),
        }
    }

    fn described(schemas: &mut SchemaGenerator) -> Given {
        let schema = D::schema(schemas);
        vec![(JSON, schema.clone()), (YAML, schema)]
    }

    fn read(answer: &[u8]) -> Result<Self, String> {
        if let Ok(value) = serde_json::from_slice(answer) {
            let text = yaml::write(&value);
            return Ok(Self(D::of(value, text)));
        }
        let documents = yaml::read(&String::from_utf8_lossy(answer)).map_err(|located| located.sentence())?;
        let document = documents.into_iter().next().ok_or("there is no document")?;
        Ok(Self(D::of(document.value, document.text)))
    }
}

/// Several documents, each with its text, as YAML.
#[derive(Debug)]
pub struct Documents(pub Vec<(Value, String)>);

impl Answer for Documents {
    fn into_response(self, _: Form) -> Response {
        let texts: Vec<String> = self.0.into_iter().map(|(_, text)| text).collect();
        with_header(texts.join("---\n"), CONTENT_TYPE, YAML).into_response()
    }

    fn described(_: &mut SchemaGenerator) -> Given {
        vec![(YAML, Schema::default())]
    }

    fn read(answer: &[u8]) -> Result<Self, String> {
        let documents = yaml::read(&String::from_utf8_lossy(answer)).map_err(|located| located.sentence())?;
        Ok(Self(documents.into_iter().map(|document| (document.value, document.text)).collect()))
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

    fn read(answer: &[u8]) -> Result<Self, String> {
        Ok(Self(answer.to_vec()))
    }
}

/// An object of JSON that was written before.
#[derive(Debug)]
pub struct Written(pub Cow<'static, str>);

impl Answer for Written {
    fn into_response(self, _: Form) -> Response {
        with_header(self.0.into_owned(), CONTENT_TYPE, JSON).into_response()
    }

    fn described(schemas: &mut SchemaGenerator) -> Given {
        Map::<String, Value>::described(schemas)
    }

    fn read(answer: &[u8]) -> Result<Self, String> {
        let object = Map::<String, Value>::read(answer)?;
        Ok(Self(Value::Object(object).to_string().into()))
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

    fn read(answer: &[u8]) -> Result<Self, String> {
        if answer.is_empty() { Ok(Self) } else { Err("an answer without content has content".to_owned()) }
    }
}
