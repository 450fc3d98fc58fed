//! Variables of the installation: their values, where they are used, and a form that sets them.

use askama::Template;
use postern_shared::id::VariableName;
use postern_shared::variable::{MAX_VARIABLE_BYTES, MAX_VARIABLES};
use warp::reply::Response;

use super::confirm::Delete;
use super::frame::{Frame, Section};
use super::reply::{self, Refusal};
use super::shown::Moment;
use super::visit::Visit;
use crate::operation::variable::Place;
use crate::operation::variable::delete::{Deleted, delete as remove};
use crate::operation::variable::list::all;
use crate::operation::variable::set::{Set, set};

#[derive(Template)]
#[template(path = "variables.html")]
struct List {
    p: Frame,
    rows: Vec<Row>,
    name: String,
    value: String,
    error: String,
}

struct Row {
    name: String,
    value: String,
    of_environment: bool,
    changed: Option<Moment>,
    places: Vec<Link>,
}

/// A place that reads a variable.
struct Link {
    href: String,
    text: String,
}

/// All variables, and the form that sets one.
pub async fn list(visit: &Visit<'_>) -> Result<Response, Refusal> {
    reply::page(&read(visit, String::new()).await?)
}

async fn read(visit: &Visit<'_>, error: String) -> Result<List, Refusal> {
    let p = Frame::new(visit, Section::Variables).await;
    let all = all(&visit.panel.state).await?;
    let rows: Vec<Row> = all
        .into_iter()
        .map(|(name, one)| Row {
            name: name.into(),
            value: one.value,
            of_environment: one.of_environment,
            changed: one.changed_at.map(|at| p.moment(&at)),
            places: one.used_by.iter().map(|place| link(&p, place)).collect(),
        })
        .collect();
    let (name, mut value) = (visit.form.get("name"), visit.form.get("value").to_owned());
    let name = if name.is_empty() { visit.query.get("name") } else { name }.to_owned();
    if let Some(row) = rows.iter().find(|row| row.name == name && value.is_empty()) {
        value.clone_from(&row.value);
    }
    Ok(List { rows, name, value, error, p })
}

fn link(p: &Frame, Place { workflow, step }: &Place) -> Link {
    let step = step.as_deref().unwrap_or("start");
    let text = format!("{} #{workflow}, {step}", p.t("workflow"));
    Link { href: reply::path(&["workflows", &workflow.to_string()]), text }
}

/// Sets one.
pub async fn save(visit: &Visit<'_>) -> Result<Response, Refusal> {
    let error = match visit.form.get("name").trim().parse::<VariableName>() {
        Err(_) => visit.t("variable-name-wrong"),
        Ok(name) => match set(&visit.panel.state, &visit.who(), &name, visit.form.get("value")).await? {
            Set::Done => return Ok(reply::redirect("/variables?done=saved")),
            Set::InvalidValue => visit.t("variable-value-wrong"),
            Set::TooMany => visit.n("variable-too-many", MAX_VARIABLES),
        },
    };
    reply::unsaved(&read(visit, error).await?)
}

/// Asks for the name before removing.
pub async fn ask(visit: &Visit<'_>) -> Result<Response, Refusal> {
    reply::page(&question(visit, false).await?)
}

async fn question(visit: &Visit<'_>, is_wrong: bool) -> Result<Delete, Refusal> {
    let List { p, rows, .. } = read(visit, String::new()).await?;
    let row = rows.into_iter().find(|row| row.name == visit.argument).ok_or(Refusal::NotFound)?;
    Ok(Delete::of_folder(p, ("variables", &visit.argument), row.name, "variable-delete-help", is_wrong))
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
        Deleted::Done | Deleted::Unknown => Ok(reply::redirect("/variables?done=deleted")),
        Deleted::Used(_) => reply::unsaved(&read(visit, visit.t("variable-used")).await?),
    }
}
