//! The tokens of the API: each is shown once, when it is made.

use askama::Template;
use postern_shared::store::tokens::{self, Added, MAX_TOKENS};
use warp::reply::Response;

use super::confirm::Delete;
use super::frame::{Frame, Section};
use super::reply::{self, Refusal};
use super::shown::Moment;
use super::visit::Visit;
use crate::api::{generated_token, hash_of_token, is_token_name};

#[derive(Template)]
#[template(path = "tokens.html")]
struct List {
    p: Frame,
    rows: Vec<Row>,
    /// The token that was made just now: no page shows it a second time.
    made: String,
    name: String,
    error: String,
}

struct Row {
    id: i64,
    name: String,
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
        created: p.moment(&token.created_at),
        used: token.last_used_at.as_ref().map(|at| p.moment(at)),
    });
    let name = if error.is_empty() { String::new() } else { visit.form.get("name").to_owned() };
    Ok(List { rows: rows.collect(), made, name, error, p })
}

/// Makes one. The answer is the page itself and no redirect: an address must not carry a secret.
pub async fn add(visit: &Visit<'_>) -> Result<Response, Refusal> {
    let name = visit.form.get("name").trim();
    if !is_token_name(name) {
        return reply::unsaved(&all(visit, String::new(), visit.t("token-name-wrong")).await?);
    }
    let token = generated_token();
    let added = tokens::add(&mut visit.connection().await?, visit.account(), name, &hash_of_token(&token)).await?;
    match added {
        Added::Token(_) => reply::page(&all(visit, token, String::new()).await?),
        Added::NameTaken => reply::unsaved(&all(visit, String::new(), visit.t("token-taken")).await?),
        Added::TooMany => {
            let error = visit.panel.words.text(visit.language, "token-too-many", Some(MAX_TOKENS));
            reply::unsaved(&all(visit, String::new(), error).await?)
        }
    }
}

/// Asks for the name before removing.
pub async fn ask(visit: &Visit<'_>) -> Result<Response, Refusal> {
    reply::page(&question(visit, false).await?)
}

async fn question(visit: &Visit<'_>, is_wrong: bool) -> Result<Delete, Refusal> {
    let List { p, rows, .. } = all(visit, String::new(), String::new()).await?;
    let row = rows.into_iter().find(|row| row.id.to_string() == visit.argument).ok_or(Refusal::NotFound)?;
    let (href, back) = (format!("/tokens/{}/delete", row.id), "/tokens".to_owned());
    Ok(Delete { href, back, key: row.name, title: String::new(), help: p.t("token-delete-help"), is_wrong, p })
}

/// Removes one whose name was typed.
pub async fn delete(visit: &Visit<'_>) -> Result<Response, Refusal> {
    let asked = question(visit, true).await?;
    if visit.form.get("key") != asked.key {
        return reply::unsaved(&asked);
    }
    let id = visit.argument.parse().map_err(|_| Refusal::NotFound)?;
    tokens::delete(&mut visit.connection().await?, visit.account(), id).await?;
    Ok(reply::redirect("/tokens?done=deleted"))
}
