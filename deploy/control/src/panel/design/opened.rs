//! The draft that a visitor works on. Looking at a workflow makes no draft; the first edit does.

use std::time::SystemTime;

use postern_shared::document::Kind;
use postern_shared::draft::Draft;
use postern_shared::id::WorkflowId;
use postern_shared::module::Module;
use postern_shared::store::{described_modules, texts, workflow_drafts, workflows};
use postern_shared::yaml;
use serde_json::Value;

use crate::designer::fields::{Fields, modules_of};
use crate::designer::settings::Known;
use crate::panel::reply::{self, Refusal};
use crate::panel::saving;
use crate::panel::visit::Visit;

/// A draft, or what would become one.
#[derive(Debug)]
pub struct Opened {
    pub id: WorkflowId,
    pub draft: Draft,
    /// When the draft was changed last; none = there is none yet.
    pub changed_at: Option<SystemTime>,
    /// The version in force; 0 = none is.
    pub in_force: i32,
}

impl Opened {
    /// The draft of the visitor, or the version in force of the workflow that the path names.
    pub async fn find(visit: &Visit<'_>) -> Result<Self, Refusal> {
        Self::of(visit, &visit.argument).await
    }

    /// The same of a workflow by its number.
    pub async fn of(visit: &Visit<'_>, number: &str) -> Result<Self, Refusal> {
        let id: WorkflowId = number.parse().map_err(|_| Refusal::NotFound)?;
        let connection = visit.connection().await?;
        let stored = workflows::find(&connection, id).await?;
        let in_force = stored.as_ref().map_or(0, |stored| stored.version);
        if let Some((draft, at)) = workflow_drafts::find(&connection, id, visit.account()).await? {
            return Ok(Self { id, draft, changed_at: Some(at), in_force });
        }
        let stored = stored.ok_or(Refusal::NotFound)?;
        let text = texts::find(&connection, Kind::Workflow, number).await?;
        let text = text.unwrap_or_else(|| yaml::write(&stored.document));
        Ok(Self { id, draft: Draft::new(in_force, text), changed_at: None, in_force })
    }

    /// Changes the draft, which is made now if there is none.
    pub async fn change<T>(self, visit: &Visit<'_>, how: impl FnOnce(&mut Draft) -> T) -> Result<T, Refusal> {
        let mut connection = visit.connection().await?;
        if self.changed_at.is_none() {
            workflow_drafts::open(&connection, self.id, visit.account(), &self.draft).await?;
        }
        let changed = workflow_drafts::change(&mut connection, self.id, visit.account(), how).await?;
        changed.ok_or(Refusal::NotFound)
    }

    /// A path below the workflow.
    pub fn path(&self, page: &str) -> String {
        reply::path(&["workflows", &self.id.to_string(), page])
    }
}

/// The modules that are declared, with what other systems tell of them.
pub async fn fields(visit: &Visit<'_>) -> Result<Fields, Refusal> {
    let modules = saving::load(visit, Kind::Module).await?;
    let modules: Vec<Module> = modules.iter().filter_map(|one| Module::from_document(one).ok()).collect();
    let has_connected = modules.iter().any(|module| module.connection.is_some());
    let described = if has_connected { described_modules::all(&visit.connection().await?).await? } else { Vec::new() };
    Ok(Fields { modules, described })
}

/// What a draft may name: what is declared, and the modules that it or another workflow names already.
pub async fn known(visit: &Visit<'_>, draft: &Value) -> Result<Known, Refusal> {
    let names = |kind: Kind, all: &[Value]| -> Vec<(String, String)> {
        all.iter().map(|one| (saving::key(kind, one), saving::title(one).to_owned())).collect()
    };
    let workflows = saving::load(visit, Kind::Workflow).await?;
    let mut modules = names(Kind::Module, &saving::load(visit, Kind::Module).await?);
    for name in std::iter::once(draft).chain(workflows.iter()).flat_map(modules_of) {
        if !modules.iter().any(|(known, _)| known == name) {
            modules.push((name.to_owned(), String::new()));
        }
    }
    Ok(Known {
        modules,
        triggers: names(Kind::Trigger, &saving::load(visit, Kind::Trigger).await?),
        workflows: names(Kind::Workflow, &workflows),
        connections: names(Kind::Connection, &saving::load(visit, Kind::Connection).await?),
        fields: Vec::new(),
    })
}
