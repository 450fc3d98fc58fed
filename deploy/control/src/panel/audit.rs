//! The audit log: who changed what, and how it was before.

use askama::Template;
use postern_shared::store::audit_log::{self, Entry};
use postern_shared::yaml;
use serde_json::Value;
use warp::reply::Response;

use super::difference::{self, Line};
use super::frame::{Frame, Section};
use super::reply::{self, Refusal};
use super::shown::{Moment, cut};
use super::visit::Visit;

/// How many changes a page shows.
const PAGE: i64 = 50;

#[derive(Template)]
#[template(path = "audit.html")]
struct List {
    p: Frame,
    rows: Vec<Row>,
    /// The number behind which the next page begins; empty if this is the last.
    next: String,
}

struct Row {
    id: i64,
    account: String,
    action: String,
    kind: String,
    key: String,
    /// Where the thing stands now; empty if it has no page.
    href: String,
    at: Moment,
}

#[derive(Template)]
#[template(path = "change.html")]
struct One {
    p: Frame,
    row: Row,
    lines: Vec<Line>,
}

/// All changes, newest first.
pub async fn list(visit: &Visit<'_>) -> Result<Response, Refusal> {
    let p = Frame::new(visit, Section::Audit).await;
    let before = visit.query.get("before").parse().ok();
    let mut found = audit_log::page(&visit.connection().await?, None, None, before, PAGE + 1).await?;
    let next = cut(&mut found, PAGE).map(|last| last.id.to_string()).unwrap_or_default();
    reply::page(&List { rows: found.iter().map(|noted| row(&p, noted)).collect(), next, p })
}

/// One change: what it took away and what it brought.
pub async fn show(visit: &Visit<'_>) -> Result<Response, Refusal> {
    let id = visit.argument.parse().map_err(|_| Refusal::NotFound)?;
    let p = Frame::new(visit, Section::Audit).await;
    let connection = visit.connection().await?;
    let noted = audit_log::find(&connection, id).await?.ok_or(Refusal::NotFound)?;
    let before = audit_log::before(&connection, &noted).await?;
    let text = |document: &Option<Value>| {
        document.as_ref().map(|document| yaml::write(&p.sight.noted(&noted.kind, document))).unwrap_or_default()
    };
    let lines = difference::lines(&text(&before), &text(&noted.document));
    reply::page(&One { row: row(&p, &noted), lines, p })
}

fn row(p: &Frame, noted: &Entry) -> Row {
    let folder = match noted.kind.as_str() {
        "workflow" => "workflows",
        "trigger" => "triggers",
        "module" => "modules",
        "connection" => "connections",
        "permission" => "http-handler",
        "account" => "accounts",
        "dead_letter" | "receipt" => "receipts",
        _ => "",
    };
    // A dead letter without a receipt is known by its number, which leads nowhere.
    let is_gone = folder.is_empty() || noted.action == "delete" || folder == "receipts" && !noted.key.contains('-');
    Row {
        id: noted.id,
        account: noted.account.clone(),
        action: p.word("action", &noted.action),
        kind: p.word("kind", &noted.kind),
        key: noted.key.clone(),
        href: if is_gone { String::new() } else { reply::path(&[folder, &noted.key]) },
        at: p.moment(&noted.at),
    }
}
