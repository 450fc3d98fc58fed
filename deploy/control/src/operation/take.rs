//! How an operation gets its input: from the path, the query and a JSON body, or from documents as they are.

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::Error;
use super::entries::{self, Entry};
use super::request::Request;

/// What the OpenAPI document tells about an input.
#[derive(Debug)]
pub enum Taken {
    /// The fields of an object: of the path, the query or a JSON body.
    Fields(Schema),
    /// Documents, with the schema of one, beside the fields of the path.
    Documents {
        /// The schema of the argument of the path.
        argument: Option<Schema>,
        /// The schema of one document.
        document: Schema,
    },
}

/// An input that a request is read as.
pub trait Take: Sized + Send {
    /// Reads it.
    ///
    /// # Errors
    /// What the request lacks, or holds too much.
    fn take(request: &Request) -> Result<Self, Error>;

    /// As the OpenAPI document tells it.
    fn described(schemas: &mut SchemaGenerator) -> Taken;
}

impl<T: DeserializeOwned + JsonSchema + Send> Take for T {
    fn take(request: &Request) -> Result<Self, Error> {
        let mut entries = if request.has_body { body(request)? } else { Vec::new() };
        let texts = request.query.iter().map(|(name, text)| (name.clone(), Entry::Text(text.clone())));
        entries.extend(texts);
        if let Some((name, text)) = &request.argument {
            if entries.iter().any(|(known, _)| known == name) {
                return Err(Error::Invalid(format!("{name} stands in the path")));
            }
            entries.push(((*name).to_owned(), Entry::Text(text.clone())));
        }
        entries::read(entries).map_err(|fault| {
            let is_argument = |name: &String| request.argument.as_ref().is_some_and(|(known, _)| name == known);
            match fault.name {
                Some(name) if is_argument(&name) => Error::NoName(format!("{name}: {}", fault.message)),
                Some(name) => Error::Invalid(format!("{name}: {}", fault.message)),
                None => Error::Invalid(fault.message),
            }
        })
    }

    fn described(schemas: &mut SchemaGenerator) -> Taken {
        Taken::Fields(T::json_schema(schemas))
    }
}

/// The input of an operation that takes nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

/// The fields of a JSON body.
fn body(request: &Request) -> Result<Vec<(String, Entry)>, Error> {
    if request.content_type() != "application/json" {
        return Err(Error::Type("application/json"));
    }
    let invalid = |error: serde_json::Error| Error::Invalid(error.to_string());
    let value: Value = serde_json::from_slice(&request.body).map_err(invalid)?;
    if holds_nul(&value) {
        return Err(Error::Invalid("a text holds a NUL, which cannot be stored".to_owned()));
    }
    match value {
        Value::Object(fields) => Ok(fields.into_iter().map(|(name, value)| (name, Entry::Json(value))).collect()),
        _ => Err(Error::Invalid("the body must be a JSON object".to_owned())),
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
