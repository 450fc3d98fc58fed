//! The records: a module page by page, and one record with its fields and comments.

mod connected;

use askama::Template;
use postern_shared::env::Env;
use postern_shared::id::{ModuleName, ReceiptId, RecordId};
use postern_shared::record_ref::RecordRef;
use postern_shared::store::finding::FoundReceipt;
use postern_shared::store::{Connection, comments, digest, finding, record_list};
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
    tabs: Vec<Tab>,
    module: String,
    rows: Vec<Row>,
    /// The id behind which the next page begins; empty if this is the last.
    next: String,
}

/// A module in the list.
struct Tab {
    href: String,
    text: String,
    is_here: bool,
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
    /// The page of a record of another system leads to its page there.
    fn from(record: &RecordRef) -> Self {
        let href = match record {
            RecordRef::Own(id) => format!("/records/{id}"),
            RecordRef::Connected(record) => connected::href(record),
        };
        Self { href, text: record.to_string() }
    }
}

/// The records of the module that the query names, or of the first one.
pub async fn list(visit: &Visit<'_>) -> Result<Response, Refusal> {
    let p = Frame::new(visit, Section::Records).await;
    let connection = visit.connection().await?;
    let modules = record_list::modules(&connection).await?;
    let elsewhere = connected::modules(visit).await?;
    let wanted = (visit.query.get("connection"), visit.query.get("module"));
    let first = match wanted {
        (_, "") => modules.first().map(|module| ("", module.as_str())),
        wanted => Some(wanted),
    };
    let shown = first.or(elsewhere.first().map(|(connection, module)| (connection.as_str(), module.as_str())));
    let (of, module) = shown.unwrap_or_default();
    let tabs = tabs(&modules, &elsewhere, (of, module));
    if !of.is_empty() {
        return connected::list(visit, p, tabs, (of, module)).await;
    }
    let module = module.to_owned();
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
    reply::page(&List { p, tabs, module, rows, next })
}

/// The modules that have records here, and those whose records other systems keep.
fn tabs(own: &[String], elsewhere: &[(String, String)], shown: (&str, &str)) -> Vec<Tab> {
    let href = |query: &[(&str, &str)]| {
        format!("/records?{}", form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish())
    };
    let own = own.iter().map(|module| Tab {
        href: href(&[("module", module)]),
        text: module.clone(),
        is_here: shown == ("", module.as_str()),
    });
    let elsewhere = elsewhere.iter().map(|(connection, module)| Tab {
        href: href(&[("connection", connection), ("module", module)]),
        text: format!("{module} · {connection}"),
        is_here: shown == (connection.as_str(), module.as_str()),
    });
    own.chain(elsewhere).collect()
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
    if !visit.query.get("connection").is_empty() {
        return connected::show(visit).await;
    }
    let id: RecordId = visit.argument.parse().map_err(|_| Refusal::NotFound)?;
    let mut connection = visit.connection().await?;
    let found = record_list::one(&connection, id).await?.ok_or(Refusal::NotFound)?;
    let comments = comments::of(&connection, id).await?;
    let p = Frame::new(visit, Section::Records).await;
    let receipts = receipts(&mut connection, &p, &id.into()).await?;
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

/// The calls whose runs have done something to a record.
async fn receipts(connection: &mut Connection, p: &Frame, record: &RecordRef) -> Result<Vec<Receipt>, Refusal> {
    let secret = digest::secret(connection).await?;
    let transaction = finding::begin(connection).await?;
    let found = finding::touching(&transaction, &secret, record, MAX_RECEIPTS).await?;
    let receipt = |(id, found): (ReceiptId, FoundReceipt)| Receipt {
        id: id.to_string(),
        pill: p.pill(found.status.word()),
        at: p.moment(&id.time()),
    };
    Ok(found.into_iter().map(receipt).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_of_another_system_has_a_page_of_its_own() {
        for (record, expected) in
            [("852", "/records/852"), ("crm/Leads/4x852", "/records/4x852?connection=crm&module=Leads")]
        {
            assert_eq!(RecordLink::from(&record.parse::<RecordRef>().unwrap()).href, expected);
        }
    }

    #[test]
    fn each_module_has_a_tab_and_one_is_shown() {
        let elsewhere = [("crm".to_owned(), "Leads".to_owned())];
        let tabs = tabs(&["Leads".to_owned()], &elsewhere, ("crm", "Leads"));
        let tabs: Vec<_> = tabs.iter().map(|tab| (tab.href.as_str(), tab.text.as_str(), tab.is_here)).collect();
        let expected =
            [("/records?module=Leads", "Leads", false), ("/records?connection=crm&module=Leads", "Leads · crm", true)];
        assert_eq!(tabs, expected);
    }
}
