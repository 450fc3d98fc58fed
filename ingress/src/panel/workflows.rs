//! Workflows: the list, and the editor: YAML on one side, the graph and the validator's messages on the other.

use std::collections::BTreeMap;

use askama::Template;
use postern_shared::document::batch::{Batch, Stored};
use postern_shared::document::{Document, Kind};
use postern_shared::finding::Located;
use postern_shared::store::{documents, workflows};
use postern_shared::workflow::Workflow;
use postern_shared::yaml;
use warp::reply::Response;

use super::frame::{Frame, Section};
use super::graph::{self, Graph};
use super::reply::{self, Refusal};
use super::saving::{self, Saved};
use super::shown::Pill;
use super::visit::Visit;

/// The fewest lines of the editor.
const MIN_LINES: usize = 20;

/// What a new workflow begins with: one that is complete, so that the first look shows how they read.
const NEW: &str = "workflow: 1\ntitle: New workflow\nactive: false\nstart:\n  module: Leads\n  triggers: [web_lead]\n  \
                   without_record: true\n  next: lead\nsteps:\n  lead:\n    create_record: Leads\n    fields:\n      \
                   lastname: $env[\"lastname\"]\n";

#[derive(Template)]
#[template(path = "workflows.html")]
struct List {
    p: Frame,
    rows: Vec<Row>,
}

struct Row {
    id: String,
    title: String,
    version: i32,
    pill: Pill,
    triggers: String,
    module: String,
    steps: usize,
}

#[derive(Template)]
#[template(path = "workflow.html")]
struct Editor {
    p: Frame,
    /// Its number; empty for a new one.
    id: String,
    title: String,
    version: i32,
    text: String,
    checked: Checked,
    rows: usize,
}

#[derive(Template)]
#[template(path = "parts/checked.html")]
struct Fragment {
    p: Frame,
    checked: Checked,
}

/// What the validator says of a text.
struct Checked {
    /// Line by line, what is wrong there.
    faults: Vec<(usize, Vec<String>)>,
    graph: Option<Graph>,
    /// The lines of the text, and whether something is wrong there.
    lines: Vec<(usize, bool)>,
}

/// All workflows.
pub async fn list(visit: &Visit<'_>) -> Result<Response, Refusal> {
    let p = Frame::new(visit, Section::Workflows).await;
    let stored = workflows::load(&visit.connection().await?).await?.value;
    let rows = stored.iter().map(|stored| {
        let document = &stored.document;
        let (id, title) = (saving::key(Kind::Workflow, document), saving::title(document).to_owned());
        let Ok(workflow) = Workflow::from_document(document) else {
            let (triggers, module) = (String::new(), String::new());
            return Row { id, title, version: stored.version, pill: p.pill("unreadable"), triggers, module, steps: 0 };
        };
        let triggers: Vec<&str> = workflow.start.triggers.iter().map(|key| key.as_str()).collect();
        Row {
            id,
            title,
            version: stored.version,
            pill: p.pill(if workflow.active { "active" } else { "inactive" }),
            triggers: triggers.join(", "),
            module: workflow.start.module.map(|module| module.to_string()).unwrap_or_default(),
            steps: workflow.steps.len(),
        }
    });
    let rows = rows.collect();
    reply::page(&List { p, rows })
}

/// The editor with a first draft.
pub async fn new(visit: &Visit<'_>) -> Result<Response, Refusal> {
    let taken: Vec<String> =
        saving::load(visit, Kind::Workflow).await?.iter().map(|one| saving::key(Kind::Workflow, one)).collect();
    let free = (1..).find(|id: &u32| !taken.contains(&id.to_string())).unwrap_or(1);
    let text = NEW.replacen("workflow: 1", &format!("workflow: {free}"), 1);
    reply::page(&editor(visit, text, 0, Vec::new()).await?)
}

/// The editor with the newest version.
pub async fn edit(visit: &Visit<'_>) -> Result<Response, Refusal> {
    let stored = workflows::load(&visit.connection().await?).await?.value;
    let stored = stored.into_iter().find(|one| saving::key(Kind::Workflow, &one.document) == visit.argument);
    let stored = stored.ok_or(Refusal::NotFound)?;
    reply::page(&editor(visit, yaml::write(&stored.document), stored.version, Vec::new()).await?)
}

/// Saves the text, or shows it again with what is wrong; with the button *check* it only does the latter.
pub async fn save(visit: &Visit<'_>) -> Result<Response, Refusal> {
    let text = text(visit);
    let stored = workflows::load(&visit.connection().await?).await?.value;
    let version_of =
        |id: &str| stored.iter().find(|one| saving::key(Kind::Workflow, &one.document) == id).map(|one| one.version);
    let version = version_of(&visit.argument).unwrap_or(0);
    if !visit.argument.is_empty() && version == 0 {
        return Err(Refusal::NotFound);
    }
    let (batch, mut faults) = read(&text, &known(visit).await?);
    if faults.is_empty()
        && let Some(one) = batch.documents.first()
    {
        let key = one.document.key();
        if visit.argument.is_empty() && version_of(&key).is_some() {
            faults.push(fault(one.line, visit.t("workflow-taken")));
        } else if !visit.argument.is_empty() && key != visit.argument {
            faults.push(fault(one.line, visit.t("workflow-number-fixed")));
        }
    }
    if !faults.is_empty() || visit.form.get("action") == "check" {
        return reply::unsaved(&editor(visit, text, version, faults).await?);
    }
    match saving::keep(visit, batch).await? {
        Saved::Done(key) => Ok(reply::redirect(&format!("{}?done=saved", reply::path(&["workflows", &key])))),
        Saved::Faulty(faults) => reply::unsaved(&editor(visit, text, version, faults).await?),
    }
}

/// The fragment that the script puts beside the text while it is typed.
pub async fn check(visit: &Visit<'_>) -> Result<Response, Refusal> {
    let p = Frame::without_counts(visit, Section::Workflows);
    reply::page(&Fragment { p, checked: checked(&text(visit), &known(visit).await?, Vec::new()) })
}

/// Browsers send line ends as CR LF.
fn text(visit: &Visit<'_>) -> String {
    visit.form.get("text").replace("\r\n", "\n")
}

async fn editor(visit: &Visit<'_>, text: String, version: i32, faults: Vec<Located>) -> Result<Editor, Refusal> {
    let checked = checked(&text, &known(visit).await?, faults);
    let title = yaml::read(&text).ok().and_then(|all| Some(saving::title(&all.first()?.value).to_owned()));
    Ok(Editor {
        p: Frame::new(visit, Section::Workflows).await,
        id: visit.argument.clone(),
        title: title.unwrap_or_default(),
        version,
        rows: (text.lines().count() + 1).max(MIN_LINES),
        text,
        checked,
    })
}

/// What the text is judged by.
async fn known(visit: &Visit<'_>) -> Result<Stored, Refusal> {
    Ok(documents::stored(&visit.connection().await?, &Batch::default()).await?)
}

/// Exactly one workflow, or what is wrong.
fn read(text: &str, stored: &Stored) -> (Batch, Vec<Located>) {
    let mut batch = Batch::default();
    batch.add_yaml("", text.as_bytes());
    batch.agree(Some(stored));
    let mut faults: Vec<Located> = batch.findings.drain(..).map(|found| found.located).collect();
    for (at, one) in batch.documents.iter().enumerate() {
        if at > 0 || one.document.kind() != Kind::Workflow {
            faults.push(fault(one.line, "this page takes one document, a workflow".to_owned()));
        }
    }
    (batch, faults)
}

fn checked(text: &str, stored: &Stored, more: Vec<Located>) -> Checked {
    let (batch, faults) = read(text, stored);
    let mut lines: BTreeMap<usize, Vec<String>> = BTreeMap::new();
    for fault in faults.into_iter().chain(more) {
        let sentence = fault.sentence();
        let said = lines.entry(fault.line).or_default();
        if !said.contains(&sentence) {
            said.push(sentence);
        }
    }
    let graph = batch.documents.first().filter(|_| lines.is_empty()).and_then(|one| match &one.document {
        Document::Workflow(workflow) => Some(graph::draw(workflow, &one.value, None)),
        Document::Module(_) | Document::Trigger(_) | Document::Permission(_) => None,
    });
    let count = (text.lines().count() + 1).max(MIN_LINES);
    Checked {
        lines: (1..=count).map(|line| (line, lines.contains_key(&line))).collect(),
        faults: lines.into_iter().collect(),
        graph,
    }
}

fn fault(line: usize, message: String) -> Located {
    Located { line, finding: postern_shared::finding::Finding::new("", message) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_draft_of_a_workflow_is_one_and_is_drawn() {
        let checked = checked(NEW, &Stored::default(), Vec::new());
        assert!(checked.faults.is_empty(), "{:?}", checked.faults);
        assert!(checked.graph.is_some());
    }

    #[test]
    fn a_fault_stands_at_its_line() {
        let text = NEW.replace("create_record: Leads", "create_recrd: Leads");
        let checked = checked(&text, &Stored::default(), Vec::new());
        assert_eq!(checked.faults[0].0, 10, "{:?}", checked.faults);
        assert!(checked.lines[9].1 && !checked.lines[8].1);
        assert!(checked.graph.is_none());
        let two = super::checked(&format!("{NEW}---\ntrigger: x\n"), &Stored::default(), Vec::new());
        assert_eq!(two.faults[0].0, 15, "{:?}", two.faults);
    }
}
