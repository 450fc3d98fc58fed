//! The draft as text: what the designer cannot edit line by line is mended here.

use askama::Template;
use postern_shared::document::Kind;
use postern_shared::draft::{Draft, TooLong};
use warp::reply::Response;

use super::opened::Opened;
use super::seen::{self, SEEN};
use crate::designer::Sketch;
use crate::designer::edit;
use crate::panel::editor::{self, Marks};
use crate::panel::frame::{Frame, Section};
use crate::panel::graph::{self, Graph};
use crate::panel::reply::{self, Refusal};
use crate::panel::saving;
use crate::panel::visit::Visit;

/// Why the text is shown instead of the graph.
const REFUSED: [&str; 4] = ["unreadable", "lines", "long", "findings"];

#[derive(Template)]
#[template(path = "draft_text.html")]
pub struct Page {
    p: Frame,
    id: String,
    title: String,
    text: String,
    /// Why this page came; empty if the person wanted it.
    notice: String,
    /// The mark of the text of the draft that the person has seen.
    seen: String,
    checked: Checked,
}

/// What the validator says of the text.
struct Checked {
    marks: Marks,
    graph: Option<Graph>,
}

/// The text of the draft.
pub async fn edit_text(visit: &Visit<'_>) -> Result<Response, Refusal> {
    let opened = Opened::find(visit).await?;
    let refused = REFUSED.iter().find(|word| **word == visit.query.get("refused"));
    let notice = refused.map(|word| visit.t(&format!("draft-refused-{word}"))).unwrap_or_default();
    let seen = seen::mark(&opened.draft.text);
    reply::page(&page(visit, opened.draft.text, (notice, seen)).await?)
}

/// The text of the draft, or of the version in force if there is no draft.
pub async fn text_of(visit: &Visit<'_>) -> Result<String, Refusal> {
    Ok(Opened::find(visit).await?.draft.text)
}

/// Why a text is not kept.
enum Unkept {
    Stale,
    TooLong,
}

/// Keeps the text in the draft, as one step that can be taken back, and shows the graph.
pub async fn keep_text(visit: &Visit<'_>) -> Result<Response, Refusal> {
    let (opened, text) = (Opened::find(visit).await?, editor::typed(visit));
    let design = opened.path("design");
    match visit.form.get("action") {
        "check" => unkept(visit, text, String::new(), visit.form.get(SEEN).to_owned()).await,
        _ => match opened.change(visit, |draft| keep(visit, draft, &text)).await? {
            (Ok(()), _) if edit::read(&text).is_ok() => Ok(reply::redirect(&design)),
            (Ok(()), seen) => unkept(visit, text, visit.t("draft-refused-unreadable"), seen).await,
            (Err(Unkept::TooLong), seen) => unkept(visit, text, visit.t("draft-refused-long"), seen).await,
            (Err(Unkept::Stale), seen) => unkept(visit, text, visit.t("draft-changed-elsewhere"), seen).await,
        },
    }
}

/// Keeps the text unless the draft was changed since the form was made; returns the mark of the text that the draft has.
fn keep(visit: &Visit<'_>, draft: &mut Draft, text: &str) -> (Result<(), Unkept>, String) {
    let kept = if seen::is_stale(&visit.form, draft) {
        Err(Unkept::Stale)
    } else {
        draft.change(text.to_owned()).map_err(|TooLong| Unkept::TooLong)
    };
    (kept, seen::mark(&draft.text))
}

async fn unkept(visit: &Visit<'_>, text: String, notice: String, seen: String) -> Result<Response, Refusal> {
    reply::unsaved(&page(visit, text, (notice, seen)).await?)
}

/// The page of a text, with the notice and the mark of what the draft holds.
pub async fn page(visit: &Visit<'_>, text: String, (notice, seen): (String, String)) -> Result<Page, Refusal> {
    let batch = editor::judged(visit, &text, Kind::Workflow).await?;
    let marks = editor::marks(&text, batch.findings.into_iter().map(|found| found.located), visit.language);
    let document = edit::read(&text).ok();
    let graph = document
        .as_ref()
        .map(|document| graph::draw(&Sketch::of(document), document, graph::Marks::Counted(&[], visit.language)));
    Ok(Page {
        p: Frame::new(visit, Section::Workflows).await,
        id: visit.argument.clone(),
        title: document.as_ref().map(saving::title).unwrap_or_default().to_owned(),
        text,
        notice,
        seen,
        checked: Checked { marks, graph },
    })
}
