//! Secrets that documents name and that do not exist.

use std::collections::BTreeSet;

use crate::connection::Connection;
use crate::finding::Finding;
use crate::id::SecretName;
use crate::message::Message;
use crate::permission::Permission;
use crate::suggestion::did_you_mean;
use crate::workflow::{Step, Workflow};

/// What is wrong with the steps of a workflow, where these secrets exist.
pub(super) fn of_steps(workflow: &Workflow, known: &BTreeSet<SecretName>) -> Vec<Finding> {
    let of_step = |step: &Step| {
        let missing = step.reads.secrets.iter().filter_map(|name| missing(name, known));
        missing.map(|message| Finding::new(format!("steps.{}", step.name), message)).collect::<Vec<_>>()
    };
    workflow.steps.iter().flat_map(of_step).collect()
}

/// What is wrong with a permission, where these secrets exist.
pub(super) fn of_permission(permission: &Permission, known: &BTreeSet<SecretName>) -> Vec<Finding> {
    let finding = |(path, name): (&'static str, &SecretName)| Some(Finding::new(path, missing(name, known)?));
    permission.secrets().filter_map(finding).collect()
}

/// What is wrong with a connection, where these secrets exist.
pub(super) fn of_connection(connection: &Connection, known: &BTreeSet<SecretName>) -> Vec<Finding> {
    let secrets = connection.secrets().into_iter();
    secrets.filter_map(|(path, name)| Some(Finding::new(path, missing(name, known)?))).collect()
}

fn missing(name: &SecretName, known: &BTreeSet<SecretName>) -> Option<Message> {
    let meant = || did_you_mean(name.as_str(), known.iter().map(SecretName::as_str));
    (!known.contains(name)).then(|| Message::SecretMissing { secret: name.clone() }.meant(meant()))
}
