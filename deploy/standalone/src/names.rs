//! The names of other documents that a document holds, and the documents that name one.

use postern_shared::document::Kind;
use serde_json::Value;

use crate::known;

/// The tasks whose value is the name of a module.
const MODULE_TASKS: [&str; 2] = ["create_record", "find_record"];

/// The task whose value is the number of a workflow.
const WORKFLOW_TASK: &str = "run_workflow";

/// What a document names: of which kind, at which path, and the name.
pub fn named(document: &Value) -> Vec<(Kind, String, String)> {
    let mut named = Vec::new();
    if document.get("permission").is_some() {
        named.extend(at(Kind::Trigger, "triggers", &document["triggers"]));
        named.extend(at(Kind::Workflow, "workflows", &document["workflows"]));
    }
    if Kind::of(document) == Ok(Kind::Module) {
        named.extend(at(Kind::Connection, "connection", &document["connection"]));
    }
    if document.get("workflow").is_some() {
        named.extend(at(Kind::Trigger, "start.triggers", &document["start"]["triggers"]));
        named.extend(at(Kind::Module, "start.module", &document["start"]["module"]));
        for (step, settings) in document["steps"].as_object().into_iter().flatten() {
            for task in MODULE_TASKS {
                named.extend(at(Kind::Module, &format!("steps.{step}.{task}"), &settings[task]));
            }
            for (path, value) in [
                ("http_request.connection", &settings["http_request"]["connection"]),
                ("connection", &settings["connection"]),
            ] {
                named.extend(at(Kind::Connection, &format!("steps.{step}.{path}"), value));
            }
            named.extend(at(Kind::Workflow, &format!("steps.{step}.{WORKFLOW_TASK}"), &settings[WORKFLOW_TASK]));
        }
    }
    // A name with references is known only when it runs.
    named.retain(|(_, _, name)| !name.contains(['$', '{']));
    named
}

/// The documents that name one, such as `permission landing`.
pub fn users<'v>(kind: Kind, key: &str, documents: impl IntoIterator<Item = &'v Value>) -> Vec<String> {
    let mut users = Vec::new();
    for document in documents {
        let Ok(of) = Kind::of(document) else { continue };
        let own = known::key(of, document);
        let is_itself = of == kind && own == key;
        if !is_itself && named(document).iter().any(|(named, _, name)| *named == kind && name == key) {
            users.push(format!("{of} {own}"));
        }
    }
    users
}

fn at(kind: Kind, path: &str, value: &Value) -> Vec<(Kind, String, String)> {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    match value {
        Value::Null => Vec::new(),
        Value::Array(names) => {
            (names.iter().enumerate()).map(|(at, name)| (kind, format!("{path}.{at}"), text(name))).collect()
        }
        name => vec![(kind, path.to_owned(), text(name))],
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_users_of_a_document_are_found() {
        let all = [
            json!({"permission": "landing", "triggers": ["web_lead"], "workflows": [77]}),
            json!({"workflow": 77, "start": {"triggers": "web_lead"}, "steps": {"a": {"run_workflow": 77}}}),
            json!({"workflow": 78, "steps": {"a": {"run_workflow": "77"}, "b": {"create_record": "Leads"}}}),
            json!({"trigger": "web_lead"}),
            json!({"module": "Leads", "connection": "crm"}),
            json!({"workflow": 79, "steps": {"a": {"http_request": {"connection": "api"}}, "b": {"send_mail": "a", "connection": "mail"}}}),
        ];
        for (kind, key, expected) in [
            (Kind::Trigger, "web_lead", &["permission landing", "workflow 77"][..]),
            (Kind::Workflow, "77", &["permission landing", "workflow 78"]),
            (Kind::Module, "Leads", &["workflow 78"]),
            (Kind::Connection, "crm", &["module Leads"]),
            (Kind::Connection, "api", &["workflow 79"]),
            (Kind::Connection, "mail", &["workflow 79"]),
            (Kind::Trigger, "other", &[]),
        ] {
            assert_eq!(users(kind, key, &all), expected, "{kind} {key}");
        }
    }
}
