//! The dead letters: what nobody could run, in groups of those that are alike, to be replayed or discarded together or
//! one by one.

use askama::Template;
use postern_shared::store::dead_letters::{self, Group, Kept};
use warp::reply::Response;

use super::frame::{Frame, Section};
use super::reply::{self, Refusal};
use super::shown::{Moment, body_text, cut};
use super::unmatched;
use super::visit::Visit;
use crate::operation::dead_letter::discard::{self, DiscardDeadLetters};
use crate::operation::dead_letter::replay::{self, ReplayDeadLetters};
use crate::operation::{Error, Operation};

/// How many of a group a page shows.
const PAGE: i64 = 50;

#[derive(Template)]
#[template(path = "dead_letters.html")]
struct Groups {
    p: Frame,
    groups: Vec<Alike>,
}

#[derive(Template)]
#[template(path = "dead_group.html")]
struct Letters {
    p: Frame,
    group: Alike,
    rows: Vec<Row>,
    /// The number behind which the next page begins; empty if this is the last.
    next: String,
    error: String,
}

#[derive(Template)]
#[template(path = "dead_letter.html")]
struct One {
    p: Frame,
    row: Row,
    body: String,
    error: String,
}

struct Alike {
    id: String,
    reason: String,
    target: String,
    count: i64,
    last: Moment,
}

struct Row {
    id: i64,
    receipt: String,
    kind: String,
    target: String,
    group: String,
    bytes: i64,
    reason: String,
    attempt: i32,
    at: Moment,
}

/// All, in groups, the largest first.
pub async fn list(visit: &Visit<'_>) -> Result<Response, Refusal> {
    let p = Frame::new(visit, Section::DeadLetters).await;
    let groups = dead_letters::groups(&visit.connection().await?).await?;
    reply::page(&Groups { groups: groups.into_iter().map(|group| alike(&p, group)).collect(), p })
}

/// The letters of a group, newest first.
pub async fn show_group(visit: &Visit<'_>) -> Result<Response, Refusal> {
    reply::page(&letters(visit, String::new()).await?)
}

async fn letters(visit: &Visit<'_>, error: String) -> Result<Letters, Refusal> {
    let p = Frame::new(visit, Section::DeadLetters).await;
    let connection = visit.connection().await?;
    let groups = dead_letters::groups(&connection).await?;
    let group = groups.into_iter().find(|group| group.id == visit.argument).ok_or(Refusal::NotFound)?;
    let before = visit.query.get("before").parse().ok();
    let mut found = dead_letters::page(&connection, Some(&group.id), before, PAGE + 1).await?;
    let next = cut(&mut found, PAGE).map(|last| last.id.to_string()).unwrap_or_default();
    Ok(Letters { rows: found.iter().map(|kept| row(&p, kept)).collect(), group: alike(&p, group), next, error, p })
}

/// Replays or discards a group.
pub async fn decide_group(visit: &Visit<'_>) -> Result<Response, Refusal> {
    match decide(visit, None, Some(visit.argument.clone())).await? {
        Ok(done) => Ok(done),
        Err(error) => reply::unsaved(&letters(visit, error).await?),
    }
}

/// One with its body.
pub async fn show(visit: &Visit<'_>) -> Result<Response, Refusal> {
    reply::page(&one(visit, String::new()).await?)
}

async fn one(visit: &Visit<'_>, error: String) -> Result<One, Refusal> {
    let id = visit.argument.parse().map_err(|_| Refusal::NotFound)?;
    let p = Frame::new(visit, Section::DeadLetters).await;
    let (kept, body) = dead_letters::find(&visit.connection().await?, id).await?.ok_or(Refusal::NotFound)?;
    let body = body_text(&p.sight.body(&body));
    Ok(One { row: row(&p, &kept), body, error, p })
}

/// Replays or discards one.
pub async fn decide_one(visit: &Visit<'_>) -> Result<Response, Refusal> {
    let id = visit.argument.parse().map_err(|_| Refusal::NotFound)?;
    match decide(visit, Some(id), None).await? {
        Ok(done) => Ok(done),
        Err(error) => reply::unsaved(&one(visit, error).await?),
    }
}

/// Does what the button says; or tells what is missing. What another person did first is shown by the page that follows.
async fn decide(
    visit: &Visit<'_>,
    id: Option<i64>,
    group: Option<String>,
) -> Result<Result<Response, String>, Refusal> {
    let (state, who) = (&visit.panel.state, visit.who());
    let (done, page) = if visit.form.get("action") == "replay" {
        let input = replay::Input { id, group, ..replay::Input::default() };
        (ReplayDeadLetters::run(state, &who, input).await.map(drop), "/dead-letters?done=replayed")
    } else {
        let input = discard::Input { id, group, all: None, reason: visit.form.get("reason").to_owned() };
        (DiscardDeadLetters::run(state, &who, input).await.map(drop), "/dead-letters?done=discarded")
    };
    match done {
        Ok(()) | Err(Error::Unknown(_)) => Ok(Ok(reply::redirect(page))),
        Err(Error::Invalid(_)) => Ok(Err(visit.t("discard-reason-missing"))),
        Err(error) => Err(error.into()),
    }
}

fn alike(p: &Frame, group: Group) -> Alike {
    let last = p.moment(&group.last_at);
    let target = target(p, group.target.as_deref());
    Alike { id: group.id, reason: p.message(&group.reason), target, count: group.count, last }
}

/// What letters ask to run, in the language of the page; empty if what they carry cannot be read.
fn target(p: &Frame, name: Option<&str>) -> String {
    let name = name.unwrap_or_default();
    unmatched::named(name).map_or_else(|| name.to_owned(), |target| p.target(&target))
}

fn row(p: &Frame, kept: &Kept) -> Row {
    Row {
        id: kept.id,
        receipt: kept.receipt.map(|receipt| receipt.to_string()).unwrap_or_default(),
        kind: kept.kind.clone(),
        target: target(p, kept.target.as_deref()),
        group: kept.group.clone(),
        bytes: i64::from(kept.bytes),
        reason: p.message(&kept.reason),
        attempt: kept.attempt,
        at: p.moment(&kept.created_at),
    }
}
