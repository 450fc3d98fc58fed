//! The tokens of the API: each is shown once, when it is made.

use askama::Template;
use postern_shared::store::tokens::{self, MAX_TOKENS};
use warp::reply::Response;

use super::accounts::chosen_role;
use super::confirm::Delete;
use super::frame::{Frame, Section};
use super::reply::{self, Refusal};
use super::shown::Moment;
use super::visit::Visit;
use crate::operation::token::create::{Created, create};
use crate::operation::token::delete::{self, DeleteToken};
use crate::operation::{Error, Operation};

#[derive(Template)]
#[template(path = "tokens.html")]
struct List {
    p: Frame,
    rows: Vec<Row>,
    /// The token that was made just now: no page shows it a second time.
    made: String,
    name: String,
    /// The role that is chosen.
    role: &'static str,
    error: String,
}

struct Row {
    id: i64,
    name: String,
    role: &'static str,
    created: Moment,
    used: Option<Moment>,
}

/// All tokens, and the form for another one.
pub async fn list(visit: &Visit<'_>) -> Result<Response, Refusal> {
    reply::page(&all(visit, String::new(), String::new()).await?)
}

async fn all(visit: &Visit<'_>, made: String, error: String) -> Result<List, Refusal> {
    let p = Frame::new(visit, Section::Tokens).await;
    let found = tokens::list(&visit.connection().await?).await?;
    let rows = found.into_iter().map(|token| Row {
        id: token.id,
        name: token.name,
        role: token.role.word(),
        created: p.moment(&token.created_at),
        used: token.last_used_at.as_ref().map(|at| p.moment(at)),
    });
    let name = if error.is_empty() { String::new() } else { visit.form.get("name").to_owned() };
    Ok(List { rows: rows.collect(), made, name, role: chosen_role(visit).word(), error, p })
}

/// Makes one. The answer is the page itself and no redirect: an address must not carry a secret.
pub async fn add(visit: &Visit<'_>) -> Result<Response, Refusal> {
    let (name, role) = (visit.form.get("name").trim(), chosen_role(visit));
    let error = match create(&visit.panel.state, &visit.who(), name, role).await? {
        Created::Token(made) => return reply::page(&all(visit, made.token, String::new()).await?),
        Created::NoName => visit.t("token-name-wrong"),
        Created::NameTaken => visit.t("token-taken"),
        Created::TooMany => visit.n("token-too-many", MAX_TOKENS),
    };
    reply::unsaved(&all(visit, String::new(), error).await?)
}

/// Asks for the name before removing.
pub async fn ask(visit: &Visit<'_>) -> Result<Response, Refusal> {
    reply::page(&question(visit, false).await?)
}

async fn question(visit: &Visit<'_>, is_wrong: bool) -> Result<Delete, Refusal> {
    let List { p, rows, .. } = all(visit, String::new(), String::new()).await?;
    let row = rows.into_iter().find(|row| row.id.to_string() == visit.argument).ok_or(Refusal::NotFound)?;
    Ok(Delete::of_folder(p, ("tokens", &visit.argument), row.name, "token-delete-help", is_wrong))
}

/// Removes one whose name was typed.
pub async fn delete(visit: &Visit<'_>) -> Result<Response, Refusal> {
    let asked = question(visit, true).await?;
    if visit.form.get("key") != asked.key {
        return reply::unsaved(&asked);
    }
    let id = visit.argument.parse().map_err(|_| Refusal::NotFound)?;
    match DeleteToken::run(&visit.panel.state, &visit.who(), delete::Input { id }).await {
        // Another admin may have been faster.
        Ok(_) | Err(Error::Unknown(_)) => Ok(reply::redirect("/tokens?done=deleted")),
        Err(error) => Err(error.into()),
    }
}
