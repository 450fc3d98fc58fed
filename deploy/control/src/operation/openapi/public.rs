//! The routes of the public listener, which ingress serves: the document describes them beside the operations of control.

use std::collections::BTreeMap;

use postern_shared::id::{ReceiptId, RecordId, TriggerKey, WorkflowId};
use postern_shared::receipt::Report;
use schemars::{JsonSchema, Schema, json_schema};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::media;
use super::parts::{Body, Described, Media, Parameter, Response, Server};
use super::schemas::{Schemas, closed};
use crate::operation::Verb;
use crate::operation::receipt::get::EXAMPLE;

/// What a caller gets when its submission is accepted.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct Accepted {
    /// The receipt of the submission.
    receipt: ReceiptId,
    /// `accepted`.
    status: String,
    /// The names of the parts whose files were left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    dropped_files: Vec<String>,
}

/// What a caller gets when its request is refused.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct RefusedCall {
    /// What is wrong.
    error: WhyRefused,
}

/// Why a request was refused.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct WhyRefused {
    /// For programs.
    code: String,
    /// For people.
    message: String,
}

const ACCEPTED: &str = r#"{"receipt": "019a8f00-0000-7000-8000-000000000001", "status": "accepted"}"#;

const FIELDS: &str = r#"{"lastname": "Lovelace", "email": "ada@example.org"}"#;

/// The statuses with which a submission is refused.
const SUBMIT_REFUSALS: [&str; 10] = ["400", "403", "404", "405", "408", "413", "415", "421", "429", "503"];

/// The statuses with which a look at a receipt is refused.
const RECEIPT_REFUSALS: [&str; 6] = ["403", "404", "405", "421", "429", "503"];

/// All of them.
pub fn operations(schemas: &mut Schemas) -> Vec<(&'static str, Verb, Described)> {
    vec![("/{short_url}", Verb::Post, submit(schemas)), ("/receipts/{id}", Verb::Get, receipt(schemas))]
}

fn submit(schemas: &mut Schemas) -> Described {
    let fields = || Schema::from(Map::from_iter([("type".to_owned(), Value::from("object"))])).to_value();
    let media_types = ["application/json", "application/x-www-form-urlencoded", "multipart/form-data"];
    let accepted = schemas.outputs.subschema_for::<Accepted>().to_value();
    let mut responses = refused(&SUBMIT_REFUSALS, schemas);
    let content = BTreeMap::from([("application/json", media(accepted, ACCEPTED))]);
    responses.insert("202".to_owned(), Response::new("accepted: the submission is stored and will run", content));
    let answered = BTreeMap::from([("application/json", media(Value::Bool(true), ""))]);
    responses.insert("200".to_owned(), Response::new("a test call, or what the workflow responded", answered));
    let (workflow, trigger) = (schema::<WorkflowId>(schemas), schema::<TriggerKey>(schemas));
    let record = schema::<RecordId>(schemas);
    Described {
        operation_id: "submit",
        summary: "hands over a submission, whose fields workflows read",
        parameters: vec![
            Parameter::in_path("short_url", text()),
            given("workflow_id", "query", "the workflow to run", workflow),
            given("workflow_trigger", "query", "the trigger to fire", trigger),
            given("record_id", "query", "the record to run on", record),
            given("Idempotency-Key", "header", "the same key runs once", text()),
            given("Prefer", "header", "`wait=N`: waits up to N seconds for a response", text()),
        ],
        request_body: Some(Body {
            required: true,
            content: media_types.into_iter().map(|kind| (kind, media(fields(), FIELDS))).collect(),
        }),
        responses,
        ..public()
    }
}

fn receipt(schemas: &mut Schemas) -> Described {
    let report = closed(schemas.outputs.subschema_for::<Report>().to_value());
    let mut responses = refused(&RECEIPT_REFUSALS, schemas);
    let content = BTreeMap::from([("application/json", media(report, EXAMPLE))]);
    responses.insert("200".to_owned(), Response::new("what became of the submission", content));
    Described {
        operation_id: "getOwnReceipt",
        summary: "what became of a submission, for the caller that made it",
        parameters: vec![Parameter::in_path("id", schema::<ReceiptId>(schemas))],
        responses,
        ..public()
    }
}

/// An operation of the public listener.
fn public() -> Described {
    Described {
        operation_id: "",
        summary: "",
        description: "It is served by the public listener to the addresses that a permission admits.".to_owned(),
        security: Some(Vec::new()),
        servers: Some(vec![Server { url: "/", description: "the public listener of ingress" }]),
        parameters: Vec::new(),
        request_body: None,
        responses: BTreeMap::new(),
    }
}

fn refused(statuses: &[&str], schemas: &mut Schemas) -> BTreeMap<String, Response> {
    let schema = schemas.outputs.subschema_for::<RefusedCall>().to_value();
    let content =
        || -> BTreeMap<&'static str, Media> { BTreeMap::from([("application/json", media(schema.clone(), ""))]) };
    statuses.iter().map(|status| ((*status).to_owned(), Response::new("refused", content()))).collect()
}

fn given(name: &str, place: &'static str, description: &str, schema: Value) -> Parameter {
    Parameter { name: name.to_owned(), place, required: false, description: Some(description.to_owned()), schema }
}

fn schema<T: JsonSchema>(schemas: &mut Schemas) -> Value {
    schemas.inputs.subschema_for::<T>().to_value()
}

fn text() -> Value {
    json_schema!({"type": "string"}).to_value()
}
