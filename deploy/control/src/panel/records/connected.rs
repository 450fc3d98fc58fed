//! The records of other systems that runs have touched: their names with the way to their pages there. What stands in them
//! is kept by the other system.

use std::collections::BTreeSet;

use askama::Template;
use postern_shared::connection::vtiger::Vtiger;
use postern_shared::connection::{Connection, To};
use postern_shared::document::Kind;
use postern_shared::module::Module;
use postern_shared::record_ref::ConnectedRecord;
use postern_shared::store::connected_records::{self, Touched};
use warp::reply::Response;

use super::{PAGE, Receipt, Tab, receipts};
use crate::panel::frame::{Frame, Section};
use crate::panel::reply::{self, Refusal};
use crate::panel::saving;
use crate::panel::shown::{Moment, cut};
use crate::panel::visit::Visit;

#[derive(Template)]
#[template(path = "connected_records.html")]
struct List {
    p: Frame,
    tabs: Vec<Tab>,
    connection: String,
    module: String,
    rows: Vec<Row>,
    /// The number behind which the next page begins; empty if this is the last.
    next: String,
}

struct Row {
    id: String,
    href: String,
    /// The page in the other system; empty = the connection is gone.
    elsewhere: String,
    first: Moment,
    last: Moment,
    /// When a run saw that it is gone there.
    gone: Option<Moment>,
}

#[derive(Template)]
#[template(path = "connected_record.html")]
struct One {
    p: Frame,
    record: ConnectedRecord,
    /// The page in the other system; empty = the connection is gone.
    elsewhere: String,
    /// When runs touched it first and last; none = none did.
    touched: Option<(Moment, Moment)>,
    /// When a run saw that it is gone there.
    gone: Option<Moment>,
    receipts: Vec<Receipt>,
}

/// The modules of other systems that are declared, or whose records runs have touched: connection and module.
pub(super) async fn modules(visit: &Visit<'_>) -> Result<Vec<(String, String)>, Refusal> {
    let touched = connected_records::modules(&visit.connection().await?).await?;
    let mut all: BTreeSet<(String, String)> = touched.into_iter().collect();
    for document in saving::load(visit, Kind::Module).await?.iter() {
        let Ok(Module { name, connection: Some(connection), .. }) = Module::from_document(document) else { continue };
        all.insert((connection.to_string(), name.to_string()));
    }
    Ok(all.into_iter().collect())
}

/// The records of a module, the newest first.
pub(super) async fn list(
    visit: &Visit<'_>,
    p: Frame,
    tabs: Vec<Tab>,
    (connection, module): (&str, &str),
) -> Result<Response, Refusal> {
    let after = visit.query.get("after").parse().ok();
    let mut found = connected_records::page(&visit.connection().await?, (connection, module), after, PAGE + 1).await?;
    let next = cut(&mut found, PAGE).map(|last| last.number.to_string()).unwrap_or_default();
    let vtiger = vtiger(visit, connection).await?;
    let row = |one: &Touched| {
        let record: ConnectedRecord = format!("{connection}/{module}/{}", one.id).parse().ok()?;
        Some(Row {
            href: href(&record),
            elsewhere: page_of(vtiger.as_ref(), &record),
            id: one.id.clone(),
            first: p.moment(&one.first_at),
            last: p.moment(&one.last_at),
            gone: one.gone_at.as_ref().map(|at| p.moment(at)),
        })
    };
    let rows = found.iter().filter_map(row).collect();
    let (connection, module) = (connection.to_owned(), module.to_owned());
    reply::page(&List { p, tabs, connection, module, rows, next })
}

/// Where the panel shows a record. The id alone stands in the path: some proxies take a slash in it amiss.
pub(super) fn href(record: &ConnectedRecord) -> String {
    let query = [("connection", record.connection.as_str()), ("module", record.module.as_str())];
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish();
    format!("{}?{query}", reply::path(&["records", record.id.as_str()]))
}

/// One record: what did something to it, and the way to its page.
pub(super) async fn show(visit: &Visit<'_>) -> Result<Response, Refusal> {
    let name = format!("{}/{}/{}", visit.query.get("connection"), visit.query.get("module"), visit.argument);
    let record: ConnectedRecord = name.parse().map_err(|_| Refusal::NotFound)?;
    let mut connection = visit.connection().await?;
    let touched = connected_records::one(&connection, &record).await?;
    let p = Frame::new(visit, Section::Records).await;
    let receipts = receipts(&mut connection, &p, &record.clone().into()).await?;
    drop(connection);
    let elsewhere = page_of(vtiger(visit, record.connection.as_str()).await?.as_ref(), &record);
    let gone = touched.as_ref().and_then(|one| one.gone_at).map(|at| p.moment(&at));
    let touched = touched.map(|one| (p.moment(&one.first_at), p.moment(&one.last_at)));
    reply::page(&One { record, elsewhere, touched, gone, receipts, p })
}

/// The page of a record in its vtiger; empty = there is none.
fn page_of(vtiger: Option<&Vtiger>, record: &ConnectedRecord) -> String {
    vtiger.and_then(|vtiger| vtiger.page(&record.module, &record.id)).map(String::from).unwrap_or_default()
}

async fn vtiger(visit: &Visit<'_>, name: &str) -> Result<Option<Vtiger>, Refusal> {
    let all = saving::load(visit, Kind::Connection).await?;
    let document = all.iter().find(|one| saving::key(Kind::Connection, one) == name);
    let connection = document.and_then(|document| Connection::from_document(document).ok());
    Ok(connection.and_then(|one| if let To::Vtiger(vtiger) = one.to { Some(vtiger) } else { None }))
}
