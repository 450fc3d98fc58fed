//! Several documents, checked together before anything is done with any of them.

mod completion;
mod started;

use std::collections::{BTreeSet, HashMap, HashSet};

use serde_json::Value;

use self::completion::{complete, name_in_its_type};
use super::{Document, Kind, connections, secrets, texts, variables};
use crate::connection::Connections;
use crate::finding::{Finding, Located};
use crate::id::{SecretName, VariableName, WorkflowId};
use crate::message::{DocumentFault, Message};
use crate::module::Modules;
use crate::module::agreement::{self, Undeclared};
use crate::permission;
use crate::workflow::chains::Chains;
use crate::workflow::{Step, Workflow, pitfalls};
use crate::yaml;

/// The short URLs of the stored permissions, by their keys.
pub type ShortUrls = HashMap<String, String>;

/// Where each document stands, by its kind and its number or key.
pub type Places = HashMap<(Kind, String), String>;

/// What is stored already, as far as documents are judged by it.
#[derive(Debug, Default)]
pub struct Stored {
    /// The connections.
    pub connections: Connections,
    /// The declared modules.
    pub modules: Modules,
    /// The workflows, which documents of modules and connections must not put in the wrong, and by which workflows may start
    /// themselves; without such documents none are needed.
    pub workflows: Vec<Value>,
    /// The numbers of the stored workflows, which others may run; without workflows that run any none are needed.
    pub numbers: HashSet<WorkflowId>,
    /// The names of the secrets.
    pub secrets: BTreeSet<SecretName>,
    /// The names of the variables of the installation.
    pub variables: BTreeSet<VariableName>,
}

/// One document that passed the checks.
#[derive(Debug)]
pub struct Checked {
    /// What it sets, compiled.
    pub document: Document,
    /// What it says.
    pub value: Value,
    /// Its text, comments included; none if it was not written as YAML.
    pub text: Option<String>,
    /// The short URL that was made up for it, if it needs one and names none.
    pub made_short_url: Option<String>,
    /// The line, from 1, of its number or key.
    pub line: usize,
}

/// A finding and the text it is in.
#[derive(Debug)]
pub struct Found {
    /// The text as it was named, such as a file.
    pub source: String,
    /// The line and what is wrong there.
    pub located: Located,
}

/// All documents, and all that is wrong with them.
#[derive(Debug, Default)]
pub struct Batch {
    /// The documents that passed, in the order of texts and lines.
    pub documents: Vec<Checked>,
    /// Everything that is wrong.
    pub findings: Vec<Found>,
    /// What is wrong unless a module is declared elsewhere; nothing where it is known what is stored.
    pub warnings: Vec<Found>,
    /// Where each document stands.
    places: Places,
    short_urls: ShortUrls,
    /// The documents for [`Batch::agree`]: the text that each is in, its lines, its place.
    texts: Vec<(String, yaml::Document, usize)>,
}

impl Batch {
    /// An empty one. A permission for any address without a short URL gets its stored one, or a new one.
    pub fn new(short_urls: ShortUrls) -> Self {
        Self { short_urls, ..Self::default() }
    }

    /// Adds the YAML documents of a text.
    pub fn add_yaml(&mut self, source: &str, text: &[u8]) {
        let documents = text_of(text).and_then(yaml::read).and_then(|documents| match documents.is_empty() {
            true => Err(Located { line: 1, finding: Finding::new("", DocumentFault::NoDocument) }),
            false => Ok(documents),
        });
        match documents {
            Ok(documents) => documents.into_iter().for_each(|document| self.check(source, document, true)),
            Err(located) => self.findings.push(Found { source: source.to_owned(), located }),
        }
    }

    /// Adds one document that is written as JSON.
    pub fn add_json(&mut self, source: &str, text: &[u8]) {
        match text_of(text).and_then(yaml::read_json) {
            Ok(document) => self.check(source, document, false),
            Err(located) => self.findings.push(Found { source: source.to_owned(), located }),
        }
    }

    /// Whether something is among them that stored workflows may name, or that they may start.
    pub fn needs_workflows(&self) -> bool {
        let may_be_named = |one: &Checked| matches!(one.document.kind(), Kind::Module | Kind::Connection);
        self.documents.iter().any(may_be_named) || self.runs_workflows()
    }

    /// Whether a workflow among them runs another one.
    pub fn runs_workflows(&self) -> bool {
        self.run().next().is_some()
    }

    /// Checks workflows against modules and against those that they run, once all documents are added: those that come here and those that are stored.
    /// `stored` is none where that is not known. Then only what is certain is found, and of the rest is warned.
    pub fn agree(&mut self, stored: Option<&Stored>) {
        let mut modules = stored.map(|stored| stored.modules.clone()).unwrap_or_default();
        modules.extend(self.documents.iter().filter_map(|one| match &one.document {
            Document::Module(module) => Some(module.clone()),
            _ => None,
        }));
        let named = connections::Named::new(&self.documents, stored);
        let undeclared = stored.map_or(Undeclared::Unknown, |_| Undeclared::Open);
        // A document that did not pass may be the one that mends what is stored.
        let stored = stored.filter(|_| self.findings.is_empty());
        let unknown = stored.map(|stored| self.unknown(stored)).unwrap_or_default();
        let mut at_odds = stored.map(|stored| self.at_odds(stored, &modules)).unwrap_or_default();
        let stored_ones = started::of_stored(&self.documents, stored);
        let chains = Chains::new(workflows(&self.documents).chain(&stored_ones));
        for (source, yaml, at) in &self.texts {
            let findings = match self.documents.get(*at).map(|one| &one.document) {
                Some(Document::Workflow(workflow)) => {
                    let mut findings = pitfalls::findings(&yaml.value);
                    let is_known = |one: &Finding| findings.iter().any(|other| one.path.starts_with(&other.path));
                    let others = agreement::findings(workflow, &modules, undeclared).into_iter();
                    // A field `created desc` that a module lacks is the same fault.
                    let others: Vec<Finding> = others.filter(|one| !is_known(one)).collect();
                    findings.extend(others);
                    findings.extend(texts::findings(&yaml.value));
                    findings.extend(texts::cut(&yaml.value, &yaml.cut));
                    findings.extend(runs_unknown(workflow, &unknown));
                    findings.extend(started::endless(&chains, workflow));
                    findings.extend(named.of_workflow(workflow));
                    findings.extend(stored.into_iter().flat_map(|stored| secrets::of_steps(workflow, &stored.secrets)));
                    let missing = |stored: &Stored| variables::of_workflow(workflow, &stored.variables);
                    findings.extend(stored.map(missing).unwrap_or_default());
                    findings
                }
                Some(Document::Permission(permission)) => {
                    let missing = |stored: &Stored| secrets::of_permission(permission, &stored.secrets);
                    let mut findings = permission::pitfalls::findings(permission, &yaml.value);
                    findings.extend(stored.map(missing).unwrap_or_default());
                    findings
                }
                Some(Document::Module(module)) => {
                    let mut findings = std::mem::take(&mut at_odds);
                    findings.extend(named.of_module(module));
                    findings
                }
                Some(Document::Connection(connection)) => {
                    let missing = |stored: &Stored| secrets::of_connection(connection, &stored.secrets);
                    let mut findings = stored.map(missing).unwrap_or_default();
                    findings.extend(named.at_odds(connection, &self.places, stored));
                    findings
                }
                _ => continue,
            };
            let located = |one| Found { source: source.clone(), located: yaml.locate(one) };
            if let (Some(Document::Workflow(workflow)), Undeclared::Unknown) =
                (self.documents.get(*at).map(|one| &one.document), undeclared)
            {
                let open = agreement::findings(workflow, &modules, Undeclared::Open);
                let new = open.into_iter().filter(|one| !findings.iter().any(|other| other.is_same_fault(one)));
                self.warnings.extend(new.map(located));
            }
            self.findings.extend(findings.into_iter().map(located));
        }
    }

    /// The workflows that those here run, and that are neither here nor stored.
    fn unknown(&self, stored: &Stored) -> HashSet<WorkflowId> {
        let is_here = |id: &WorkflowId| self.places.contains_key(&(Kind::Workflow, id.to_string()));
        self.run().filter(|id| !is_here(id) && !stored.numbers.contains(id)).collect()
    }

    /// The workflows that those here run.
    fn run(&self) -> impl Iterator<Item = WorkflowId> {
        workflows(&self.documents).flat_map(Workflow::runs)
    }

    /// What active workflows that are stored, and do not come anew, do that the modules no longer allow.
    fn at_odds(&self, stored: &Stored, modules: &Modules) -> Vec<Finding> {
        let workflows = stored.workflows.iter().filter_map(|one| Workflow::from_document(one).ok());
        let stay =
            workflows.filter(|one| one.active && !self.places.contains_key(&(Kind::Workflow, one.id.to_string())));
        let mut at_odds = Vec::new();
        for workflow in stay {
            let before = agreement::findings(&workflow, &stored.modules, Undeclared::Open);
            let now = agreement::findings(&workflow, modules, Undeclared::Open).into_iter();
            let new = now.filter(|one| !before.iter().any(|other| other.is_same_fault(one)));
            at_odds.extend(new.map(|one| Finding::new(Kind::Module.name(), in_workflow(workflow.id, one))));
        }
        at_odds
    }

    fn check(&mut self, source: &str, mut yaml: yaml::Document, has_text: bool) {
        let mut report = |located| self.findings.push(Found { source: source.to_owned(), located });
        name_in_its_type(&mut yaml.value);
        let before = yaml.value["short_url"].clone();
        let made_short_url = complete(&mut yaml.value, &self.short_urls);
        let is_completed = yaml.value["short_url"] != before;
        let document = match Document::from_yaml(&yaml) {
            Ok(document) => document,
            Err(findings) => return findings.into_iter().for_each(report),
        };
        let (kind, key) = (document.kind(), document.key());
        let line = yaml.line(kind.name());
        if let Some(first) = self.places.get(&(kind, key.clone())) {
            let kind_word = Box::new(Message::kind(kind));
            let message = DocumentFault::DocumentTwice { kind: kind_word, key, place: first.clone() };
            return report(yaml.locate(Finding::new(kind.name(), message)));
        }
        self.places.insert((kind, key), format!("{source}:{line}"));
        let value = yaml.value.clone();
        let text = has_text.then(|| if is_completed { yaml::edit(&yaml.text, &value) } else { yaml.text.clone() });
        if !matches!(document, Document::Trigger(_)) {
            self.texts.push((source.to_owned(), yaml, self.documents.len()));
        }
        self.documents.push(Checked { document, value, text, made_short_url, line });
    }
}

/// The workflows among documents.
fn workflows(documents: &[Checked]) -> impl Iterator<Item = &Workflow> {
    documents.iter().filter_map(|one| match &one.document {
        Document::Workflow(workflow) => Some(workflow),
        _ => None,
    })
}

/// A finding of a stored workflow, told at a document beside it.
fn in_workflow(workflow: WorkflowId, Finding { path, message }: Finding) -> Message {
    let message = if path.is_empty() { message } else { Message::in_field(path, message) };
    DocumentFault::InWorkflow { workflow, message: Box::new(message) }.into()
}

fn runs_unknown(workflow: &Workflow, unknown: &HashSet<WorkflowId>) -> Vec<Finding> {
    let finding = |step: &Step| {
        let id = step.task.runs().filter(|id| unknown.contains(id))?;
        let path = format!("steps.{}.{}", step.name, step.task.name());
        Some(Finding::new(path, Message::WorkflowMissing { workflow: id }))
    };
    workflow.steps.iter().filter_map(finding).collect()
}

fn text_of(bytes: &[u8]) -> Result<&str, Located> {
    str::from_utf8(bytes).map_err(|error| {
        let line = 1 + bytes[..error.valid_up_to()].iter().filter(|byte| **byte == b'\n').count();
        Located { line, finding: Finding::new("", DocumentFault::NotUtf8) }
    })
}

#[cfg(test)]
mod tests;
