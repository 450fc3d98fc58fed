//! Drafts are made, given up and published. Nothing that another person has published meanwhile is overwritten unseen.

use askama::Template;
use postern_shared::document::Kind;
use postern_shared::document::batch::Checked;
use postern_shared::draft::{Draft, MAX_DRAFT_BYTES, TooLong};
use postern_shared::id::WorkflowId;
use postern_shared::store::documents::{self, Published, Source};
use postern_shared::store::{texts, workflow_drafts, workflows};
use postern_shared::yaml;
use serde_json::Value;
use warp::reply::Response;

use super::opened::Opened;
use super::seen;
use crate::designer::templates::{WorkflowTemplate, numbered};
use crate::designer::{edit, new_text};
use crate::panel::difference::{self, Line};
use crate::panel::editor;
use crate::panel::frame::{Frame, Section};
use crate::panel::reply::{self, Refusal};
use crate::panel::saving;
use crate::panel::visit::Visit;

#[derive(Template)]
#[template(path = "conflict.html")]
struct Conflict {
    p: Frame,
    id: String,
    title: String,
    /// The version that the draft was made from.
    base: i32,
    /// The version in force; 0 = the workflow was removed.
    current: i32,
    /// What the others have changed, and what the draft changes of that.
    theirs: Vec<Line>,
    mine: Vec<Line>,
}

/// Publishes the draft, unless something is wrong with it, it was changed in another tab, or another version is in force
/// than it was made from.
pub async fn publish(visit: &Visit<'_>) -> Result<Response, Refusal> {
    let opened = Opened::find(visit).await?;
    if seen::is_stale(&visit.form, &opened.draft) {
        return Ok(reply::redirect(&format!("{}?other=1", opened.path("design"))));
    }
    let mut batch = editor::judged(visit, &opened.draft.text, Kind::Workflow).await?;
    let checked = batch.documents.pop().filter(|one| batch.findings.is_empty() && one.document.key() == visit.argument);
    let Some(checked) = checked else {
        return Ok(reply::redirect(&format!("{}?refused=findings", opened.path("draft"))));
    };
    // The version that the person has seen and overwrites.
    let base = visit.form.get("base").parse().unwrap_or(opened.draft.base_version);
    let source = Source::Draft(opened.draft.text.clone());
    match put(visit, checked, (source, base)).await? {
        Published::Done => {
            Ok(reply::redirect(&format!("{}?done=published", reply::path(&["workflows", &visit.argument]))))
        }
        Published::Conflict(current) => reply::unsaved(&conflict(visit, opened, current).await?),
    }
}

async fn put(visit: &Visit<'_>, checked: Checked, base: (Source, i32)) -> Result<Published, Refusal> {
    Ok(documents::publish(&mut visit.connection().await?, visit.account(), checked, base).await?)
}

async fn conflict(visit: &Visit<'_>, opened: Opened, current: i32) -> Result<Conflict, Refusal> {
    let Draft { base_version: base, text, .. } = opened.draft;
    let written = async |version| version_text(visit, opened.id, version).await;
    let (before, now) = (written(base).await?.unwrap_or_default(), written(current).await?.unwrap_or_default());
    let document = edit::read(&text).unwrap_or_default();
    Ok(Conflict {
        p: Frame::new(visit, Section::Workflows).await,
        id: visit.argument.clone(),
        title: saving::title(&document).to_owned(),
        base,
        current,
        theirs: difference::lines(&before, &now),
        mine: difference::lines(&now, &text),
    })
}

/// The text of a version.
async fn version_text(visit: &Visit<'_>, id: WorkflowId, version: i32) -> Result<Option<String>, Refusal> {
    let connection = visit.connection().await?;
    let Some(document) = workflows::of_version(&connection, id, version).await? else { return Ok(None) };
    let text = texts::of_version(&connection, id, version).await?;
    Ok(Some(text.unwrap_or_else(|| yaml::write(&document))))
}

/// Gives the draft up.
pub async fn discard(visit: &Visit<'_>) -> Result<Response, Refusal> {
    let opened = Opened::find(visit).await?;
    workflow_drafts::discard(&visit.connection().await?, opened.id, visit.account()).await?;
    let back =
        if opened.in_force == 0 { "/workflows".to_owned() } else { reply::path(&["workflows", &visit.argument]) };
    Ok(reply::redirect(&format!("{back}?done=draft-discarded")))
}

/// Makes an earlier version a draft of the workflow, which can be looked at and published.
pub async fn restore(visit: &Visit<'_>) -> Result<Response, Refusal> {
    let opened = Opened::find(visit).await?;
    let version = visit.form.get("version").parse().map_err(|_| Refusal::NotFound)?;
    let text = version_text(visit, opened.id, version).await?.ok_or(Refusal::NotFound)?;
    let (design, draft) = (opened.path("design"), opened.path("draft"));
    // The person publishes the draft later, and then sees how it differs from the version in force.
    Ok(reply::redirect(&match opened.change(visit, |draft| draft.change(text)).await? {
        Ok(()) => format!("{design}?done=restored"),
        Err(TooLong) => format!("{draft}?refused=long"),
    }))
}

/// A draft of a new workflow: an empty one, or what a template has.
pub async fn new(visit: &Visit<'_>) -> Result<Response, Refusal> {
    let Some(template) = WorkflowTemplate::find(visit.form.get("template")) else {
        let title = visit.t("workflow-new");
        return begin(visit, |id| Some(new_text(id, &title))).await;
    };
    let title = visit.t(&format!("template-{}", template.key));
    begin(visit, |id| template.text(id, &title)).await
}

/// A draft of a new workflow that does what this one does. It is inactive until somebody switches it on. A draft whose
/// number was taken by another person moves to the new number as it is.
pub async fn duplicate(visit: &Visit<'_>) -> Result<Response, Refusal> {
    let opened = Opened::find(visit).await?;
    let document = edit::read(&opened.draft.text).map_err(|_| Refusal::NotFound)?;
    if visit.form.get("move") == "true" {
        let moved = begin(visit, |id| numbered(&opened.draft.text, id, None)).await?;
        workflow_drafts::discard_text(&visit.connection().await?, opened.id, visit.account(), &opened.draft.text)
            .await?;
        return Ok(moved);
    }
    let title = format!("{} ({})", saving::title(&document), visit.t("copy-of-workflow"));
    begin(visit, |id| {
        let mut document = document;
        document["workflow"] = id.into();
        document["title"] = title.trim().into();
        document["active"] = Value::Bool(false);
        yaml::edit_lines(&opened.draft.text, &document).or_else(|| Some(yaml::write(&document)))
    })
    .await
}

/// A draft of a new workflow with a text from elsewhere, under a number of its own; none = the text is not one workflow.
pub async fn import(visit: &Visit<'_>, text: &str) -> Result<Option<Response>, Refusal> {
    match numbered(text, 0, None) {
        Some(_) if text.len() <= MAX_DRAFT_BYTES => begin(visit, |id| numbered(text, id, None)).await.map(Some),
        Some(_) | None => Ok(None),
    }
}

/// Opens a draft under a number that neither a workflow nor a draft has.
async fn begin(visit: &Visit<'_>, text: impl FnOnce(i64) -> Option<String>) -> Result<Response, Refusal> {
    let id = open_new(visit, text).await?;
    Ok(reply::redirect(&reply::path(&["workflows", &id.to_string(), "design"])))
}

/// The same; returns the number.
pub async fn open_new(visit: &Visit<'_>, text: impl FnOnce(i64) -> Option<String>) -> Result<WorkflowId, Refusal> {
    let connection = visit.connection().await?;
    let number = workflow_drafts::last(&connection).await? + 1;
    let id = WorkflowId::try_from(number).map_err(|_| Refusal::NotFound)?;
    let text = text(number).ok_or(Refusal::NotFound)?;
    workflow_drafts::open(&connection, id, visit.account(), &Draft::new(0, text)).await?;
    Ok(id)
}
