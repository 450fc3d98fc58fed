//! The records: a module page by page, and one record with its fields and comments.

use askama::Template;
use postern_shared::env::Env;
use postern_shared::id::{ModuleName, ReceiptId, RecordId};
use postern_shared::record_ref::RecordRef;
use postern_shared::store::finding::FoundReceipt;
use postern_shared::store::{comments, digest, finding, record_list};
use serde_json::Value;
use warp::reply::Response;

use super::frame::{Frame, Section};
use super::reply::{self, Refusal};
use super::shown::{Moment, Pill, cut, shortened};
use super::tree::Tree;
use super::visit::Visit;
use crate::operation::record::get::MAX_RECEIPTS;

/// How many records a page shows.
const PAGE: i64 = 50;
/// How many fields of a record its row shows.
const FIELDS_IN_ROW: usize = 4;
/// How much of a field a row shows, in characters.
const CHARS_IN_ROW: usize = 60;

#[derive(Template)]
#[template(path = "records.html")]
struct List {
    p: Frame,
    modules: Vec<String>,
    module: String,
    rows: Vec<Row>,
    /// The id behind which the next page begins; empty if this is the last.
    next: String,
}

struct Row {
    id: String,
    fields: Vec<(String, String)>,
    at: Moment,
}

#[derive(Template)]
#[template(path = "record.html")]
struct One {
    p: Frame,
    id: String,
    module: String,
    created: Moment,
    updated: Moment,
    tree: Tree,
    comments: Vec<(Moment, String)>,
    /// What did something to it.
    receipts: Vec<Receipt>,
}

struct Receipt {
    id: String,
    pill: Pill,
    at: Moment,
}

/// A record as other pages name it.
pub struct RecordLink {
    pub href: String,
    pub text: String,
}

impl From<&RecordRef> for RecordLink {
    /// An own record has a page. Of a record of another system the search shows the receipts that did something to it.
    fn from(record: &RecordRef) -> Self {
        let text = record.to_string();
        let href = match record {
            RecordRef::Own(id) => format!("/records/{id}"),
            RecordRef::Connected(_) => {
                let query = form_urlencoded::Serializer::new(String::new()).append_pair("q", &text).finish();
                format!("/search?{query}")
            }
        };
        Self { href, text }
    }
}

/// The records of the module that the query names, or of the first one.
pub async fn list(visit: &Visit<'_>) -> Result<Response, Refusal> {
    let p = Frame::new(visit, Section::Records).await;
    let connection = visit.connection().await?;
    let modules = record_list::modules(&connection).await?;
    let wanted = Some(visit.query.get("module")).filter(|module| !module.is_empty());
    let module = wanted.or(modules.first().map(String::as_str)).unwrap_or_default().to_owned();
    let after = visit.query.get("after").parse::<RecordId>().ok();
    let mut found = match module.parse::<ModuleName>() {
        Ok(module) => record_list::page(&connection, &module, after, PAGE + 1).await?,
        Err(_) => Vec::new(),
    };
    let next = cut(&mut found, PAGE).map(|last| last.record.id.to_string()).unwrap_or_default();
    let row = |one: &record_list::Dated| Row {
        id: one.record.id.to_string(),
        fields: first_fields(&p.sight.record(&one.record.fields)),
        at: p.moment(&one.updated_at),
    };
    let rows = found.iter().map(row).collect();
    reply::page(&List { p, modules, module, rows, next })
}

/// The first fields that are filled, as a row shows them.
pub fn first_fields(fields: &Env) -> Vec<(String, String)> {
    let text = |value: &Value| match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let filled = fields.0.iter().filter(|(_, value)| !value.is_null() && *value != "");
    let shown = filled.take(FIELDS_IN_ROW);
    shown.map(|(name, value)| (name.clone(), shortened(&text(value), CHARS_IN_ROW))).collect()
}

/// One record.
pub async fn show(visit: &Visit<'_>) -> Result<Response, Refusal> {
    let id: RecordId = visit.argument.parse().map_err(|_| Refusal::NotFound)?;
    let mut connection = visit.connection().await?;
    let found = record_list::one(&connection, id).await?.ok_or(Refusal::NotFound)?;
    let comments = comments::of(&connection, id).await?;
    let secret = digest::secret(&connection).await?;
    let transaction = finding::begin(&mut connection).await?;
    let receipts = finding::touching(&transaction, &secret, &id.into(), MAX_RECEIPTS).await?;
    drop(transaction);
    let p = Frame::new(visit, Section::Records).await;
    let receipt = |(id, found): (ReceiptId, FoundReceipt)| Receipt {
        id: id.to_string(),
        pill: p.pill(found.status.word()),
        at: p.moment(&id.time()),
    };
    let receipts = receipts.into_iter().map(receipt).collect();
    let comments = comments.into_iter().map(|one| (p.moment(&one.created_at), p.sight.comment(&one.text))).collect();
    reply::page(&One {
        id: id.to_string(),
        module: found.record.module.to_string(),
        created: p.moment(&found.created_at),
        updated: p.moment(&found.updated_at),
        tree: Tree::of(&p.sight.record(&found.record.fields)),
        comments,
        receipts,
        p,
    })
}
