//! The draft as text: what the designer cannot edit line by line is mended here.

use askama::Template;
use postern_shared::document::Kind;
use warp::reply::Response;

use super::opened::Opened;
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
struct Page {
    p: Frame,
    id: String,
    title: String,
    text: String,
    /// Why this page came; empty if the person wanted it.
    notice: String,
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
    reply::page(&page(visit, opened.draft.text, notice).await?)
}

/// Keeps the text in the draft, as one step that can be taken back, and shows the graph.
pub async fn keep_text(visit: &Visit<'_>) -> Result<Response, Refusal> {
    let (opened, text) = (Opened::find(visit).await?, editor::typed(visit));
    let design = opened.path("design");
    match visit.form.get("action") {
        "check" => reply::unsaved(&page(visit, text, String::new()).await?),
        _ => match opened.change(visit, |draft| draft.change(text.clone())).await? {
            Ok(()) if edit::read(&text).is_ok() => Ok(reply::redirect(&design)),
            Ok(()) => reply::unsaved(&page(visit, text, visit.t("draft-refused-unreadable")).await?),
            Err(_) => reply::unsaved(&page(visit, text, visit.t("draft-refused-long")).await?),
        },
    }
}

async fn page(visit: &Visit<'_>, text: String, notice: String) -> Result<Page, Refusal> {
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
        checked: Checked { marks, graph },
    })
}
