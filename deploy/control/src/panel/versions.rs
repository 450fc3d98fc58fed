//! The versions of a workflow: what each changed. A run is pinned to the one it started with.

use askama::Template;
use postern_shared::document::Kind;
use postern_shared::id::WorkflowId;
use postern_shared::store::{Connection, texts, workflows};
use serde_json::Value;
use warp::http::HeaderValue;
use warp::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use warp::reply::{Reply, Response};

use super::confirm::Delete;
use super::design;
use super::difference::{self, Line};
use super::frame::{Frame, Section};
use super::reply::{self, Refusal};
use super::saving;
use super::shown::Moment;
use super::visit::Visit;
use crate::designer::edit;

/// How many versions are listed.
const LISTED: i64 = 200;

#[derive(Template)]
#[template(path = "versions.html")]
struct Page {
    p: Frame,
    id: String,
    title: String,
    /// The number of each version, whether it is the one that is shown, and when it was saved.
    versions: Vec<(i32, bool, Moment)>,
    shown: i32,
    /// With which it is compared; 0 = with nothing.
    base: i32,
    /// How it differs from that one; all of it for the first.
    lines: Vec<Line>,
    /// All of it, as YAML.
    text: String,
}

/// The versions, and how one differs from another. The query names both; without names they are the newest and the one
/// before it.
pub async fn show(visit: &Visit<'_>) -> Result<Response, Refusal> {
    let p = Frame::new(visit, Section::Workflows).await;
    let id: WorkflowId = visit.argument.parse().map_err(|_| Refusal::NotFound)?;
    let connection = visit.connection().await?;
    let all = workflows::versions(&connection, id, LISTED).await?;
    let newest = all.first().ok_or(Refusal::NotFound)?.0;
    let shown = visit.query.get("version").parse().unwrap_or(newest);
    let (document, text) = written(&connection, &p, id, shown).await?.ok_or(Refusal::NotFound)?;
    let base = visit.query.get("with").parse().unwrap_or(shown - 1);
    let before = written(&connection, &p, id, base).await?;
    let (base, before) = before.map_or((0, String::new()), |(_, text)| (base, text));
    let page = Page {
        id: id.to_string(),
        title: saving::title(&document).to_owned(),
        versions: all.iter().map(|(version, at)| (*version, *version == shown, p.moment(at))).collect(),
        shown,
        base,
        lines: difference::lines(&before, &text),
        text,
        p,
    };
    reply::page(&page)
}

/// The text of a version as a file: the one that the query names, which may be the draft, or the newest.
pub async fn export(visit: &Visit<'_>) -> Result<Response, Refusal> {
    let p = Frame::without_counts(visit, Section::Workflows);
    let id: WorkflowId = visit.argument.parse().map_err(|_| Refusal::NotFound)?;
    let text = if visit.query.get("version") == "draft" {
        let text = design::text_of(visit).await?;
        p.sight.written(&edit::read(&text).unwrap_or_default(), Some(text)).1
    } else {
        let connection = visit.connection().await?;
        let newest = workflows::versions(&connection, id, 1).await?.first().ok_or(Refusal::NotFound)?.0;
        let version = visit.query.get("version").parse().unwrap_or(newest);
        written(&connection, &p, id, version).await?.ok_or(Refusal::NotFound)?.1
    };
    let name = format!("attachment; filename=\"workflow-{id}.yaml\"");
    let mut response = text.into_response();
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/yaml"));
    if let Ok(name) = HeaderValue::from_str(&name) {
        response.headers_mut().insert(CONTENT_DISPOSITION, name);
    }
    Ok(response)
}

/// A version and its text.
async fn written(
    connection: &Connection,
    p: &Frame,
    id: WorkflowId,
    version: i32,
) -> Result<Option<(Value, String)>, Refusal> {
    let document = workflows::of_version(connection, id, version).await?;
    let text = texts::of_version(connection, id, version).await?;
    Ok(document.map(|document| p.sight.written(&document, text)))
}

/// Asks for the number before deleting.
pub async fn ask(visit: &Visit<'_>) -> Result<Response, Refusal> {
    reply::page(&question(visit, false).await?)
}

async fn question(visit: &Visit<'_>, is_wrong: bool) -> Result<Delete, Refusal> {
    let document = saving::named(visit, Kind::Workflow).await?;
    let p = Frame::new(visit, Section::Workflows).await;
    let back = reply::path(&["workflows", &visit.argument]);
    let title = saving::title(&document).to_owned();
    let key = if title.is_empty() { visit.argument.clone() } else { title.clone() };
    Ok(Delete { href: format!("{back}/delete"), back, key, title, help: p.t("workflow-delete-help"), is_wrong, p })
}

/// Deletes one whose title was typed, or whose number if it has none. Its versions stay for the runs that are pinned to
/// them.
pub async fn delete(visit: &Visit<'_>) -> Result<Response, Refusal> {
    let asked = question(visit, true).await?;
    if visit.form.get("key").trim() != asked.key.trim() {
        return reply::unsaved(&asked);
    }
    saving::delete(visit, Kind::Workflow).await?;
    Ok(reply::redirect("/workflows?done=deleted"))
}
