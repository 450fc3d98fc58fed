//! The search: a receipt, an address, a record's number, a key, a title, or what a record holds, such as an e-mail
//! address. One answer is gone to at once.

use std::net::IpAddr;

use askama::Template;
use postern_shared::document::Kind;
use postern_shared::env::Env;
use postern_shared::id::{ReceiptId, RecordId};
use postern_shared::store::{record_list, records};
use serde_json::Value;
use warp::reply::Response;

use super::frame::{Frame, Section};
use super::reply::{self, Refusal};
use super::saving;
use super::shown::shortened;
use super::visit::Visit;
use crate::redact::{self, Shown, redact};

/// How many answers are shown.
const MAX_ANSWERS: usize = 50;

/// How many of them are records.
const MAX_RECORDS: i64 = 20;
/// The shortest text that is looked for in records: a shorter one is in most of them.
const MIN_CHARS: usize = 3;
/// How much of a value an answer shows, in characters.
const CHARS_OF_VALUE: usize = 80;

#[derive(Template)]
#[template(path = "search.html")]
struct Search {
    p: Frame,
    query: String,
    answers: Vec<Answer>,
}

struct Answer {
    href: String,
    kind: String,
    text: String,
}

/// Goes to the only answer, or shows all.
pub async fn find(visit: &Visit<'_>) -> Result<Response, Refusal> {
    let query = visit.query.get("q").trim();
    if let Ok(receipt) = query.parse::<ReceiptId>() {
        return Ok(reply::redirect(&format!("/receipts/{receipt}")));
    }
    if let Ok(address) = query.parse::<IpAddr>() {
        return Ok(reply::redirect(&format!("/http-handler?address={address}")));
    }
    let mut answers = if query.is_empty() { Vec::new() } else { documents(visit, query).await? };
    if let Ok(id) = query.parse::<RecordId>()
        && let Some(record) = records::find(&visit.connection().await?, id).await?
    {
        let text = format!("{} {id}", record.module);
        answers.push(Answer { href: format!("/records/{id}"), kind: visit.t("record"), text });
    }
    if query.chars().count() >= MIN_CHARS && !query.contains('\0') {
        let sight = visit.who().sight();
        let connection = visit.connection().await?;
        let found = match redact(sight.0, redact::Kind::Record) {
            Shown::Whole => record_list::holding(&connection, query, MAX_RECORDS).await?,
            // Parts of a value that are found one by one would tell all of it.
            _ => record_list::with_value(&connection, query, MAX_RECORDS).await?,
        };
        for found in found {
            let (id, module) = (found.record.id, found.record.module);
            let value = sight.text(redact::Kind::Record, &holding(&found.record.fields, query));
            let text = format!("{module} {id} {value}");
            answers.push(Answer { href: format!("/records/{id}"), kind: visit.t("record"), text });
        }
    }
    answers.truncate(MAX_ANSWERS);
    match answers.as_slice() {
        [only] => Ok(reply::redirect(&only.href)),
        _ => {
            let p = Frame::new(visit, Section::None).await;
            reply::page(&Search { p, query: query.to_owned(), answers })
        }
    }
}

/// The first value that holds what was asked for.
fn holding(fields: &Env, query: &str) -> String {
    let wanted = query.to_lowercase();
    let texts = fields.0.values().filter_map(Value::as_str);
    let mut found = texts.filter(|text| text.to_lowercase().contains(&wanted));
    found.next().map(|text| shortened(text, CHARS_OF_VALUE)).unwrap_or_default()
}

async fn documents(visit: &Visit<'_>, query: &str) -> Result<Vec<Answer>, Refusal> {
    let (mut answers, wanted) = (Vec::new(), query.to_lowercase());
    let kinds = [
        (Kind::Workflow, "workflows", "workflow"),
        (Kind::Trigger, "triggers", "trigger"),
        (Kind::Permission, "http-handler", "permission"),
        (Kind::Module, "modules", "module"),
    ];
    for (kind, folder, word) in kinds {
        for document in saving::load(visit, kind).await? {
            let (key, title) = (saving::key(kind, &document), saving::title(&document));
            if key == query || title.to_lowercase().contains(&wanted) || key.to_lowercase().contains(&wanted) {
                let text = if title == key { key.clone() } else { format!("{key} {title}") };
                answers.push(Answer { href: reply::path(&[folder, &key]), kind: visit.t(word), text });
            }
        }
    }
    Ok(answers)
}
