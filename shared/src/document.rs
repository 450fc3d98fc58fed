//! Settings as documents: one first-level key tells what a document is. One validator for the control panel, the
//! API and the command line stands here and in the types that it reads.

pub mod batch;
pub mod connections;
mod reader;
mod secrets;
mod texts;
mod variables;

use std::fmt;

use serde_json::Value;

pub use reader::{MAX_FIELD_BYTES, MAX_TITLE_BYTES, Reader, named_secret};

use crate::connection::Connection;
use crate::finding::{Finding, Located};
use crate::id::{ConnectionName, InvalidId, ModuleName, PermissionKey, TriggerKey, WorkflowId};
use crate::message::{DocumentFault, Message};
use crate::module::Module;
use crate::permission::Permission;
use crate::spec;
use crate::suggestion::did_you_mean;
use crate::trigger::Trigger;
use crate::workflow::Workflow;
use crate::yaml;

/// What a document sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A connection. The kinds are ordered as they are applied: what others name comes first.
    Connection,
    /// A module.
    Module,
    /// A trigger.
    Trigger,
    /// A workflow.
    Workflow,
    /// A permission.
    Permission,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 5] = [Self::Connection, Self::Module, Self::Trigger, Self::Workflow, Self::Permission];

    /// The first-level key of its documents, and its name everywhere.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Connection => "connection",
            Self::Module => "module",
            Self::Trigger => "trigger",
            Self::Workflow => "workflow",
            Self::Permission => "permission",
        }
    }

    /// How its documents are described.
    fn spec(self) -> &'static spec::Spec {
        spec::DOCUMENTS[self as usize]
    }

    /// The number or key of something of this kind.
    pub fn parse_name(self, text: &str) -> Result<Name, InvalidId> {
        Ok(match self {
            Self::Connection => Name::Connection(text.parse()?),
            Self::Module => Name::Module(text.parse()?),
            Self::Trigger => Name::Trigger(text.parse()?),
            Self::Workflow => Name::Workflow(text.parse()?),
            Self::Permission => Name::Permission(text.parse()?),
        })
    }

    /// The kind of a document: exactly one of the kinds' keys stands in it, apart from those that are settings of that kind.
    pub fn of(document: &Value) -> Result<Self, Finding> {
        let Some(map) = document.as_object() else {
            return Err(Finding::new("", DocumentFault::DocumentNoMap));
        };
        let stands = |kind: &Self| map.contains_key(kind.name());
        let is_setting = |one: &Self| {
            let mut others = Self::ALL.into_iter().filter(|other| other != one && stands(other));
            others.any(|other| other.spec().setting(one.name()).is_some())
        };
        let mut kinds = Self::ALL.into_iter().filter(|kind| stands(kind) && !is_setting(kind));
        match (kinds.next(), kinds.next()) {
            (Some(kind), None) => Ok(kind),
            (None, _) => Err(unknown(map)),
            (Some(one), Some(other)) => {
                Err(Finding::new(other.name(), DocumentFault::DocumentTwoKinds { kind: one.to_string() }))
            }
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

fn unknown(map: &serde_json::Map<String, Value>) -> Finding {
    let kinds = || Kind::ALL.into_iter().map(Kind::name);
    let mut suggested = map.keys().map(|key| (key, did_you_mean(key, kinds())));
    match suggested.find(|(_, meant)| !meant.is_empty()) {
        Some((key, meant)) => {
            Finding::new(key.as_str(), Message::from(DocumentFault::DocumentKindUnknown).meant(meant))
        }
        None => Finding::new("", DocumentFault::DocumentNoKind { kinds: kinds().collect::<Vec<_>>().join(", ") }),
    }
}

/// The number or key by which something that is set is known; unique in its kind.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Name {
    /// Of a connection.
    Connection(ConnectionName),
    /// Of a module.
    Module(ModuleName),
    /// Of a trigger.
    Trigger(TriggerKey),
    /// Of a workflow.
    Workflow(WorkflowId),
    /// Of a permission.
    Permission(PermissionKey),
}

impl Name {
    /// The kind of the document that it names.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Connection(_) => Kind::Connection,
            Self::Module(_) => Kind::Module,
            Self::Trigger(_) => Kind::Trigger,
            Self::Workflow(_) => Kind::Workflow,
            Self::Permission(_) => Kind::Permission,
        }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connection(name) => name.fmt(f),
            Self::Module(name) => name.fmt(f),
            Self::Trigger(key) => key.fmt(f),
            Self::Workflow(id) => id.fmt(f),
            Self::Permission(key) => key.fmt(f),
        }
    }
}

/// A document that has been checked and compiled.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "there are few at a time, and each is moved a few times")]
pub enum Document {
    /// A connection.
    Connection(Connection),
    /// A module.
    Module(Module),
    /// A trigger.
    Trigger(Trigger),
    /// A workflow.
    Workflow(Workflow),
    /// A permission.
    Permission(Permission),
}

impl Document {
    /// Checks a document; every fault is a finding.
    pub fn from_value(value: &Value) -> Result<Self, Vec<Finding>> {
        match Kind::of(value).map_err(|finding| vec![finding])? {
            Kind::Connection => Connection::from_document(value).map(Self::Connection),
            Kind::Module => Module::from_document(value).map(Self::Module),
            Kind::Trigger => Trigger::from_document(value).map(Self::Trigger),
            Kind::Workflow => Workflow::from_new_document(value).map(Self::Workflow),
            Kind::Permission => Permission::from_document(value).map(Self::Permission),
        }
    }

    /// Checks one document of a text, giving every finding its line.
    pub fn from_yaml(document: &yaml::Document) -> Result<Self, Vec<Located>> {
        Self::from_value(&document.value)
            .map_err(|findings| findings.into_iter().map(|finding| document.locate(finding)).collect())
    }

    /// What it sets.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Connection(_) => Kind::Connection,
            Self::Module(_) => Kind::Module,
            Self::Trigger(_) => Kind::Trigger,
            Self::Workflow(_) => Kind::Workflow,
            Self::Permission(_) => Kind::Permission,
        }
    }

    /// The number or key by which it is known; unique in its kind.
    pub fn key(&self) -> String {
        match self {
            Self::Connection(connection) => connection.name.to_string(),
            Self::Module(module) => module.name.to_string(),
            Self::Trigger(trigger) => trigger.key.to_string(),
            Self::Workflow(workflow) => workflow.id.to_string(),
            Self::Permission(permission) => permission.key.to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_document_is_exactly_one_thing() {
        for (value, finding) in [
            (json!([]), "a document is a map of keys and values"),
            (json!({"title": "x"}), "a document has one of the keys connection, module, trigger, workflow, permission"),
            (json!({"workflwo": 1, "title": "x"}), "workflwo: unknown kind of document: did you mean `workflow`?"),
            (json!({"trigger": "a", "workflow": 1}), "workflow: a document is one thing, but this has trigger as well"),
        ] {
            assert_eq!(Document::from_value(&value).unwrap_err()[0].to_string(), finding);
        }
        for (value, kind) in [
            (json!({"module": "Leads", "connection": "crm"}), Kind::Module),
            (json!({"connection": "crm", "smtp": {}}), Kind::Connection),
        ] {
            assert_eq!(Kind::of(&value), Ok(kind));
        }
        let document = Document::from_value(&json!({"trigger": "web_lead"})).unwrap();
        assert_eq!((document.kind(), document.key()), (Kind::Trigger, "web_lead".to_owned()));
    }

    #[test]
    fn a_finding_has_the_line_of_its_key() {
        let document = &yaml::read("# a trigger\ntrigger: web_lead\n\ntitel: x\n").unwrap()[0];
        let findings = Document::from_yaml(document).unwrap_err();
        assert_eq!((findings.len(), findings[0].line), (1, 4));
        assert_eq!(findings[0].sentence(), "titel: unknown key `titel`: did you mean `title`?");
    }
}
