//! Forgetting a person: the rows with the person are listed first, then a question is asked, and a report stays. All that is
//! kept is looked through a part at a time. A page shows how far that is, and goes on by itself.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use askama::Template;
use postern_shared::person::{MAX_CHARS, MAX_TEXTS, Person};
use postern_shared::record_ref::RecordRef;
use postern_shared::store::forgetting;
use warp::reply::Response;

use super::frame::{Frame, Section};
use super::records::RecordLink;
use super::reply::{self, Refusal};
use super::shown::Moment;
use super::visit::{Pairs, Visit};
use crate::operation::Operation;
use crate::operation::person::forget::{ForgetPerson, Input as Named};
use crate::operation::person::look::{FoundRow, Input, LookForPerson};

/// How long one request looks: a person who waits sees that it goes on.
const AT_ONCE: Duration = Duration::from_secs(4);

/// The most rows that are listed one by one.
const MAX_ROWS: usize = 50;

/// The latest reports on the page.
const REPORTS: i64 = 50;

#[derive(Template)]
#[template(path = "forget.html")]
struct Start {
    p: Frame,
    texts: String,
    error: String,
    reports: Vec<Report>,
}

struct Report {
    id: i64,
    at: Moment,
    account: String,
    is_finished: bool,
    found: Vec<(String, i64)>,
    elsewhere: Vec<RecordLink>,
}

#[derive(Template)]
#[template(path = "person.html")]
struct Found {
    p: Frame,
    search: Search,
    /// The name of each table in words, and how many of its rows have the person.
    counts: Vec<(String, i64)>,
    rows: Vec<Row>,
    /// The records of other systems that may have the person.
    elsewhere: Vec<RecordLink>,
    /// What must be typed.
    key: String,
    is_wrong: bool,
}

struct Row {
    href: String,
    text: String,
}

/// How far the search is. Forms carry it from one request to the next.
#[derive(Default)]
struct Search {
    texts: Vec<String>,
    /// The report under which the person is forgotten; none = the person is only looked for.
    report: Option<i64>,
    /// Where the next part begins; none = all was looked through.
    from: Option<String>,
    found: BTreeMap<String, i64>,
    rows: Vec<(String, String)>,
    elsewhere: BTreeSet<String>,
    looked_at: i64,
    total: i64,
}

/// The form, and the persons that were forgotten.
pub async fn start(visit: &Visit<'_>) -> Result<Response, Refusal> {
    reply::page(&form(visit, String::new()).await?)
}

async fn form(visit: &Visit<'_>, error: String) -> Result<Start, Refusal> {
    let p = Frame::new(visit, Section::Forget).await;
    let found = forgetting::reports(&visit.connection().await?, None, REPORTS).await?;
    let reports = found.into_iter().map(|report| Report {
        id: report.id,
        at: p.moment(&report.at),
        account: report.account,
        is_finished: report.finished_at.is_some(),
        found: (report.found.iter()).map(|(place, n)| (p.word("place", place), n.as_i64().unwrap_or(0))).collect(),
        elsewhere: links(&report.elsewhere),
    });
    Ok(Start { texts: visit.form.get("texts").to_owned(), error, reports: reports.collect(), p })
}

/// Looks on, or forgets on; or begins to forget the person whose first text was typed.
pub async fn go_on(visit: &Visit<'_>) -> Result<Response, Refusal> {
    let mut search = Search::read(&visit.form);
    if Person::new(&search.texts).is_err() || visit.form.holds_nul() {
        let error = visit.n("forget-wrong", i64::try_from(MAX_TEXTS).unwrap_or(i64::MAX));
        return reply::unsaved(&form(visit, error).await?);
    }
    let (state, who) = (&visit.panel.state, visit.who());
    if visit.form.get("action") == "forget" {
        if search.texts.first().is_none_or(|text| visit.form.get("key").trim() != text) {
            return reply::unsaved(&shown(visit, search, true).await?);
        }
        let begun = ForgetPerson::run(state, &who, Named { texts: search.texts.clone() }).await?;
        search = Search { texts: search.texts, report: Some(begun.report), ..Search::default() };
    }
    let began = Instant::now();
    loop {
        let input = Input { texts: search.texts.clone(), from: search.from.clone(), report: search.report };
        let part = LookForPerson::run(state, &who, input).await?;
        search.looked_at += part.looked_at;
        search.total = part.total.max(search.looked_at);
        part.found.into_iter().for_each(|row| search.add(row));
        search.elsewhere.extend(part.elsewhere);
        search.from = part.next;
        if search.from.is_none() || began.elapsed() >= AT_ONCE {
            break;
        }
    }
    match search.report {
        Some(_) if search.from.is_none() => Ok(reply::redirect("/forget?done=forgotten")),
        _ => reply::page(&shown(visit, search, false).await?),
    }
}

async fn shown(visit: &Visit<'_>, search: Search, is_wrong: bool) -> Result<Found, Refusal> {
    let p = Frame::new(visit, Section::Forget).await;
    let row = |(place, key): &(String, String)| Row {
        href: href(place, key).unwrap_or_default(),
        text: format!("{} {key}", p.word("place", place)),
    };
    Ok(Found {
        counts: search.found.iter().map(|(place, count)| (p.word("place", place), *count)).collect(),
        rows: search.rows.iter().map(row).collect(),
        elsewhere: links(&search.elsewhere),
        key: search.texts.first().cloned().unwrap_or_default(),
        search,
        is_wrong,
        p,
    })
}

fn links<'n>(names: impl IntoIterator<Item = &'n String>) -> Vec<RecordLink> {
    let records = names.into_iter().filter_map(|name| name.parse::<RecordRef>().ok());
    records.map(|record| RecordLink::from(&record)).collect()
}

/// The page of a row, if it has one.
fn href(place: &str, key: &str) -> Option<String> {
    let first = key.split('/').next().unwrap_or_default();
    let folder = match place {
        "receipts" | "runs" | "run_steps" | "checkpoints" | "responses" => "receipts",
        "records" => "records",
        "refused_bodies" => "refused",
        "dead_letters" => "dead-letters",
        _ => return None,
    };
    Some(reply::path(&[folder, first]))
}

impl Search {
    fn read(form: &Pairs) -> Self {
        let texts = form.get("texts").lines().map(str::trim).filter(|text| !text.is_empty());
        Self {
            texts: texts.map(str::to_owned).collect(),
            report: form.get("report").parse().ok(),
            from: Some(form.get("from").to_owned()).filter(|from| !from.is_empty()),
            found: serde_json::from_str(form.get("found")).unwrap_or_default(),
            rows: serde_json::from_str(form.get("rows")).unwrap_or_default(),
            elsewhere: serde_json::from_str(form.get("elsewhere")).unwrap_or_default(),
            looked_at: form.get("looked_at").parse().unwrap_or(0),
            total: 0,
        }
    }

    fn add(&mut self, row: FoundRow) {
        *self.found.entry(row.place.clone()).or_default() += 1;
        if self.rows.len() < MAX_ROWS {
            self.rows.push((row.place, row.key));
        }
    }

    fn written_texts(&self) -> String {
        self.texts.join("\n")
    }

    fn written_found(&self) -> String {
        serde_json::to_string(&self.found).unwrap_or_default()
    }

    fn written_elsewhere(&self) -> String {
        serde_json::to_string(&self.elsewhere).unwrap_or_default()
    }

    fn written_rows(&self) -> String {
        serde_json::to_string(&self.rows).unwrap_or_default()
    }
}
