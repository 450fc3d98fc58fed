//! What documents may say but probably do not mean. A name may lead nowhere, since what it names may come later. A workflow
//! may start itself. `apply` warns of both, and `apply --strict` refuses both.

use std::collections::BTreeSet;

use postern_control::operation::Finding;
use postern_shared::document::Kind;
use postern_shared::finding;
use postern_shared::message::{DocumentFault, Message};
use postern_shared::suggestion::did_you_mean;
use postern_shared::yaml;
use serde_json::Value;

use super::chains;
use super::place::line_in_all;
use crate::documents::Text;
use crate::names::{named, users};
use crate::options::language;
use crate::plan::Set;
use crate::texts::{self, tell};
use crate::{known, plan};

/// The findings in the documents of some texts, which are judged together with what is set. Lines count through all texts.
pub fn findings(texts: &[Text], set: &Set) -> Vec<Finding> {
    let mut documents = Vec::new();
    for (at, text) in texts.iter().enumerate() {
        let text = String::from_utf8_lossy(&text.bytes);
        documents.extend(yaml::read(&text).unwrap_or_default().into_iter().map(|document| (at, document)));
    }
    let values: Vec<Value> = documents.iter().map(|(_, document)| document.value.clone()).collect();
    let known = |kind: Kind| {
        let here = values.iter().filter(|one| Kind::of(one) == Ok(kind));
        known::keys(kind, set.of(kind).map(|(document, _)| document).chain(here))
    };
    let known =
        Known { triggers: known(Kind::Trigger), workflows: known(Kind::Workflow), modules: known(Kind::Module) };
    let mut findings = Vec::new();
    for ((at, document), chains) in documents.iter().zip(chains::of(&values, set)) {
        let missing = known.missing(&document.value).into_iter();
        let missing = missing.map(|(path, message)| finding::Finding::new(path, message));
        for finding in missing.chain(chains) {
            let line = line_in_all(texts, *at, document.line(&finding.path));
            findings.push(Finding::of(line, &finding, language()));
        }
    }
    findings
}

/// What is about to be removed, and is named by documents that stay.
pub fn in_use(changes: &[plan::Change], surplus: &[(Kind, String)], set: &Set) -> Vec<String> {
    let after: Vec<Value> =
        changes.iter().filter_map(|change| Some(yaml::read(&change.after).ok()?.pop()?.value)).collect();
    let is_gone = |kind: Kind, key: &str| {
        surplus.iter().any(|(removed, name)| *removed == kind && name == key)
            || changes.iter().any(|change| change.kind == kind && change.key == key)
    };
    let is_gone = &is_gone;
    let stays = Kind::ALL
        .into_iter()
        .flat_map(|kind| set.of(kind).map(|(one, _)| one).filter(move |one| !is_gone(kind, &known::key(kind, one))));
    let documents: Vec<&Value> = stays.chain(&after).collect();
    let message = |(kind, key): &(Kind, String)| {
        let users = users(*kind, key, documents.iter().copied());
        (!users.is_empty())
            .then(|| tell!("apply-in-use", kind = texts::kind(*kind), key = key.as_str(), users = users.join(", ")))
    };
    surplus.iter().filter(|(kind, _)| *kind != Kind::Module).filter_map(message).collect()
}

struct Known {
    triggers: BTreeSet<String>,
    workflows: BTreeSet<String>,
    modules: BTreeSet<String>,
}

impl Known {
    /// The paths of a document at which a name leads nowhere, and why.
    fn missing(&self, document: &Value) -> Vec<(String, Message)> {
        // The server itself refuses a step that runs a missing workflow, and what names a missing connection.
        let is_ours = |(kind, path, _): &(Kind, String, String)| match kind {
            Kind::Connection => false,
            Kind::Workflow => !path.starts_with("steps."),
            Kind::Module | Kind::Trigger | Kind::Permission => true,
        };
        let named = named(document).into_iter().filter(is_ours);
        named.filter_map(|(kind, path, name)| Some((path, self.message(kind, &name)?))).collect()
    }

    fn message(&self, kind: Kind, name: &str) -> Option<Message> {
        let known = match kind {
            Kind::Trigger => &self.triggers,
            Kind::Workflow => &self.workflows,
            Kind::Module | Kind::Connection | Kind::Permission => &self.modules,
        };
        if known.contains(name) {
            return None;
        }
        let meant = did_you_mean(name, known.iter().map(String::as_str));
        // A module needs no declaration. Its name is misspelt if a declared module has nearly the same name.
        if kind == Kind::Module && meant.is_empty() {
            return None;
        }
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
            (json!({"workflow": 1, "steps": {"a": {"create_record": "Laeds"}}}), vec!["steps.a.create_record"]),
            (json!({"workflow": 1, "steps": {"a": {"create_record": "Contacts"}}}), vec![]),
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
