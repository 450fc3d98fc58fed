//! `apply --strict`: names that lead nowhere are findings. Without it they are allowed, since what they name may come
//! later.

use std::collections::BTreeSet;

use postern_control::operation::Finding;
use postern_shared::document::Kind;
use postern_shared::finding;
use postern_shared::message::{DocumentFault, Message};
use postern_shared::suggestion::did_you_mean;
use postern_shared::yaml;
use serde_json::Value;

use super::place::line_in_all;
use crate::documents::Text;
use crate::known;
use crate::options::language;
use crate::plan::Set;

/// The tasks whose value is the name of a module.
const MODULE_TASKS: [&str; 2] = ["create_record", "find_record"];

/// The names in the documents of texts that are neither set nor in the texts. Lines count through all texts.
pub fn findings(texts: &[Text], set: &Set) -> Vec<Finding> {
    let mut documents = Vec::new();
    for (at, text) in texts.iter().enumerate() {
        let text = String::from_utf8_lossy(&text.bytes);
        documents.extend(yaml::read(&text).unwrap_or_default().into_iter().map(|document| (at, document)));
    }
    let values: Vec<Value> = documents.iter().map(|(_, document)| document.value.clone()).collect();
    let known = |kind: Kind| {
        let here = values.iter().filter(|one| one.get(kind.name()).is_some());
        known::keys(kind, set.of(kind).map(|(document, _)| document).chain(here))
    };
    let known =
        Known { triggers: known(Kind::Trigger), workflows: known(Kind::Workflow), modules: known(Kind::Module) };
    let mut findings = Vec::new();
    for (at, document) in &documents {
        for (path, message) in known.missing(&document.value) {
            let line = line_in_all(texts, *at, document.line(&path));
            findings.push(Finding::of(line, &finding::Finding::new(path, message), language()));
        }
    }
    findings
}

struct Known {
    triggers: BTreeSet<String>,
    workflows: BTreeSet<String>,
    modules: BTreeSet<String>,
}

impl Known {
    /// The paths of a document at which a name leads nowhere, and why.
    fn missing(&self, document: &Value) -> Vec<(String, Message)> {
        let mut named = Vec::new();
        let at = |kind: Kind, path: &str, value: &Value| -> Vec<(Kind, String, String)> {
            let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            match value {
                Value::Null => Vec::new(),
                Value::Array(names) => {
                    (names.iter().enumerate()).map(|(at, name)| (kind, format!("{path}.{at}"), text(name))).collect()
                }
                name => vec![(kind, path.to_owned(), text(name))],
            }
        };
        if document.get("permission").is_some() {
            named.extend(at(Kind::Trigger, "triggers", &document["triggers"]));
            named.extend(at(Kind::Workflow, "workflows", &document["workflows"]));
        }
        if document.get("workflow").is_some() {
            named.extend(at(Kind::Trigger, "start.triggers", &document["start"]["triggers"]));
            named.extend(at(Kind::Module, "start.module", &document["start"]["module"]));
            for (step, settings) in document["steps"].as_object().into_iter().flatten() {
                for task in MODULE_TASKS {
                    named.extend(at(Kind::Module, &format!("steps.{step}.{task}"), &settings[task]));
                }
            }
        }
        named.into_iter().filter_map(|(kind, path, name)| Some((path, self.message(kind, &name)?))).collect()
    }

    fn message(&self, kind: Kind, name: &str) -> Option<Message> {
        let known = match kind {
            Kind::Trigger => &self.triggers,
            Kind::Workflow => &self.workflows,
            Kind::Module | Kind::Permission => &self.modules,
        };
        // A name with references is known only when it runs.
        if known.contains(name) || name.contains(['$', '{']) {
            return None;
        }
        let meant = did_you_mean(name, known.iter().map(String::as_str));
        let fault = DocumentFault::DocumentMissing { kind: Box::new(Message::kind(kind)), key: name.to_owned() };
        Some(Message::from(fault).meant(meant))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_that_lead_nowhere_are_found_where_they_stand() {
        let keys = |keys: &[&str]| keys.iter().map(|key| (*key).to_owned()).collect();
        let known = Known { triggers: keys(&["web_lead"]), workflows: keys(&["77"]), modules: keys(&["Leads"]) };
        for (document, expected) in [
            (json!({"permission": "a", "triggers": ["web_lead"], "workflows": [77]}), vec![]),
            (json!({"permission": "a", "triggers": ["web_laed"]}), vec!["triggers.0"]),
            (json!({"permission": "a", "workflows": 78}), vec!["workflows"]),
            (
                json!({"workflow": 1, "start": {"triggers": ["x"], "module": "Laeds"}}),
                vec!["start.triggers.0", "start.module"],
            ),
            (json!({"workflow": 1, "steps": {"a": {"create_record": "Contacts"}}}), vec!["steps.a.create_record"]),
            (json!({"workflow": 1, "steps": {"a": {"create_record": "$env[\"m\"]"}}}), vec![]),
            (json!({"trigger": "new"}), vec![]),
        ] {
            let found: Vec<String> = known.missing(&document).into_iter().map(|(path, _)| path).collect();
            assert_eq!(found, expected, "{document}");
        }
        let meant = known.message(Kind::Trigger, "web_laed").unwrap();
        assert_eq!(meant.to_string(), "there is no trigger web_laed: did you mean `web_lead`?");
    }
}
