//! The refused bodies: what a permitted caller sent and Postern could not take. Of each its names and the shapes of its
//! values are shown, so that a charset or a limit is found to be wrong before a lead is lost; whoever may change
//! something sees the values, too, if it asks for them, and has the bodies read again.

use std::collections::BTreeSet;

use askama::Template;
use postern_shared::body::shape;
use postern_shared::message::Message;
use postern_shared::store::refused_bodies::{self, Proof, Refusal as Kept};
use warp::reply::Response;

use super::frame::{Frame, Section};
use super::reply::{self, Refusal};
use super::shown::{Moment, body_text};
use super::visit::Visit;
use crate::operation::refused_body::replay::{self, ReplayRefusedBodies};
use crate::operation::{Error, Operation, refused_body};

/// How many are listed: those of a bad day; `postern refused` knows all.
const LISTED: i64 = 200;

#[derive(Template)]
#[template(path = "refused_bodies.html")]
struct List {
    p: Frame,
    rows: Vec<Row>,
    /// Those whose bodies can be read again.
    permissions: BTreeSet<String>,
    charset: String,
    error: String,
}

struct Row {
    id: i64,
    permission: String,
    permission_href: String,
    address: String,
    code: String,
    /// The code in the words of the reader.
    reason: String,
    /// The setting that would change it; empty = only the caller can mend it.
    setting: &'static str,
    /// The method and the path of the call; empty = an earlier version kept it.
    call: String,
    /// What the call proved, in the words of the reader; empty = its permission asks for nothing.
    proof: String,
    /// Whether anybody may have sent it, so that a person must vouch for it.
    is_unproven: bool,
    message: String,
    query: String,
    content_type: String,
    /// None = the body was not kept.
    bytes: Option<i64>,
    at: Moment,
}

#[derive(Template)]
#[template(path = "refused_body.html")]
struct One {
    p: Frame,
    row: Row,
    shapes: Vec<(String, String)>,
    /// What was posted, for whoever asked for it.
    body: Option<String>,
    /// What was typed into the form.
    typed: Typed,
    error: String,
}

/// What a person knows better than the caller, as it was typed.
#[derive(Default)]
struct Typed {
    charset: String,
    content_type: String,
    target: String,
    record: String,
    under: String,
    unverified: bool,
}

/// The latest, newest first.
pub async fn list(visit: &Visit<'_>) -> Result<Response, Refusal> {
    reply::page(&latest(visit, String::new()).await?)
}

async fn latest(visit: &Visit<'_>, error: String) -> Result<List, Refusal> {
    let p = Frame::new(visit, Section::RefusedBodies).await;
    let found = refused_bodies::latest(&visit.connection().await?, LISTED).await?;
    let kept = found.iter().filter(|kept| kept.bytes.is_some());
    let permissions = kept.map(|kept| kept.permission.clone()).collect();
    let charset = visit.form.get("charset").to_owned();
    Ok(List { rows: found.iter().map(|kept| row(&p, kept)).collect(), permissions, charset, error, p })
}

/// One with the shape of its body.
pub async fn show(visit: &Visit<'_>) -> Result<Response, Refusal> {
    reply::page(&one(visit, String::new(), false).await?)
}

async fn one(visit: &Visit<'_>, error: String, is_unproven: bool) -> Result<One, Refusal> {
    let (kept, body) = refused_body::find(&visit.panel.state, id(visit)?).await?;
    let p = Frame::new(visit, Section::RefusedBodies).await;
    let shapes = shape::of_body(kept.content_type.as_deref(), &body.unwrap_or_default());
    let field = |name| visit.form.get(name).to_owned();
    let (charset, content_type) = (field("charset"), field("type"));
    let (target, record, under, unverified) = (field("target"), field("record"), field("under"), is_unverified(visit));
    let typed = Typed { charset, content_type, target, record, under, unverified };
    let mut row = row(&p, &kept);
    row.is_unproven |= is_unproven;
    Ok(One { row, shapes, body: None, typed, error, p })
}

/// One with what was posted. The answer is the page itself: an address would show it again without a note.
pub async fn show_values(visit: &Visit<'_>) -> Result<Response, Refusal> {
    let (kept, body) = refused_body::reveal(&visit.panel.state, &visit.who(), id(visit)?).await?;
    let p = Frame::new(visit, Section::RefusedBodies).await;
    let row = Row { query: kept.query.clone(), ..row(&p, &kept) };
    let (body, typed, error) = (body.map(|body| body_text(&body)), Typed::default(), String::new());
    reply::page(&One { row, shapes: Vec::new(), body, typed, error, p })
}

/// Reads one again: to its receipt, or back with the reason.
pub async fn replay(visit: &Visit<'_>) -> Result<Response, Refusal> {
    let input = match told(visit) {
        Some(told) => replay::Input { id: Some(id(visit)?), ..told },
        None => return reply::unsaved(&one(visit, visit.t("target-unknown"), false).await?),
    };
    let replayed = match ReplayRefusedBodies::run(&visit.panel.state, &visit.who(), input).await {
        Err(Error::Invalid(_)) => return reply::unsaved(&one(visit, visit.t("charset-unknown"), false).await?),
        replayed => replayed?,
    };
    match (replayed.replayed.first(), replayed.refused.first()) {
        (Some(reread), _) => Ok(reply::redirect(&format!("/receipts/{}", reread.receipt))),
        (None, Some(stays)) => {
            let is_unproven = stays.message_code == Message::NotProven.coded();
            reply::unsaved(&one(visit, stays.message_code.text(visit.language), is_unproven).await?)
        }
        (None, None) => Err(Refusal::NotFound),
    }
}

/// Reads those of a permission again; the list then shows why some of them stay.
pub async fn replay_several(visit: &Visit<'_>) -> Result<Response, Refusal> {
    let permission = visit.form.get("permission").parse().map_err(|_| Refusal::NotFound)?;
    let input = replay::Input { permission: Some(permission), charset: typed(visit, "charset"), ..Default::default() };
    match ReplayRefusedBodies::run(&visit.panel.state, &visit.who(), input).await {
        Err(Error::Invalid(_)) => reply::unsaved(&latest(visit, visit.t("charset-unknown")).await?),
        Err(error) => Err(error.into()),
        Ok(_) => Ok(reply::redirect("/refused?done=reread")),
    }
}

/// What the person knows better than the caller; nothing if a name cannot be one.
fn told(visit: &Visit<'_>) -> Option<replay::Input> {
    let (mut workflow, mut trigger) = (None, None);
    if let Some(target) = typed(visit, "target") {
        match target.trim_start_matches('#').parse() {
            Ok(id) => workflow = Some(id),
            Err(_) => trigger = Some(target.parse().ok()?),
        }
    }
    let under = typed(visit, "under").map(|key| key.parse()).transpose().ok()?;
    let record = typed(visit, "record")
        .map(|number| number.parse::<i64>().ok().filter(|number| *number >= 0).ok_or(()))
        .transpose()
        .ok()?;
    let (charset, content_type) = (typed(visit, "charset"), typed(visit, "type"));
    let unverified = is_unverified(visit).then_some(true);
    Some(replay::Input { charset, content_type, workflow, trigger, record, under, unverified, ..Default::default() })
}

/// Whether the person vouches for what the caller did not prove.
fn is_unverified(visit: &Visit<'_>) -> bool {
    !visit.form.get("unverified").is_empty()
}

/// What was typed into a field, if anything was.
fn typed(visit: &Visit<'_>, name: &str) -> Option<String> {
    Some(visit.form.get(name).trim()).filter(|text| !text.is_empty()).map(str::to_owned)
}

fn id(visit: &Visit<'_>) -> Result<i64, Refusal> {
    visit.argument.parse().map_err(|_| Refusal::NotFound)
}

fn row(p: &Frame, kept: &Kept) -> Row {
    let path = kept.path.as_deref().map(|path| p.sight.short_url(path));
    let asked = kept.proof.filter(|proof| *proof != Proof::NotAsked);
    Row {
        id: kept.id,
        permission: kept.permission.clone(),
        permission_href: reply::path(&["http-handler", &kept.permission]),
        address: kept.address.clone(),
        code: kept.code.clone(),
        message: p.message(&kept.message),
        reason: p.word("refusal", &kept.code),
        setting: refused_body::setting(kept).unwrap_or_default(),
        call: [kept.method.as_deref(), path.as_deref()].into_iter().flatten().collect::<Vec<_>>().join(" "),
        proof: asked.map(|proof| p.word("proof", proof.as_str())).unwrap_or_default(),
        is_unproven: kept.proof.is_some_and(Proof::is_wrong),
        query: shape::of_query(&kept.query),
        content_type: kept.content_type.clone().unwrap_or_default(),
        bytes: kept.bytes.map(i64::from),
        at: p.moment(&kept.refused_at),
    }
}
