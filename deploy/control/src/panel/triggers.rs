//! Triggers: the list with who listens, new, edit, delete.

use askama::Template;
use postern_shared::document::Kind;
use postern_shared::workflow::Workflow;
use serde_json::{Map, Value};
use warp::reply::Response;

use super::confirm::Delete;
use super::frame::{Frame, Section};
use super::reply::{self, Refusal};
use super::saving::{self, Saved};
use super::visit::Visit;

#[derive(Template)]
#[template(path = "triggers.html")]
struct List {
    p: Frame,
    rows: Vec<Row>,
}

struct Row {
    key: String,
    title: String,
    listeners: Vec<Listener>,
}

struct Listener {
    id: String,
    title: String,
}

#[derive(Template)]
#[template(path = "trigger.html")]
struct Form {
    p: Frame,
    is_new: bool,
    key: String,
    title: String,
    /// The field and what is wrong with it.
    errors: Vec<(String, String)>,
}

/// All triggers.
pub async fn list(visit: &Visit<'_>) -> Result<Response, Refusal> {
    let p = Frame::new(visit, Section::Triggers).await;
    let workflows = saving::load(visit, Kind::Workflow).await?;
    let workflows: Vec<Workflow> = workflows.iter().filter_map(|one| Workflow::from_document(one).ok()).collect();
    let rows = saving::load(visit, Kind::Trigger).await?.iter().map(|trigger| row(trigger, &workflows)).collect();
    reply::page(&List { p, rows })
}

fn row(trigger: &Value, workflows: &[Workflow]) -> Row {
    let key = saving::key(Kind::Trigger, trigger);
    let listens = |one: &&Workflow| one.start.triggers.iter().any(|listened| listened.as_str() == key);
    let listeners = workflows.iter().filter(listens);
    let listeners = listeners.map(|one| Listener { id: one.id.to_string(), title: one.title.clone() }).collect();
    Row { listeners, title: saving::title(trigger).to_owned(), key }
}

/// An empty form.
pub async fn new(visit: &Visit<'_>) -> Result<Response, Refusal> {
    let p = Frame::new(visit, Section::Triggers).await;
    reply::page(&Form { p, is_new: true, key: String::new(), title: String::new(), errors: Vec::new() })
}

/// The form of one.
pub async fn edit(visit: &Visit<'_>) -> Result<Response, Refusal> {
    let document = saving::named(visit, Kind::Trigger).await?;
    let p = Frame::new(visit, Section::Triggers).await;
    let (key, title) = (visit.argument.clone(), saving::title(&document).to_owned());
    reply::page(&Form { p, is_new: false, key, title, errors: Vec::new() })
}

/// Saves what was typed, or shows it again with what is wrong.
pub async fn save(visit: &Visit<'_>) -> Result<Response, Refusal> {
    let is_new = visit.argument.is_empty();
    let key = if is_new { visit.form.get("trigger").trim() } else { visit.argument.as_str() };
    let title = visit.form.get("title").trim();
    let all = saving::load(visit, Kind::Trigger).await?;
    let is_known = all.iter().any(|one| saving::key(Kind::Trigger, one) == key);
    let errors = if is_new && (is_known || key == "new") {
        vec![("trigger".to_owned(), visit.t("key-taken"))]
    } else if !is_new && !is_known {
        return Err(Refusal::NotFound);
    } else {
        let mut document = Map::new();
        document.insert("trigger".to_owned(), key.into());
        if !title.is_empty() {
            document.insert("title".to_owned(), title.into());
        }
        match saving::save(visit, &Value::Object(document)).await? {
            Saved::Done(_) => return Ok(reply::redirect("/triggers?done=saved")),
            Saved::Faulty(found) => {
                found.into_iter().map(|one| (one.finding.path, one.finding.message.text(visit.language))).collect()
            }
        }
    };
    let p = Frame::new(visit, Section::Triggers).await;
    reply::unsaved(&Form { p, is_new, key: key.to_owned(), title: title.to_owned(), errors })
}

/// Asks for the key before deleting.
pub async fn ask(visit: &Visit<'_>) -> Result<Response, Refusal> {
    reply::page(&question(visit, false).await?)
}

async fn question(visit: &Visit<'_>, is_wrong: bool) -> Result<Delete, Refusal> {
    let document = saving::named(visit, Kind::Trigger).await?;
    let p = Frame::new(visit, Section::Triggers).await;
    let back = reply::path(&["triggers", &visit.argument]);
    let (key, title) = (visit.argument.clone(), saving::title(&document).to_owned());
    Ok(Delete { href: format!("{back}/delete"), back, key, title, help: p.t("trigger-delete-help"), is_wrong, p })
}

/// Deletes one whose key was typed.
pub async fn delete(visit: &Visit<'_>) -> Result<Response, Refusal> {
    if visit.form.get("key") != visit.argument {
        return reply::unsaved(&question(visit, true).await?);
    }
    saving::delete(visit, Kind::Trigger).await?;
    Ok(reply::redirect("/triggers?done=deleted"))
}
