//! A dry run of the draft: its data, and what the workflow would do. Nothing is kept of it, so a POST shows the result
//! itself; what was typed goes along with the next try.

use std::collections::BTreeMap;

use askama::Template;
use postern_shared::dry_run::{Report, Request, Sample, TestData};
use postern_shared::env::Env;
use postern_shared::id::ReceiptId;
use postern_shared::store::test_calls;
use serde_json::Value;
use warp::reply::Response;

use super::listen::Listening;
use super::opened::Opened;
use super::tried::{self, Tried};
use crate::designer::{Sketch, edit};
use crate::operation::{Error, dry_run};
use crate::panel::frame::{Frame, Section};
use crate::panel::reply::{self, Refusal};
use crate::panel::saving;
use crate::panel::values::{self, Field};
use crate::panel::visit::{Pairs, Visit};

/// The field of a sample's status, and of its body, before the name of the step.
pub const STATUS: &str = "status:";
pub const BODY: &str = "body:";

/// The longest body of a sample, in bytes.
const MAX_BODY_BYTES: usize = 256 * 1024;

#[derive(Template)]
#[template(path = "dry_run.html")]
struct Page {
    p: Frame,
    id: String,
    title: String,
    /// The call whose values these are; empty = they are typed.
    receipt: String,
    /// The record that the workflow runs on; empty = none.
    record: String,
    fields: Vec<Field>,
    left_out: i64,
    /// While somebody listens for a call, or has done so.
    listening: Option<Listening>,
    /// Where a call goes.
    call: String,
    steps: Vec<String>,
    until: String,
    /// Why there is no result.
    error: String,
    /// What is wrong with the draft, if that is why.
    faults: Vec<String>,
    tried: Option<Tried>,
}

/// The data with which the draft would be tried.
struct Data {
    receipt: Option<ReceiptId>,
    data: TestData,
}

/// The form with the data of the call that was chosen, or that has come while somebody listens.
pub async fn show(visit: &Visit<'_>) -> Result<Response, Refusal> {
    let opened = Opened::find(visit).await?;
    let sketch = Sketch::of(&edit::read(&opened.draft.text).unwrap_or_default());
    let listening = Listening::of(visit, &opened, &sketch).await?;
    let named = visit.query.get("receipt").parse().ok();
    let heard = listening.as_ref().and_then(|listening| listening.heard.call);
    let chosen = match named.or(heard) {
        None if listening.is_none() => test_calls::find(&visit.connection().await?, opened.id, visit.account()).await?,
        chosen => chosen,
    };
    let data = of_receipt(visit, &opened, chosen).await?;
    let mut page = page(visit, &opened, (data, &Pairs::default())).await?;
    page.until = visit.query.get("until").to_owned();
    page.listening = listening;
    reply::page(&page)
}

/// Tries the draft with the values of the form.
pub async fn run(visit: &Visit<'_>) -> Result<Response, Refusal> {
    let opened = Opened::find(visit).await?;
    let mut data = of_receipt(visit, &opened, visit.form.get("receipt").parse().ok()).await?;
    let record = visit.form.get("record").trim();
    let typed = values::typed(&visit.form, &data.data.env);
    let (env, record) = match (typed, record.parse()) {
        (None, _) => return unsaved(visit, &opened, data, "value-no-json").await,
        (Some(_), Err(_)) if !matches!(record, "" | "0") => {
            return unsaved(visit, &opened, data, "record-no-name").await;
        }
        (Some(env), record) => (env, record.ok()),
    };
    (data.data.env, data.data.record) = (env, record);
    if let Some(receipt) = data.receipt {
        test_calls::choose(&visit.connection().await?, opened.id, visit.account(), receipt).await?;
    }
    let answers = samples(visit);
    let until = visit.form.all("until").last().unwrap_or_default().to_owned();
    let request = request(visit, &opened, (&data.data, &until), answers).await;
    let began_with = data.data.env.clone();
    let mut page = page(visit, &opened, (data, &Pairs::default())).await?;
    page.until = until;
    match request {
        Ok(Ok(report)) => {
            page.tried = Some(tried::of(&page.p, &report.in_language(visit.language), &began_with));
            reply::page(&page)
        }
        Ok(Err(reason)) => {
            page.error = reason;
            reply::unsaved(&page)
        }
        Err(Error::Documents(findings)) => {
            page.error = visit.t("try-draft-faults");
            let fault = |one: crate::operation::Finding| match one.path.as_str() {
                "" => one.message,
                path => format!("{path}: {}", one.message),
            };
            page.faults = findings.into_iter().map(fault).collect();
            reply::unsaved(&page)
        }
        Err(Error::Invalid(reason)) => {
            page.error = reason;
            reply::unsaved(&page)
        }
        Err(error) => Err(error.into()),
    }
}

/// The result, or the text for why there is none.
async fn request(
    visit: &Visit<'_>,
    opened: &Opened,
    (data, until): (&TestData, &str),
    answers: BTreeMap<String, Sample>,
) -> Result<Result<Report, String>, Error> {
    let state = &visit.panel.state;
    let document = dry_run::checked(state, visit.language, opened.id, &opened.draft.text).await?;
    let until = until.parse().ok();
    let tried = dry_run::ask(state, &Request { document, data: data.clone(), until, answers }).await?;
    Ok(tried.map_err(|reason| reason.text(visit.language)))
}

async fn unsaved(visit: &Visit<'_>, opened: &Opened, data: Data, key: &str) -> Result<Response, Refusal> {
    let mut page = page(visit, opened, (data, &visit.form)).await?;
    page.error = visit.t(key);
    reply::unsaved(&page)
}

/// What other systems answer, as it was typed: a text that is JSON is a value.
fn samples(visit: &Visit<'_>) -> BTreeMap<String, Sample> {
    let sample = |(name, status): (&str, &str)| {
        let step = name.strip_prefix(STATUS)?;
        let body = visit.form.get(&format!("{BODY}{step}"));
        let status = status.trim().parse().ok().filter(|status| (100..600).contains(status))?;
        let body = if body.trim().is_empty() || body.len() > MAX_BODY_BYTES {
            Value::Null
        } else {
            serde_json::from_str(body).unwrap_or_else(|_| body.into())
        };
        Some((step.to_owned(), Sample { status, body }))
    };
    visit.form.iter().filter_map(sample).collect()
}

/// The data of a call, or the names that the draft reads.
async fn of_receipt(visit: &Visit<'_>, opened: &Opened, chosen: Option<ReceiptId>) -> Result<Data, Refusal> {
    if let Some(receipt) = chosen
        && let Some(data) = dry_run::of_receipt(&visit.panel.state, receipt).await?
    {
        return Ok(Data { receipt: Some(receipt), data });
    }
    let document = edit::read(&opened.draft.text).unwrap_or_default();
    let env: Env = tried::names(&document).into_iter().map(|name| (name, "".into())).collect();
    Ok(Data { receipt: None, data: TestData { env, ..dry_run::typed() } })
}

/// The page. What is `unread` of the form stands in its fields as it was typed.
async fn page(visit: &Visit<'_>, opened: &Opened, (data, unread): (Data, &Pairs)) -> Result<Page, Refusal> {
    let document = edit::read(&opened.draft.text).unwrap_or_default();
    let sketch = Sketch::of(&document);
    let Data { receipt, data } = data;
    let (fields, left_out) = values::fields(unread, &data.env);
    let typed = unread.get("record");
    let record = || data.record.as_ref().map(ToString::to_string).unwrap_or_default();
    Ok(Page {
        p: Frame::new(visit, Section::Workflows).await,
        id: opened.id.to_string(),
        title: saving::title(&document).to_owned(),
        receipt: receipt.map(|receipt| receipt.to_string()).unwrap_or_default(),
        record: if typed.is_empty() { record() } else { typed.to_owned() },
        fields,
        left_out,
        listening: None,
        call: super::listen::call(visit, opened.id, &sketch),
        steps: sketch.steps.iter().map(|step| step.name.clone()).collect(),
        until: String::new(),
        error: String::new(),
        faults: Vec::new(),
        tried: None,
    })
}
