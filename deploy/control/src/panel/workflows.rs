//! Workflows: the list, and the editor: YAML on one side, the graph and the validator's messages on the other.

use std::time::SystemTime;

use askama::Template;
use postern_shared::document::batch::Batch;
use postern_shared::document::{Document, Kind};
use postern_shared::finding::Located;
use postern_shared::message::Message;
use postern_shared::store::documents::{self, Published, Source};
use postern_shared::store::{texts, workflow_drafts, workflows};
use postern_shared::workflow::Workflow;
use postern_shared::yaml;
use warp::reply::Response;

use super::design;
use super::difference::{self, Line};
use super::editor::{self, Marks};
use super::frame::{Frame, Section};
use super::graph::{self, Graph};
use super::hold;
use super::long_list::LongList;
use super::reply::{self, Refusal};
use super::runs::{SPANS, WEEK, span};
use super::saving;
use super::shown::{Moment, Pill};
use super::visit::Visit;
use crate::designer::Sketch;
use crate::designer::templates::TEMPLATES;
use crate::operation::Who;
use crate::operation::statistics::{self, Step};

/// What a new workflow begins with: one that is complete, so that the first look shows how they read.
const NEW: &str = "workflow: 1\ntitle: New workflow\nactive: false\nstart:\n  module: Leads\n  triggers: [web_lead]\n  \
                   without_record: true\n  next: lead\nsteps:\n  lead:\n    create_record: Leads\n    fields:\n      \
                   lastname: $env[\"lastname\"]\n";

#[derive(Template)]
#[template(path = "workflows.html")]
struct List {
    p: Frame,
    rows: Vec<Row>,
    list: LongList,
    drafts: Vec<Drawn>,
}

/// A draft of the visitor.
struct Drawn {
    id: i64,
    title: String,
    at: Moment,
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
    /// The version that the text was made from; 0 = a new workflow.
    version: i32,
    /// The version that somebody has saved meanwhile, and how the text differs from it.
    conflict: Option<(i32, Vec<Line>)>,
    /// When the visitor has changed a draft of it.
    draft: Option<Moment>,
    /// Whether what is stored may be started.
    is_active: bool,
    /// Whether what is stored is on hold.
    is_held: bool,
    /// How many of its runs wait before its gate, at most [`hold::MAX_COUNTED`].
    waiting: i64,
    text: String,
    /// The keys of the templates that a new workflow can begin with.
    templates: Vec<&'static str>,
    /// The times of which the steps are counted: name, words, and whether it is chosen.
    spans: Vec<(&'static str, String, bool)>,
    checked: Checked,
}

#[derive(Template)]
#[template(path = "parts/checked.html")]
struct Fragment {
    p: Frame,
    checked: Checked,
}

/// What the validator says of a text.
struct Checked {
    marks: Marks,
    graph: Option<Graph>,
}

/// A page of the workflows.
pub async fn list(visit: &Visit<'_>) -> Result<Response, Refusal> {
    let p = Frame::new(visit, Section::Workflows).await;
    let stored = workflows::load(&visit.connection().await?).await?.value;
    let (shown, list) = LongList::of(visit, Kind::Workflow, stored.iter().map(|stored| &stored.document).enumerate());
    let rows = shown.into_iter().map(|(at, document)| {
        let stored = &stored[at];
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
            pill: p.pill(match workflow.active {
                true if workflow.start.hold => "held",
                true => "active",
                false => "inactive",
            }),
            triggers: triggers.join(", "),
            module: workflow.start.module.map(|module| module.to_string()).unwrap_or_default(),
            steps: workflow.steps.len(),
        }
    });
    let rows = rows.collect();
    let drafts = workflow_drafts::list(&visit.connection().await?, visit.account()).await?;
    let drafts = drafts.into_iter().map(|draft| {
        let document = yaml::read(&draft.text).ok().and_then(|mut all| Some(all.pop()?.value));
        let title = document.as_ref().map(saving::title).unwrap_or_default().to_owned();
        Drawn { id: draft.workflow, title, at: p.moment(&draft.changed_at) }
    });
    let drafts = drafts.collect();
    reply::page(&List { p, rows, list, drafts })
}

/// The editor with a first draft.
pub async fn new(visit: &Visit<'_>) -> Result<Response, Refusal> {
    let free = workflow_drafts::last(&visit.connection().await?).await? + 1;
    let text = NEW.replacen("workflow: 1", &format!("workflow: {free}"), 1);
    reply::page(&page(visit, text, 0, Vec::new()).await?)
}

/// The editor with the newest version.
pub async fn edit(visit: &Visit<'_>) -> Result<Response, Refusal> {
    let stored = workflows::load(&visit.connection().await?).await?.value;
    let stored = stored.into_iter().find(|one| saving::key(Kind::Workflow, &one.document) == visit.argument);
    let stored = stored.ok_or(Refusal::NotFound)?;
    let text = texts::find(&visit.connection().await?, Kind::Workflow, &visit.argument).await?;
    let whole = text.clone().unwrap_or_else(|| yaml::write(&stored.document));
    let mut page = page(visit, whole, stored.version, Vec::new()).await?;
    page.text = page.p.sight.written(&stored.document, text).1;
    reply::page(&page)
}

/// Saves the text, or shows it again with what is wrong; with the button *check* it only does the latter. With the button
/// *draft* a new text becomes a draft.
pub async fn save(visit: &Visit<'_>) -> Result<Response, Refusal> {
    let text = editor::typed(visit);
    if visit.argument.is_empty()
        && visit.form.get("action") == "draft"
        && let Some(opened) = design::import(visit, &text).await?
    {
        return Ok(opened);
    }
    let stored = workflows::load(&visit.connection().await?).await?.value;
    let version_of =
        |id: &str| stored.iter().find(|one| saving::key(Kind::Workflow, &one.document) == id).map(|one| one.version);
    let current = version_of(&visit.argument).unwrap_or(0);
    if !visit.argument.is_empty() && current == 0 {
        return Err(Refusal::NotFound);
    }
    // The version that the form was made from.
    let version = visit.form.get("base").parse().unwrap_or(current);
    let (mut batch, mut faults) = (editor::judged(visit, &text, Kind::Workflow).await?, Vec::new());
    if batch.findings.is_empty()
        && let Some(one) = batch.documents.first()
    {
        let key = one.document.key();
        if visit.argument.is_empty() && version_of(&key).is_some() {
            faults.push(editor::fault(one.line, Message::said(visit.t("workflow-taken"))));
        } else if !visit.argument.is_empty() && key != visit.argument {
            faults.push(editor::fault(one.line, Message::said(visit.t("workflow-number-fixed"))));
        }
    }
    if !faults.is_empty() || !batch.findings.is_empty() || matches!(visit.form.get("action"), "check" | "draft") {
        return reply::unsaved(&page(visit, text, version, faults).await?);
    }
    let checked = batch.documents.pop().ok_or(Refusal::Unreadable)?;
    let key = checked.document.key();
    let base = (Source::Text, version);
    match documents::publish(&mut visit.connection().await?, visit.account(), checked, base).await? {
        Published::Done => Ok(reply::redirect(&format!("{}?done=saved", reply::path(&["workflows", &key])))),
        Published::Conflict(current) => {
            let theirs = stored.iter().find(|one| saving::key(Kind::Workflow, &one.document) == key);
            let written = texts::find(&visit.connection().await?, Kind::Workflow, &key).await?;
            let written = written.or_else(|| theirs.map(|one| yaml::write(&one.document))).unwrap_or_default();
            let mut page = page(visit, text, current, Vec::new()).await?;
            page.conflict = Some((current, difference::lines(&written, &page.text)));
            reply::unsaved(&page)
        }
    }
}

/// The fragment that the script puts beside the text while it is typed.
pub async fn check(visit: &Visit<'_>) -> Result<Response, Refusal> {
    let p = Frame::without_counts(visit, Section::Workflows);
    let text = editor::typed(visit);
    let batch = editor::judged(visit, &text, Kind::Workflow).await?;
    reply::page(&Fragment { p, checked: checked(&text, batch, Vec::new(), &visit.who(), &[]) })
}

async fn page(visit: &Visit<'_>, text: String, version: i32, faults: Vec<Located>) -> Result<Editor, Refusal> {
    let batch = editor::judged(visit, &text, Kind::Workflow).await?;
    let counted = counted(visit).await?;
    let checked = checked(&text, batch, faults, &visit.who(), &counted);
    let title = yaml::read(&text).ok().and_then(|all| Some(saving::title(&all.first()?.value).to_owned()));
    let (is_active, is_held, waiting) = hold::before_the_gate(visit).await?;
    let draft = match visit.argument.parse() {
        Ok(id) => workflow_drafts::find(&visit.connection().await?, id, visit.account()).await?,
        Err(_) => None,
    };
    let p = Frame::new(visit, Section::Workflows).await;
    let chosen = span(&visit.query).unwrap_or(WEEK);
    let spans = SPANS.iter().map(|(name, span)| (*name, visit.t(&format!("last-{name}")), *span == chosen));
    Ok(Editor {
        spans: spans.collect(),
        templates: TEMPLATES.iter().map(|template| template.key).collect(),
        conflict: None,
        draft: draft.map(|(_, at)| p.moment(&at)),
        is_active,
        is_held,
        waiting,
        p,
        id: visit.argument.clone(),
        title: title.unwrap_or_default(),
        version,
        text,
        checked,
    })
}

/// What the steps of the workflow that the path names did in the time that the query names, or in the last week.
async fn counted(visit: &Visit<'_>) -> Result<Vec<Step>, Refusal> {
    let Ok(id) = visit.argument.parse() else { return Ok(Vec::new()) };
    let (now, span) = (SystemTime::now(), span(&visit.query).unwrap_or(WEEK));
    Ok(statistics::of(&visit.connection().await?, id, (now - span, now), None).await?)
}

fn checked(text: &str, batch: Batch, more: Vec<Located>, who: &Who, counted: &[Step]) -> Checked {
    let faults = batch.findings.into_iter().map(|found| found.located).chain(more);
    let marks = editor::marks(text, faults, who.language);
    let graph = batch.documents.first().filter(|_| marks.faults.is_empty()).and_then(|one| match &one.document {
        Document::Workflow(_) => {
            let seen = who.sight().document(&one.value);
            Some(graph::draw(&Sketch::of(&seen), &seen, graph::Marks::Counted(counted, who.language)))
        }
        Document::Connection(_) | Document::Module(_) | Document::Trigger(_) | Document::Permission(_) => None,
    });
    Checked { marks, graph }
}

#[cfg(test)]
mod tests {
    use postern_shared::store::accounts::Role;

    use super::*;
    use crate::panel::words::Language;

    fn admin() -> Who {
        Who { account: String::new(), role: Role::Admin, language: Language::English }
    }

    #[test]
    fn the_first_draft_of_a_workflow_is_one_and_is_drawn() {
        let checked = checked(NEW, editor::read(NEW, Kind::Workflow), Vec::new(), &admin(), &[]);
        assert!(checked.marks.faults.is_empty(), "{:?}", checked.marks.faults);
        assert!(checked.graph.is_some());
    }

    #[test]
    fn a_fault_stands_at_its_line() {
        let text = NEW.replace("create_record: Leads", "create_recrd: Leads");
        let checked = checked(&text, editor::read(&text, Kind::Workflow), Vec::new(), &admin(), &[]);
        let Marks { faults, lines } = checked.marks;
        assert_eq!(faults[0].0, 11, "{faults:?}");
        assert!(lines[10].1 && !lines[9].1);
        assert!(checked.graph.is_none());
        let text = format!("{NEW}---\ntrigger: x\n");
        let two = super::checked(&text, editor::read(&text, Kind::Workflow), Vec::new(), &admin(), &[]).marks.faults;
        assert_eq!(two[0].0, 15, "{two:?}");
    }
}
