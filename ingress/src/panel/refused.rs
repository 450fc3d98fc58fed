//! The refused bodies: what a permitted caller sent and Postern could not take, so that a charset or a limit is found
//! to be wrong before a lead is lost.

use askama::Template;
use postern_shared::store::refused_bodies::{self, Refusal as Kept};
use warp::reply::Response;

use super::frame::{Frame, Section};
use super::reply::{self, Refusal};
use super::shown::{Moment, body_text};
use super::visit::Visit;

/// How many are listed: those of a bad day; `postern refused` knows all.
const LISTED: i64 = 200;

#[derive(Template)]
#[template(path = "refused_bodies.html")]
struct List {
    p: Frame,
    rows: Vec<Row>,
}

struct Row {
    id: i64,
    permission: String,
    permission_href: String,
    address: String,
    code: String,
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
    body: String,
}

/// The latest, newest first.
pub async fn list(visit: &Visit<'_>) -> Result<Response, Refusal> {
    let p = Frame::new(visit, Section::RefusedBodies).await;
    let found = refused_bodies::latest(&visit.connection().await?, LISTED).await?;
    reply::page(&List { rows: found.iter().map(|kept| row(&p, kept)).collect(), p })
}

/// One with its body.
pub async fn show(visit: &Visit<'_>) -> Result<Response, Refusal> {
    let id = visit.argument.parse().map_err(|_| Refusal::NotFound)?;
    let p = Frame::new(visit, Section::RefusedBodies).await;
    let found = refused_bodies::find(&visit.connection().await?, id).await?;
    let (kept, body) = found.ok_or(Refusal::NotFound)?;
    reply::page(&One { row: row(&p, &kept), body: body_text(&body.unwrap_or_default()), p })
}

fn row(p: &Frame, kept: &Kept) -> Row {
    Row {
        id: kept.id,
        permission: kept.permission.clone(),
        permission_href: reply::path(&["http-handler", &kept.permission]),
        address: kept.address.clone(),
        code: kept.code.clone(),
        message: kept.message.clone(),
        query: kept.query.clone(),
        content_type: kept.content_type.clone().unwrap_or_default(),
        bytes: kept.bytes.map(i64::from),
        at: p.moment(&kept.refused_at),
    }
}
