//! Texts of steps that were probably meant as expressions: `$env["a"]|lower` without braces. They are judged when a document
//! is set, and not when a stored one is read: such a text has a value, and what runs goes on running.

use serde_json::{Map, Value};

use crate::expression::bare_filter;
use crate::finding::Finding;
use crate::message::StepFault;
use crate::spec::Kind;
use crate::task::KINDS;
use crate::yaml::join;

/// What is wrong with the steps of the document of a workflow.
pub(super) fn findings(document: &Value) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (name, step) in document["steps"].as_object().into_iter().flatten() {
        let path = join("steps", name);
        step.as_object().into_iter().for_each(|step| of_step(step, &path, &mut findings));
    }
    findings
}

fn of_step(step: &Map<String, Value>, path: &str, findings: &mut Vec<Finding>) {
    let Some(kind) = KINDS.iter().find(|kind| step.contains_key(kind.spec.name)) else { return };
    for (key, value) in step {
        // An expression has no braces.
        if kind.spec.setting(key).is_some_and(|setting| !matches!(setting.kind, Kind::Expression)) {
            of_value(value, &join(path, key), findings);
        }
    }
}

fn of_value(value: &Value, path: &str, findings: &mut Vec<Finding>) {
    match value {
        Value::String(text) => {
            findings.extend(bare_filter(text).map(|meant| Finding::new(path, StepFault::BareFilter { meant })));
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(at, item)| of_value(item, &join(path, &at.to_string()), findings));
        }
        Value::Object(map) => map.iter().for_each(|(key, item)| of_value(item, &join(path, key), findings)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_filter_outside_of_braces_is_found_wherever_references_may_stand() {
        let text = "$env[\"x\"]|lower";
        let meant = "a filter outside of braces is plain text: write {{ $env[\"x\"]|lower }}";
        for (step, path) in [
            (json!({"create_record": "Leads", "fields": {"lastname": text}}), "steps.a.fields.lastname"),
            (json!({"http_request": "https://a.example", "json": {"list": [1, text]}}), "steps.a.json.list.1"),
            (json!({"find_record": "Leads", "where": {"mail": {"is_not": text}}}), "steps.a.where.mail.is_not"),
        ] {
            let found = findings(&json!({"workflow": 1, "steps": {"a": step}}));
            assert_eq!(found.iter().map(ToString::to_string).collect::<Vec<_>>(), [format!("{path}: {meant}")]);
        }
        assert!(findings(&json!({"steps": {"a": {"condition": text, "then": "b"}}})).is_empty());
        assert!(findings(&json!({"steps": {"a": {"comment": "{{ $env[\"x\"]|lower }}"}}})).is_empty());
    }
}
