//! Whether what a command names is there. An empty list must not hide a misspelt name.

use std::collections::BTreeSet;
use std::marker::PhantomData;

use postern_control::operation::Nothing;
use postern_control::operation::document::delete::Delete;
use postern_control::operation::document::kinds::{Connections, Key, Modules, Permissions, Triggers, Workflows};
use postern_control::operation::document::list::List;
use postern_shared::document::{Kind, Name};
use postern_shared::message::{DocumentFault, Message};
use postern_shared::suggestion::did_you_mean;
use serde_json::Value;

use crate::api::Api;
use crate::options::language;
use crate::output::Failure;
use crate::texts::{self, tell};

/// The keys of a step whose value is the name of a module.
const OF_STEPS: [&str; 2] = ["create_record", "find_record"];

/// The most names that an error lists.
const MAX_LISTED: usize = 10;

/// Fails, with the names that are near, if there is nothing of this name. A module that is not declared is open: it is
/// there as soon as a workflow names it.
pub async fn check(api: &Api, name: &Name) -> Result<(), Failure> {
    let mut known = keys(name.kind(), &all(api, name.kind()).await?);
    if name.kind() == Kind::Module {
        known.extend(modules_of(&all(api, Kind::Workflow).await?));
    }
    is_among(name, &known)
}

/// The same for several names: an empty answer must not hide that one of them is misspelt.
pub async fn check_all(api: &Api, names: impl IntoIterator<Item = Name>) -> Result<(), Failure> {
    for name in names {
        check(api, &name).await?;
    }
    Ok(())
}

/// The answer; of a refusal, that there is nothing of one of these names, if that is why.
pub async fn or_unknown<T>(
    api: &Api,
    answer: Result<T, Failure>,
    names: impl IntoIterator<Item = Name>,
) -> Result<T, Failure> {
    if answer.is_err() {
        check_all(api, names).await?;
    }
    answer
}

/// Fails, with the names that are near, if there is no document of this name.
pub async fn check_document(api: &Api, name: &Name) -> Result<(), Failure> {
    is_among(name, &keys(name.kind(), &all(api, name.kind()).await?))
}

fn is_among(name: &Name, known: &BTreeSet<String>) -> Result<(), Failure> {
    let (kind, key) = (name.kind(), name.to_string());
    if known.contains(&key) {
        return Ok(());
    }
    let meant = did_you_mean(&key, known.iter().map(String::as_str));
    let listed: Vec<&str> = known.iter().map(String::as_str).take(MAX_LISTED).collect();
    let names = if known.len() > MAX_LISTED { listed.join(", ") + ", …" } else { listed.join(", ") };
    let hint = match names.is_empty() {
        true => tell!("known-none", kind = texts::kind(kind)),
        false => tell!("known-names", kind = texts::kind(kind), names = names),
    };
    let fault = DocumentFault::DocumentMissing { kind: Box::new(Message::kind(kind)), key };
    Err(Failure::failed(Message::from(fault).meant(meant).text(language()), hint))
}

/// All documents of a kind.
pub async fn all(api: &Api, kind: Kind) -> Result<Vec<Value>, Failure> {
    Ok(match kind {
        Kind::Connection => api.call::<List<Connections>>(&Nothing {}).await?.0,
        Kind::Module => api.call::<List<Modules>>(&Nothing {}).await?.0,
        Kind::Trigger => api.call::<List<Triggers>>(&Nothing {}).await?.0,
        Kind::Workflow => api.call::<List<Workflows>>(&Nothing {}).await?.0,
        Kind::Permission => api.call::<List<Permissions>>(&Nothing {}).await?.0,
    })
}

/// Removes the document of this name.
pub async fn delete(api: &Api, name: Name) -> Result<(), Failure> {
    match name.kind() {
        Kind::Connection => api.call::<Delete<Connections>>(&Key(name, PhantomData)).await,
        Kind::Module => api.call::<Delete<Modules>>(&Key(name, PhantomData)).await,
        Kind::Trigger => api.call::<Delete<Triggers>>(&Key(name, PhantomData)).await,
        Kind::Workflow => api.call::<Delete<Workflows>>(&Key(name, PhantomData)).await,
        Kind::Permission => api.call::<Delete<Permissions>>(&Key(name, PhantomData)).await,
    }
    .map(drop)
}

/// The numbers or keys of documents of a kind.
pub fn keys<'v>(kind: Kind, documents: impl IntoIterator<Item = &'v Value>) -> BTreeSet<String> {
    documents.into_iter().map(|document| key(kind, document)).collect()
}

/// The number or key of a document, as text.
pub fn key(kind: Kind, document: &Value) -> String {
    let key = &document[kind.name()];
    key.as_str().map_or_else(|| key.to_string(), str::to_owned)
}

/// The modules that workflows name.
fn modules_of(workflows: &[Value]) -> BTreeSet<String> {
    let of_step = |step: &Value| OF_STEPS.iter().filter_map(|key| step[key].as_str()).map(str::to_owned).collect();
    let of_workflow = |workflow: &Value| {
        let mut names: Vec<String> = workflow["start"]["module"].as_str().map(str::to_owned).into_iter().collect();
        let steps = workflow["steps"].as_object().into_iter().flatten();
        names.extend(steps.flat_map(|(_, step)| -> Vec<String> { of_step(step) }));
        names
    };
    workflows.iter().flat_map(of_workflow).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn modules_are_those_that_starts_and_steps_name() {
        let workflows = [
            json!({"workflow": 1, "start": {"module": "Leads"}, "steps": {"a": {"create_record": "Contacts"}}}),
            json!({"workflow": 2, "steps": {"a": {"find_record": "Accounts"}, "b": {"stop": "failed"}}}),
            json!({"workflow": 3}),
        ];
        assert_eq!(modules_of(&workflows).into_iter().collect::<Vec<_>>(), ["Accounts", "Contacts", "Leads"]);
        assert_eq!(keys(Kind::Workflow, &workflows).into_iter().collect::<Vec<_>>(), ["1", "2", "3"]);
    }
}
