//! Documents as they were sent: their text, and the form that their type names.

use bytes::Bytes;
use schemars::{Schema, SchemaGenerator};

use super::kinds::{Key, Of, Stored, key};
use crate::operation::Error;
use crate::operation::request::{Form, Request};
use crate::operation::take::{Take, Taken};

/// Documents of any kind, as YAML; or one, as JSON.
#[derive(Debug)]
pub struct Sent {
    /// The form of the text.
    pub form: Form,
    /// The text.
    pub text: Bytes,
}

/// A document of a kind, for the name in the path.
#[derive(Debug)]
pub struct SentFor<K> {
    /// The name in the path.
    pub key: Key<K>,
    /// The document.
    pub sent: Sent,
}

impl Take for Sent {
    fn take(request: &Request) -> Result<Self, Error> {
        let form = match request.content_type().as_str() {
            "application/json" => Form::Json,
            "application/yaml" | "application/x-yaml" | "text/yaml" | "text/x-yaml" => Form::Yaml,
            _ => return Err(Error::Type("application/yaml or application/json")),
        };
        Ok(Self { form, text: request.body.clone() })
    }

    fn described(_: &mut SchemaGenerator) -> Taken {
        Taken::Documents { argument: None, document: Schema::default() }
    }
}

impl<K: Of> Take for SentFor<K> {
    fn take(request: &Request) -> Result<Self, Error> {
        Ok(Self { key: Key::take(request)?, sent: Sent::take(request)? })
    }

    fn described(schemas: &mut SchemaGenerator) -> Taken {
        let document = schemas.subschema_for::<Stored<K>>();
        Taken::Documents { argument: Some(key::<K>(schemas)), document }
    }
}
