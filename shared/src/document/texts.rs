//! Texts of steps that say something else than was probably meant: `$env["a"]|lower` without braces, or a condition that is
//! always true. They are judged when a document is set, and not when a stored one is read: such a text has a value, and
//! what runs goes on running.

use serde_json::{Map, Value};

use crate::expression::{bare_expression, bare_filter, pitfalls};
use crate::finding::Finding;
use crate::message::{Message, StepFault};
use crate::spec::Kind;
use crate::task::KINDS;
use crate::task::switch;
use crate::yaml::join;

/// The most findings: nobody reads more, and a suggestion takes time.
const MAX_FINDINGS: usize = 1_000;

/// What is wrong with the texts in the document of a workflow.
pub(super) fn findings(document: &Value) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let Some(condition) = document["start"].get("condition") {
        of_condition(condition, "start.condition", &mut findings);
    }
    for (name, step) in document["steps"].as_object().into_iter().flatten() {
        let path = join("steps", name);
        step.as_object().into_iter().for_each(|step| of_step(step, &path, &mut findings));
    }
    findings
}

/// Texts behind which a comment begins that was probably meant as a part of them: `Order #5`.
pub(super) fn cut(document: &Value, paths: &[String]) -> Vec<Finding> {
    let is_of_step = |path: &&String| {
        let Some((name, rest)) = path.strip_prefix("steps.").and_then(|path| path.split_once('.')) else {
            return false;
        };
        let step = document["steps"].get(name).and_then(Value::as_object);
        let kind = KINDS.iter().find(|kind| step.is_some_and(|step| step.contains_key(kind.spec.name)));
        let setting = kind.and_then(|kind| kind.spec.setting(rest.split('.').next().unwrap_or_default()));
        // Names of steps, modules and triggers hold no number sign: behind them stands a comment.
        setting.is_some_and(|setting| {
            !matches!(setting.kind, Kind::Cases | Kind::Name(_) | Kind::Names(_) | Kind::EnvName)
        })
    };
    paths.iter().filter(is_of_step).map(|path| Finding::new(path, StepFault::CutByComment)).collect()
}

fn of_step(step: &Map<String, Value>, path: &str, findings: &mut Vec<Finding>) {
    let Some(kind) = KINDS.iter().find(|kind| step.contains_key(kind.spec.name)) else { return };
    for (key, value) in step {
        match kind.spec.setting(key).map(|setting| setting.kind) {
            Some(Kind::Expression) => of_condition(value, &join(path, key), findings),
            Some(_) => of_value(value, key == switch::SPEC.name, &join(path, key), findings),
            None => {}
        }
    }
}

/// An expression has no braces.
fn of_condition(value: &Value, path: &str, findings: &mut Vec<Finding>) {
    let faults = value.as_str().map(pitfalls::of_condition).unwrap_or_default();
    findings.extend(faults.into_iter().map(|fault| Finding::new(path, fault)));
}

/// `compared` texts are those that are compared with others.
fn of_value(value: &Value, compared: bool, path: &str, findings: &mut Vec<Finding>) {
    match value {
        Value::String(text) if findings.len() < MAX_FINDINGS => {
            findings.extend(of_text(text, compared).into_iter().map(|fault| Finding::new(path, fault)));
        }
        Value::Array(items) => {
            let items = items.iter().enumerate();
            items.for_each(|(at, item)| of_value(item, compared, &join(path, &at.to_string()), findings));
        }
        Value::Object(map) => {
            map.iter().for_each(|(key, item)| of_value(item, compared, &join(path, key), findings));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn of_text(text: &str, compared: bool) -> Vec<Message> {
    if let Some(meant) = bare_filter(text) {
        return vec![StepFault::BareFilter { meant }.into()];
    }
    if let Some(meant) = bare_expression(text, compared) {
        return vec![StepFault::BareExpression { meant }.into()];
    }
    pitfalls::of_text(text)
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

    #[test]
    fn a_text_that_a_comment_cuts_off_is_found_where_texts_stand() {
        let document = json!({"steps": {"a": {"comment": "Order", "next": "b"}, "b": {"stop": "finished"}}});
        let paths = ["steps.a.comment", "steps.a.next", "title"].map(str::to_owned);
        let found: Vec<String> = cut(&document, &paths).iter().map(ToString::to_string).collect();
        assert_eq!(found, ["steps.a.comment: # begins a comment, which cuts this text off: quote the whole text '…'"]);
    }

    #[test]
    fn expressions_that_mean_something_else_are_found() {
        for (step, expected) in [
            (
                json!({"switch": "$env[\"v\"] is email", "cases": {"true": "b"}}),
                "steps.a.switch: an expression outside",
            ),
            (json!({"set_env": {"x": "$env[\"n\"] + 1"}}), "steps.a.set_env.x: an expression outside of braces"),
            (json!({"condition": "$env[\"p\"] == 5 or 6"}), "steps.a.condition: 6 alone is always true"),
            (json!({"comment": "{{ $a|format_date(\"YYYY\") }}"}), "steps.a.comment: YY is not how"),
        ] {
            let found = findings(&json!({"steps": {"a": step}}));
            assert!(found.len() == 1 && found[0].to_string().starts_with(expected), "{found:?}");
        }
        let found = findings(&json!({"start": {"condition": "$a == 1 or 2"}, "steps": {}}));
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(findings(&json!({"steps": {"a": {"comment": "$firstname and $lastname"}}})).is_empty());
    }
}
