//! One refused body: its names and the shapes of its values, and on demand the values.

use postern_shared::body::shape;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{RefusedBody, describe, find, reveal};
use crate::operation::{About, Code, Error, Operation, Who};
use crate::state::State;

/// Gets a refused body.
#[derive(Debug)]
pub struct GetRefusedBody;

/// Which body, and whether with its values.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// Its number.
    #[schemars(range(min = 1))]
    pub id: i64,
    /// `true`: with what was posted, and not only its shape. This needs the role editor, and the audit log notes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub values: Option<bool>,
}

/// A refused body with its names.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct Output {
    /// The same as in a list; the query with the shapes of its values unless these are asked for.
    #[serde(flatten)]
    pub refused: RefusedBody,
    /// The names of the body, each with the shape of its value.
    pub shapes: Vec<Shape>,
    /// The body as text, if its values are asked for and it was kept.
    pub body: Option<String>,
}

/// A name with the shape of its value.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct Shape {
    /// The name; empty = the value has none.
    pub name: String,
    /// The first character and the length of the value.
    pub shape: String,
}

impl Operation for GetRefusedBody {
    type Input = Input;
    type Output = Output;
    const ABOUT: About = About::get(
        "getRefusedBody",
        "/refused_bodies/{id}",
        "one refused body: its names and the shapes of its values",
        r#"{"id": 1, "permission": "office", "address": "192.0.2.1", "code": "invalid_body", "message": "the JSON body is not an object", "message_code": {"code": "body-no-object"}, "setting": "batch", "method": "POST", "path": "/trigger", "proof": "not_asked", "query": "workflow_id=77", "content_type": "application/json", "bytes": 20, "refused_at": "2026-11-24T13:30:00Z", "shapes": [{"name": "lastname", "shape": "L••• (8)"}], "body": null}"#,
    )
    .refusing(&[Code::NotFound, Code::Forbidden]);

    async fn run(state: &State, who: &Who, input: Input) -> Result<Output, Error> {
        let is_shown = input.values == Some(true);
        let found = if is_shown { reveal(state, who, input.id).await? } else { find(state, input.id).await? };
        let (refused, body) = found;
        let shapes = shape::of_body(refused.content_type.as_deref(), body.as_deref().unwrap_or_default());
        let shapes = shapes.into_iter().map(|(name, shape)| Shape { name, shape }).collect();
        let mut described = describe(who.sight(), &refused);
        if is_shown {
            described.query = refused.query;
        }
        let body = body.filter(|_| is_shown).map(|body| String::from_utf8_lossy(&body).into_owned());
        Ok(Output { refused: described, shapes, body })
    }
}
