//! Connections that documents name: whether each of them exists and leads to the system that is needed there.

use std::collections::HashMap;

use serde_json::Value;

use super::batch::{Checked, Places, Stored};
use super::{Document, Kind};
use crate::connection::{Connection, System};
use crate::finding::Finding;
use crate::id::ConnectionName;
use crate::message::{ConnectionFault, Message};
use crate::module::{Module, Modules};
use crate::suggestion::did_you_mean;
use crate::task::Task;
use crate::workflow::{Step, Workflow};

/// What is known of connections: those of a batch, and those that are stored.
#[derive(Debug)]
pub(super) struct Named {
    systems: HashMap<ConnectionName, System>,
    /// Whether a connection that is not known may exist where the documents are going to be applied.
    may_miss: bool,
}

impl Named {
    /// The connections of documents, and the stored ones; `stored` is none where they are not known.
    pub(super) fn new(documents: &[Checked], stored: Option<&Stored>) -> Self {
        let mut systems: HashMap<ConnectionName, System> = HashMap::new();
        let known = stored.into_iter().flat_map(|stored| stored.connections.iter());
        let here = documents.iter().filter_map(|one| match &one.document {
            Document::Connection(connection) => Some(connection),
            _ => None,
        });
        systems.extend(known.chain(here).map(|one| (one.name.clone(), one.system())));
        Self { systems, may_miss: stored.is_none() }
    }

    /// What is wrong with the connection of a module.
    pub(super) fn of_module(&self, module: &Module) -> Option<Finding> {
        let name = module.connection.as_ref()?;
        Some(Finding::new(Kind::Connection.name(), self.fault(name, System::Vtiger)?))
    }

    /// What is wrong with the connections of a workflow's steps.
    pub(super) fn of_workflow(&self, workflow: &Workflow) -> Vec<Finding> {
        let finding = |step: &Step| {
            let (name, system) = step.task.connection()?;
            Some(Finding::new(place(step), self.fault(name, system)?))
        };
        workflow.steps.iter().filter_map(finding).collect()
    }

    /// What is wrong where a connection to a kind of system is needed.
    fn fault(&self, name: &ConnectionName, needed: System) -> Option<Message> {
        match self.systems.get(name) {
            Some(system) if *system == needed => None,
            Some(system) => {
                let (system, needed) = (system.name().to_owned(), needed.name().to_owned());
                Some(ConnectionFault::ConnectionOther { connection: name.clone(), system, needed }.into())
            }
            None if self.may_miss => None,
            None => {
                let fitting = self.systems.iter().filter(|(_, system)| **system == needed);
                let meant = did_you_mean(name.as_str(), fitting.map(|(name, _)| name.as_str()));
                Some(Message::from(ConnectionFault::NoConnection { connection: name.clone() }).meant(meant))
            }
        }
    }

    /// The stored documents that stay and that need a connection to lead to another system than it does now.
    pub(super) fn at_odds(&self, connection: &Connection, places: &Places, stored: Option<&Stored>) -> Vec<Finding> {
        let Some(stored) = stored else { return Vec::new() };
        let stays = |(_, kind, key): &(System, Kind, String)| !places.contains_key(&(*kind, key.clone()));
        let users = needs(&connection.name, &stored.modules, &stored.workflows).into_iter().filter(stays);
        let needed = |needed: System, kind: Kind, key: String| {
            let (kind, needed) = (Box::new(Message::kind(kind)), needed.name().to_owned());
            Finding::new(Kind::Connection.name(), ConnectionFault::ConnectionNeeded { kind, key, needed })
        };
        users
            .filter(|(system, ..)| *system != connection.system())
            .map(|(system, kind, key)| needed(system, kind, key))
            .collect()
    }
}

/// Where a step names its connection.
fn place(step: &Step) -> String {
    match &step.task {
        Task::HttpRequest(_) => format!("steps.{}.{}.connection", step.name, step.task.name()),
        _ => format!("steps.{}.connection", step.name),
    }
}

/// The documents that name a connection.
pub fn users(name: &ConnectionName, modules: &Modules, workflows: &[Value]) -> Vec<(Kind, String)> {
    needs(name, modules, workflows).into_iter().map(|(_, kind, key)| (kind, key)).collect()
}

/// The documents that name a connection, each with the system to which it must lead.
fn needs(name: &ConnectionName, modules: &Modules, workflows: &[Value]) -> Vec<(System, Kind, String)> {
    let modules = modules.iter().filter(|module| module.connection.as_ref() == Some(name));
    let mut needs: Vec<_> = modules.map(|module| (System::Vtiger, Kind::Module, module.name.to_string())).collect();
    needs.sort_by(|one, other| one.2.cmp(&other.2));
    for workflow in workflows.iter().filter_map(|one| Workflow::from_document(one).ok()) {
        let mut named = workflow.steps.iter().filter_map(|step| step.task.connection());
        if let Some((_, system)) = named.find(|(named, _)| *named == name) {
            needs.push((system, Kind::Workflow, workflow.id.to_string()));
        }
    }
    needs
}
