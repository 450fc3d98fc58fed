//! Modules, permissions, triggers and workflows, each by its number or key.

use postern_shared::clock::time;
use postern_shared::document::batch::Found;
use postern_shared::document::{Kind, Name};
use postern_shared::finding::{Finding, Located};
use postern_shared::store::{documents, workflows};
use postern_shared::yaml;
use serde_json::{Value, json};
use warp::http::StatusCode;
use warp::http::header::CONTENT_TYPE;
use warp::reply::{Reply, Response, with_header, with_status};

use super::refusal::{Code, Refusal};
use super::request::{Form, Request};
use super::several::{applied, batch};
use crate::state::State;

/// The type of YAML (RFC 9512).
pub const YAML: &str = "application/yaml";

/// All of a kind.
pub async fn list(state: &State, kind: Kind) -> Result<Response, Refusal> {
    let all = documents::load(&state.store.connection().await?, kind).await?;
    Ok(warp::reply::json(&json!({ format!("{kind}s"): all })).into_response())
}

/// One, as it was applied.
pub async fn get(state: &State, kind: Kind, request: &Request) -> Result<Response, Refusal> {
    let name = name(kind, request)?;
    let document = match (&name, request.variable("version")?) {
        (Name::Workflow(id), Some(version)) => {
            workflows::of_version(&state.store.connection().await?, *id, version).await?
        }
        _ => {
            let all = documents::load(&state.store.connection().await?, kind).await?;
            all.into_iter().find(|document| name_of(kind, document) == Some(name.clone()))
        }
    };
    let document = document.ok_or_else(|| Refusal::unknown(kind.name()))?;
    Ok(match request.accepted() {
        Form::Json => warp::reply::json(&document).into_response(),
        Form::Yaml => with_header(yaml::write(&document), CONTENT_TYPE, YAML).into_response(),
    })
}

/// Sets one; the document must be what the path names.
pub async fn put(state: &State, kind: Kind, request: &Request) -> Result<Response, Refusal> {
    let name = name(kind, request)?;
    let mut connection = state.store.connection().await?;
    let batch = batch(&connection, request).await?;
    let line = match batch.documents.as_slice() {
        _ if !batch.findings.is_empty() => return Err(Refusal::findings(&batch.findings)),
        [one] if one.document.kind() == kind && one.document.key() == name.to_string() => None,
        [one] => Some(one.line),
        [_, second, ..] => Some(second.line),
        [] => Some(1),
    };
    if let Some(line) = line {
        let finding = Finding::new(kind.name(), format!("the path takes one document, of {kind} {name}"));
        let located = Located { line, finding };
        return Err(Refusal::findings(&[Found { source: String::new(), located }]));
    }
    let applied = applied(&mut connection, &request.account, batch).await?;
    Ok(warp::reply::json(&applied.first()).into_response())
}

/// Removes one.
pub async fn delete(state: &State, kind: Kind, request: &Request) -> Result<Response, Refusal> {
    let name = name(kind, request)?;
    match documents::delete(&mut state.store.connection().await?, &request.account, &name).await? {
        true => Ok(with_status(warp::reply(), StatusCode::NO_CONTENT).into_response()),
        false => Err(Refusal::unknown(kind.name())),
    }
}

/// The versions of a workflow.
pub async fn versions(state: &State, request: &Request) -> Result<Response, Refusal> {
    let Name::Workflow(id) = name(Kind::Workflow, request)? else {
        return Err(Refusal::unknown(Kind::Workflow.name()));
    };
    let found = workflows::versions(&state.store.connection().await?, id, request.last()?).await?;
    if found.is_empty() {
        return Err(Refusal::unknown(Kind::Workflow.name()));
    }
    let version = |(version, at)| json!({"version": version, "created_at": time(at)});
    let versions: Vec<Value> = found.into_iter().map(version).collect();
    Ok(warp::reply::json(&json!({"workflow": id, "versions": versions})).into_response())
}

/// What cannot be a name is the name of nothing.
fn name(kind: Kind, request: &Request) -> Result<Name, Refusal> {
    kind.parse_name(&request.argument).map_err(|error| Refusal::new(Code::NotFound, error.to_string()))
}

fn name_of(kind: Kind, document: &Value) -> Option<Name> {
    let text = match &document[kind.name()] {
        Value::String(key) => key.clone(),
        number => number.to_string(),
    };
    kind.parse_name(&text).ok()
}
