//! The search: what a text names or what has it as a value, whatever became of that. One answer is gone to at once.

use std::net::IpAddr;
use std::time::Duration;

use askama::Template;
use postern_shared::document::Kind;
use postern_shared::id::RecordId;
use postern_shared::message::Message;
use postern_shared::store::finding::Status;
use postern_shared::store::runs::Filter;
use postern_shared::store::{failure_groups, record_list};
use serde_json::Value;
use warp::reply::Response;

use super::frame::{Frame, Section};
use super::records::first_fields;
use super::reply::{self, Refusal};
use super::saving;
use super::shown::{Moment, Pill, shortened};
use super::visit::{Pairs, Visit};
use crate::operation::Operation;
use crate::operation::field::{Moment as At, Text, Time};
use crate::operation::find::{Find, FoundDocument, FoundReceipt, FoundRefusedBody, Input, MAX_CHARS, Output};

/// The names of the filters in the URL.
const FILTERS: [&str; 6] = ["status", "permission", "workflow", "message", "from", "to"];

/// How long a failure is offered as a filter.
const LATELY: Duration = Duration::from_secs(30 * 24 * 3600);

/// The letters of a message in the list of the filter.
const MESSAGE_CHARS: usize = 60;

#[derive(Template)]
#[template(path = "search.html")]
struct Search {
    p: Frame,
    query: String,
    groups: Vec<Group>,
    filters: Vec<(&'static str, String)>,
    statuses: Vec<(&'static str, String)>,
    /// Those with which runs have failed lately, and that of the filter: what it takes, and the text for people.
    messages: Vec<(String, String)>,
    is_filtered: bool,
    /// What is wrong with the text; empty = nothing.
    error: String,
    /// The query of the next page; empty if this is the last.
    next: String,
}

/// The answers of one kind.
struct Group {
    title: String,
    answers: Vec<Answer>,
}

struct Answer {
    href: String,
    text: String,
    /// What became of it.
    pill: Option<Pill>,
    /// More of it.
    help: String,
    at: Option<Moment>,
}

/// Goes to the only answer, or shows all.
pub async fn find(visit: &Visit<'_>) -> Result<Response, Refusal> {
    let query = visit.query.get("q").trim().to_owned();
    let is_too_long = query.chars().count() > MAX_CHARS;
    let (filters, mut input) = (filters(&visit.query), input(&visit.query, &query));
    input.permission = named(visit, Kind::Permission, "permission").await?;
    input.workflow = named(visit, Kind::Workflow, "workflow").await?.and_then(|number| number.parse().ok());
    let has_wrong_workflow = input.workflow.is_none() && !visit.query.get("workflow").trim().is_empty();
    let is_searched = !query.is_empty() && !is_too_long && !has_wrong_workflow && !visit.query.holds_nul();
    let is_filtered = filters.iter().any(|(_, text)| !text.is_empty());
    let is_whole = !is_filtered && input.before.is_none();
    let found = match is_searched {
        true => Find::run(&visit.panel.state, &visit.who(), input).await?,
        false => Output::default(),
    };
    let p = Frame::new(visit, Section::None).await;
    let next = found.next.as_deref().map(|next| next_page(&query, &filters, next)).unwrap_or_default();
    let mut groups = groups(visit, &p, found).await?;
    if let Some(address) = query.parse::<IpAddr>().ok().filter(|_| is_whole) {
        let (href, text) = (format!("/http-handler?address={address}"), address.to_string());
        let answers = vec![Answer { href, text, pill: None, help: p.t("search-address"), at: None }];
        groups.insert(0, Group { title: p.t("search-settings"), answers });
    }
    let mut all = groups.iter().flat_map(|group| &group.answers);
    if let (Some(only), None, true, true) = (all.next(), all.next(), is_whole, next.is_empty()) {
        return Ok(reply::redirect(&only.href));
    }
    let most = i64::try_from(MAX_CHARS).unwrap_or(i64::MAX);
    let (error, query) = match is_too_long {
        true => (p.n("search-too-long", &most), query.chars().take(MAX_CHARS).collect()),
        false if has_wrong_workflow => (p.t("search-workflow-wrong"), query),
        false => (String::new(), query),
    };
    let messages = messages(visit, &p).await?;
    let statuses = Status::words().map(|word| (word, p.pill(word).text)).collect();
    reply::page(&Search { p, query, groups, filters, statuses, messages, is_filtered, error, next })
}

fn filters(query: &Pairs) -> Vec<(&'static str, String)> {
    FILTERS.iter().map(|name| (*name, query.get(name).trim().to_owned())).collect()
}

/// The key of the document that a filter names by its key or its title; what names none stays as it was typed.
async fn named(visit: &Visit<'_>, kind: Kind, filter: &str) -> Result<Option<String>, Refusal> {
    let typed = visit.query.get(filter).trim();
    if typed.is_empty() {
        return Ok(None);
    }
    let all = saving::load(visit, kind).await?;
    let has_title = |document: &&Value| saving::title(document).to_lowercase() == typed.to_lowercase();
    let is_key = all.iter().any(|document| saving::key(kind, document) == typed);
    let titled = all.iter().find(has_title).filter(|_| !is_key);
    Ok(Some(titled.map_or_else(|| typed.to_owned(), |document| saving::key(kind, document))))
}

async fn messages(visit: &Visit<'_>, p: &Frame) -> Result<Vec<(String, String)>, Refusal> {
    let lately = Filter { within: Some(LATELY), ..Filter::default() };
    let groups = failure_groups::list(&visit.connection().await?, &lately).await?.groups;
    let mut messages: Vec<(String, String)> = Vec::new();
    for message in groups.iter().filter_map(|group| group.message.as_ref()) {
        let (cause, shown) = (message.cause(), p.message(message.cause()));
        // The texts of workflows share one code, so the filter takes the text. A viewer does not see it and filters by the code.
        let value = match cause {
            Message::Said { text } if *text == shown => text.clone(),
            cause => cause.code(),
        };
        if messages.iter().all(|(known, _)| *known != value) {
            messages.push((value, shortened(&shown, MESSAGE_CHARS)));
        }
    }
    let asked = visit.query.get("message").trim();
    if !asked.is_empty() && messages.iter().all(|(known, _)| known != asked) {
        messages.push((asked.to_owned(), shortened(asked, MESSAGE_CHARS)));
    }
    Ok(messages)
}

/// What is asked for beside permission and workflow; a filter that cannot be read is as if it were not there.
fn input(query: &Pairs, text: &str) -> Input {
    let some = |name| Some(query.get(name).trim().to_owned()).filter(|text| !text.is_empty());
    let day = |name| format!("{}T00:00:00Z", query.get(name)).parse::<At>().ok().map(Text);
    Input {
        text: text.to_owned(),
        from: day("from"),
        to: day("to"),
        status: query.get("status").parse().ok().map(Text),
        message: some("message"),
        before: query.get("after").parse().ok().map(Text),
        ..Input::default()
    }
}

fn next_page(query: &str, filters: &[(&'static str, String)], next: &str) -> String {
    let mut page = form_urlencoded::Serializer::new(String::new());
    page.append_pair("q", query);
    for (name, text) in filters.iter().filter(|(_, text)| !text.is_empty()) {
        page.append_pair(name, text);
    }
    page.append_pair("after", next);
    page.finish()
}

async fn groups(visit: &Visit<'_>, p: &Frame, found: Output) -> Result<Vec<Group>, Refusal> {
    let Output { receipts, records, refused_bodies, dead_letters, documents, .. } = found;
    let ids: Vec<RecordId> = records.iter().map(|record| record.id).collect();
    let stored = record_list::of(&visit.connection().await?, &ids).await?;
    let record = |one: record_list::Dated| {
        let fields = first_fields(&p.sight.record(&one.record.fields));
        let fields: Vec<String> = fields.into_iter().map(|(name, value)| format!("{name}: {value}")).collect();
        Answer {
            href: format!("/records/{}", one.record.id),
            text: format!("{} {}", one.record.module, one.record.id),
            pill: None,
            help: fields.join(" · "),
            at: Some(p.moment(&one.updated_at)),
        }
    };
    let letter = dead_letters.into_iter().map(|one| Answer {
        href: format!("/dead-letters/{}", one.id),
        text: one.receipt.map_or_else(|| format!("{} {}", p.t("dead-letter"), one.id), |id| id.to_string()),
        pill: Some(p.pill(Status::DEAD_LETTER.word())),
        help: one.permission.into_iter().chain(one.target).collect::<Vec<_>>().join(" · "),
        at: moment(p, &one.created_at),
    });
    let groups = [
        ("search-settings", documents.into_iter().map(|one| document(p, one)).collect()),
        ("receipts", receipts.into_iter().map(|one| receipt(p, one)).collect()),
        ("records", stored.into_iter().map(record).collect()),
        ("refused-bodies", refused_bodies.into_iter().map(|one| refused(p, one)).collect()),
        ("dead-letters", letter.collect::<Vec<_>>()),
    ];
    let groups = groups.into_iter().filter(|(_, answers)| !answers.is_empty());
    Ok(groups.map(|(title, answers)| Group { title: p.t(title), answers }).collect())
}

fn document(p: &Frame, one: FoundDocument) -> Answer {
    let folder = match one.kind.as_str() {
        "permission" => "http-handler".to_owned(),
        kind => format!("{kind}s"),
    };
    let (href, help) = (reply::path(&[&folder, &one.key]), p.t(&one.kind));
    let text = if one.title.is_empty() { one.key } else { format!("{} {}", one.key, one.title) };
    Answer { href, text, pill: None, help, at: None }
}

fn receipt(p: &Frame, one: FoundReceipt) -> Answer {
    let run = one.run.map(|number| format!("#run-{number}")).unwrap_or_default();
    let workflow = one.workflow.map(|id| format!("{} #{id}", p.t("workflow")));
    let trigger = one.trigger.map(|key| format!("{} {key}", p.t("trigger")));
    Answer {
        href: format!("/receipts/{}{run}", one.receipt),
        text: one.receipt.to_string(),
        pill: Some(p.pill(&one.status)),
        help: one.permission.into_iter().chain(workflow).chain(trigger).collect::<Vec<_>>().join(" · "),
        at: moment(p, &one.accepted_at),
    }
}

fn refused(p: &Frame, one: FoundRefusedBody) -> Answer {
    Answer {
        href: format!("/refused/{}", one.id),
        text: format!("{} {}", p.t("refused-body"), one.id),
        pill: Some(p.pill(Status::REFUSED.word())),
        help: format!("{} · {}", one.permission, p.word("refusal", &one.code)),
        at: moment(p, &one.refused_at),
    }
}

fn moment(p: &Frame, at: &Time) -> Option<Moment> {
    postern_shared::clock::moment(&at.0).map(|at| p.moment(&at))
}
