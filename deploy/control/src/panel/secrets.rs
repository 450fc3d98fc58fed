//! Secrets: their names, where they are used, and forms that set them. No page shows a value.

use askama::Template;
use postern_shared::document::Kind;
use postern_shared::id::SecretName;
use postern_shared::secret::{MAX_SECRET_BYTES, MAX_SECRETS, MIN_SECRET_BYTES};
use postern_shared::store::secrets;
use warp::reply::Response;

use super::confirm::Delete;
use super::frame::{Frame, Section};
use super::reply::{self, Refusal};
use super::shown::Moment;
use super::visit::Visit;
use crate::operation::secret::delete::{Deleted, delete as remove};
use crate::operation::secret::set::{Set, set};
use crate::operation::secret::{Use, uses};

#[derive(Template)]
#[template(path = "secrets.html")]
struct List {
    p: Frame,
    rows: Vec<Row>,
    name: String,
    has_key: bool,
    error: String,
}

struct Row {
    name: String,
    changed: Moment,
    places: Vec<Place>,
}

/// A place that reads a secret, as a link.
struct Place {
    href: String,
    text: String,
}

/// All secrets, and the form that sets one.
pub async fn list(visit: &Visit<'_>) -> Result<Response, Refusal> {
    reply::page(&all(visit, String::new()).await?)
}

async fn all(visit: &Visit<'_>, error: String) -> Result<List, Refusal> {
    let p = Frame::new(visit, Section::Secrets).await;
    let connection = visit.connection().await?;
    let (found, mut uses) = (secrets::list(&connection).await?, uses(&connection, &visit.panel.state).await?);
    drop(connection);
    let rows = found.into_iter().map(|one| Row {
        changed: p.moment(&one.changed_at),
        places: uses.remove(&one.name).unwrap_or_default().iter().map(|one| place(&p, one)).collect(),
        name: one.name.into(),
    });
    let name = visit.form.get("name");
    let name = if name.is_empty() { visit.query.get("name") } else { name }.to_owned();
    Ok(List { rows: rows.collect(), name, has_key: !visit.panel.state.keys.is_empty(), error, p })
}

fn place(p: &Frame, Use { kind, key, place }: &Use) -> Place {
    let (folder, text) = if kind == Kind::Workflow.name() {
        ("workflows", format!("{} #{key}, {place}", p.t("workflow")))
    } else if kind == Kind::Connection.name() {
        ("connections", format!("{} {key}, {place}", p.t("connection")))
    } else {
        ("http-handler", format!("{} {key}, {place}", p.t("permission")))
    };
    Place { href: reply::path(&[folder, key]), text }
}

/// Sets one. What was typed as its value is not shown again, whatever is wrong with it.
pub async fn save(visit: &Visit<'_>) -> Result<Response, Refusal> {
    let error = match visit.form.get("name").trim().parse::<SecretName>() {
        Err(_) => visit.t("secret-name-wrong"),
        Ok(name) => match set(&visit.panel.state, &visit.who(), &name, visit.form.get("value")).await? {
            Set::Done => return Ok(reply::redirect("/secrets?done=saved")),
            Set::InvalidValue => visit.t("secret-value-wrong"),
            Set::TooMany => visit.n("secret-too-many", MAX_SECRETS),
            Set::NoKey => visit.t("secret-no-key"),
        },
    };
    reply::unsaved(&all(visit, error).await?)
}

/// Asks for the name before removing.
pub async fn ask(visit: &Visit<'_>) -> Result<Response, Refusal> {
    reply::page(&question(visit, false).await?)
}

async fn question(visit: &Visit<'_>, is_wrong: bool) -> Result<Delete, Refusal> {
    let List { p, rows, .. } = all(visit, String::new()).await?;
    let row = rows.into_iter().find(|row| row.name == visit.argument).ok_or(Refusal::NotFound)?;
    Ok(Delete::of_folder(p, ("secrets", &visit.argument), row.name, "secret-delete-help", is_wrong))
}

/// Removes one whose name was typed.
pub async fn delete(visit: &Visit<'_>) -> Result<Response, Refusal> {
    let asked = question(visit, true).await?;
    if visit.form.get("key") != asked.key {
        return reply::unsaved(&asked);
    }
    let name = asked.key.parse().map_err(|_| Refusal::NotFound)?;
    match remove(&visit.panel.state, &visit.who(), &name).await? {
        // Another editor may have been faster.
        Deleted::Done | Deleted::Unknown => Ok(reply::redirect("/secrets?done=deleted")),
        Deleted::Used(_) => reply::unsaved(&all(visit, visit.t("secret-used")).await?),
    }
}
