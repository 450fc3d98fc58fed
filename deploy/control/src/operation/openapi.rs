//! The OpenAPI document, made from the table of operations. It holds no data, so that no token is needed for it.

mod parts;
mod public;
mod schemas;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use postern_shared::store::accounts::Role;
use schemars::SchemaGenerator;
use serde_json::{Map, Value};

use super::answer::Written;
use super::error::Code;
use super::take::{Nothing, Taken};
use super::{About, Error, Operation, ROWS, Refused, Row, Verb, Who};
use crate::api::{BASE, status};
use crate::state::State;
use parts::{Body, Components, Described, Document, Info, Media, Parameter, Response, SecurityScheme};
use schemas::{Schemas, input_parts};

/// Gets the OpenAPI document.
#[derive(Debug)]
pub struct GetOpenApi;

/// The same for as long as the program runs, written once: no token is needed to ask for it.
static DOCUMENT: LazyLock<String> = LazyLock::new(|| Value::Object(document()).to_string());

impl Operation for GetOpenApi {
    type Input = Nothing;
    type Output = Written;
    const ABOUT: About =
        About { role: None, ..About::get("getOpenApi", "/openapi.json", "this document", r#"{"openapi": "3.1.0"}"#) };

    async fn run(_: &State, _: &Who, _: Nothing) -> Result<Written, Error> {
        Ok(Written(DOCUMENT.as_str().into()))
    }
}

/// OpenAPI 3.1 (spec.openapis.org/oas/v3.1.1).
fn document() -> Map<String, Value> {
    let mut schemas = Schemas::new();
    let mut paths: Map<String, Value> = Map::new();
    let mut put = |path: String, verb: Verb, described: Described| {
        let methods = paths.entry(path).or_insert_with(|| Value::Object(Map::new()));
        if let (Some(methods), Ok(described)) = (methods.as_object_mut(), serde_json::to_value(described)) {
            methods.insert(verb.method().as_str().to_ascii_lowercase(), described);
        }
    };
    for row in &ROWS {
        put(format!("{BASE}{}", row.about.path), row.about.verb, operation(row, &mut schemas));
    }
    for (path, verb, described) in public::operations(&mut schemas) {
        put(path.to_owned(), verb, described);
    }
    let token = SecurityScheme { kind: "http", scheme: "bearer" };
    let document = Document {
        openapi: "3.1.0",
        info: Info { title: "Postern", version: env!("CARGO_PKG_VERSION") },
        security: vec![BTreeMap::from([("token", Vec::new())])],
        paths,
        components: Components { security_schemes: BTreeMap::from([("token", token)]), schemas: schemas.named() },
    };
    match serde_json::to_value(document) {
        Ok(Value::Object(document)) => document,
        _ => Map::new(),
    }
}

fn operation(row: &Row, schemas: &mut Schemas) -> Described {
    let about = &row.about;
    let (parameters, body) = taken(row, &mut schemas.inputs);
    let mut responses = BTreeMap::new();
    let given = (row.given)(&mut schemas.outputs);
    let content =
        given.into_iter().map(|(kind, schema)| (kind, media(schemas::closed(schema.to_value()), about.gives)));
    responses.insert(about.status.to_string(), Response::new("done", content.collect()));
    for (status, codes) in refusals(about, body.is_some()) {
        let schema = schemas.outputs.subschema_for::<Refused>().to_value();
        let content = BTreeMap::from([("application/json", media(schema, ""))]);
        responses.insert(status.to_string(), Response::new(&codes.join(", "), content));
    }
    Described {
        operation_id: about.name,
        summary: about.summary,
        description: match about.role {
            None => "It needs no token.".to_owned(),
            Some(role) => format!("It needs a token with the role {}.", role.word()),
        },
        security: about.role.is_none().then(Vec::new),
        servers: None,
        parameters,
        request_body: body.map(|content| Body { required: true, content }),
        responses,
    }
}

/// The parameters and the media types of the body.
fn taken(row: &Row, inputs: &mut SchemaGenerator) -> (Vec<Parameter>, Option<BTreeMap<&'static str, Media>>) {
    let about = &row.about;
    match (row.taken)(inputs) {
        Taken::Fields(fields) => {
            let has_body = matches!(about.verb, Verb::Post | Verb::Put);
            let (parameters, rest) = input_parts(fields.to_value(), about.argument(), has_body);
            let body = rest.map(|schema| BTreeMap::from([("application/json", media(schema, about.takes))]));
            (parameters, body)
        }
        Taken::Documents { argument, document } => {
            let argument = about.argument().zip(argument);
            let argument = argument.map(|(name, schema)| Parameter::in_path(name, schema.to_value()));
            let kinds = ["application/json", "application/yaml"];
            let body = kinds.map(|kind| (kind, media(document.clone().to_value(), about.takes)));
            (argument.into_iter().collect(), Some(BTreeMap::from(body)))
        }
    }
}

fn media(schema: Value, example: &str) -> Media {
    let text = || Some(Value::from(example)).filter(|_| !example.is_empty());
    Media { schema, example: serde_json::from_str(example).ok().or_else(text) }
}

/// The statuses with which an operation may refuse, each with its codes.
fn refusals(about: &About, has_body: bool) -> BTreeMap<u16, Vec<String>> {
    let mut codes = BTreeSet::from([Code::InvalidRequest, Code::Internal, Code::Unavailable]);
    codes.extend(about.role.map(|_| Code::Unauthorized));
    codes.extend(about.role.filter(|role| *role > Role::Viewer).map(|_| Code::Forbidden));
    if has_body {
        codes.extend([Code::BodyTimeout, Code::BodyTooLarge, Code::UnsupportedType]);
    }
    codes.extend(about.refusals);
    let mut statuses: BTreeMap<u16, Vec<String>> = BTreeMap::new();
    for code in codes {
        let word = serde_json::to_value(code).ok().and_then(|word| word.as_str().map(str::to_owned));
        statuses.entry(status(code).as_u16()).or_default().extend(word);
    }
    statuses
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_schema_that_is_named_stands_in_the_document() {
        let document = Value::Object(document());
        let text = document.to_string();
        let mut found = 0;
        for name in text.split("#/components/schemas/").skip(1).map(|rest| rest.split('"').next().unwrap()) {
            assert!(document["components"]["schemas"][name].is_object(), "{name}");
            found += 1;
        }
        assert!(found > ROWS.len());
    }

    #[test]
    fn names_of_operations_are_unique_and_read_like_words() {
        let names: BTreeSet<&str> = ROWS.iter().map(|row| row.about.name).collect();
        assert_eq!(names.len(), ROWS.len());
        assert!(names.iter().all(|name| name.chars().all(|c| c.is_ascii_alphabetic())), "{names:?}");
    }

    #[test]
    fn every_example_is_what_the_operation_gives() {
        for row in ROWS.iter().filter(|row| !row.about.gives.is_empty()) {
            let read = row.strict(row.about.gives.as_bytes());
            assert_eq!(read, Ok(()), "{}", row.about.name);
            let takes = row.about.takes;
            assert!(takes.is_empty() || serde_json::from_str::<Value>(takes).is_ok(), "{}", row.about.name);
        }
    }

    #[test]
    fn a_schema_of_inputs_and_outputs_is_the_same_in_both() {
        let mut schemas = Schemas::new();
        ROWS.iter().for_each(|row| drop(operation(row, &mut schemas)));
        assert_eq!(schemas.differing(), Vec::<String>::new());
    }
}
