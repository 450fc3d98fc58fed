//! The OpenAPI document, made from the table of routes.

use serde_json::{Map, Value, json};

use super::refusal::Code;
use super::route::{self, Answer, BASE, Body, ROUTES, Route};
use super::schema::{argument, document_schema, named, schemas};

/// OpenAPI 3.1 (spec.openapis.org/oas/v3.1.1).
pub fn document() -> Value {
    let mut paths = Map::new();
    for route in &ROUTES {
        let path = paths.entry(format!("{BASE}{}", route.path)).or_insert_with(|| json!({}));
        path[route.verb.method().as_str().to_ascii_lowercase()] = operation(route);
    }
    json!({
        "openapi": "3.1.0",
        "info": {"title": "Postern", "version": env!("CARGO_PKG_VERSION")},
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": schemas(),
        },
    })
}

fn operation(route: &Route) -> Value {
    let mut parameters: Vec<Value> = (route.query.iter())
        .map(|one| json!({"name": one.name, "in": "query", "description": one.about, "schema": argument(one.value)}))
        .collect();
    if let Some((name, value)) = route.argument() {
        parameters.push(json!({"name": name, "in": "path", "required": true, "schema": argument(value)}));
    }
    let method = route.verb.method().as_str().to_ascii_lowercase();
    let id = format!("{method}{}", route.path.replace(['/', '{', '}', '.'], "_"));
    let mut operation = json!({
        "operationId": id, "summary": route.summary, "parameters": parameters, "responses": responses(route),
    });
    if let Some(content) = content(route.body) {
        operation["requestBody"] = json!({"required": true, "content": content});
    }
    operation
}

fn content(body: Body) -> Option<Value> {
    Some(match body {
        Body::None => return None,
        Body::Json(name) => json!({"application/json": {"schema": named(name)}}),
        Body::Document(kind) => {
            let schema = document_schema(kind);
            json!({"application/json": {"schema": schema}, "application/yaml": {"schema": schema}})
        }
        Body::Documents => json!({
            "application/yaml": {"schema": {}},
            "application/json": {"schema": {"type": "object"}},
        }),
    })
}

fn responses(route: &Route) -> Value {
    let mut responses = Map::new();
    let (status, success) = match route.answer {
        Answer::Json(name) => ("200", json!({"application/json": {"schema": named(name)}})),
        Answer::Created(name) => ("201", json!({"application/json": {"schema": named(name)}})),
        Answer::Bytes => ("200", json!({"application/octet-stream": {"schema": {}}})),
        Answer::Documents => ("200", json!({"application/yaml": {"schema": {}}})),
        Answer::Document(kind) => {
            let schema = document_schema(kind);
            ("200", json!({"application/json": {"schema": schema}, "application/yaml": {"schema": schema}}))
        }
        Answer::Empty => ("204", Value::Null),
    };
    let mut answer = json!({"description": "done"});
    if !success.is_null() {
        answer["content"] = success;
    }
    responses.insert(status.to_owned(), answer);
    for status in refusals(route) {
        let schema = named("Error");
        let refused = json!({"description": "refused", "content": {"application/json": {"schema": schema}}});
        responses.insert(status.to_string(), refused);
    }
    Value::Object(responses)
}

/// The statuses with which a route may refuse.
fn refusals(route: &Route) -> Vec<u16> {
    let mut codes = vec![Code::InvalidRequest, Code::Unauthorized, Code::Internal, Code::Unavailable];
    match route.body {
        Body::None => {}
        Body::Json(_) => codes.extend([Code::BodyTimeout, Code::BodyTooLarge, Code::UnsupportedType]),
        Body::Document(_) | Body::Documents => {
            codes.extend([Code::BodyTimeout, Code::BodyTooLarge, Code::UnsupportedType]);
            if route.endpoint != route::Endpoint::Validate {
                codes.push(Code::InvalidDocument);
            }
        }
    }
    let mut statuses: Vec<u16> = codes.into_iter().map(|code| code.status().as_u16()).collect();
    statuses.extend(route.refusals);
    statuses.sort_unstable();
    statuses
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_route_and_every_schema_that_is_named_stands_in_the_document() {
        let document = document();
        let operations: usize =
            document["paths"].as_object().unwrap().values().map(|p| p.as_object().unwrap().len()).sum();
        assert_eq!(operations, ROUTES.len());
        let text = document.to_string();
        let mut found = 0;
        for name in text.split("#/components/schemas/").skip(1).map(|rest| rest.split('"').next().unwrap()) {
            assert!(document["components"]["schemas"][name].is_object(), "{name}");
            found += 1;
        }
        assert!(found > ROUTES.len());
    }
}
