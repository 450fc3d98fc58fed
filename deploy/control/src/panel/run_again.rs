//! A run that has ended is run again from the start: what it has done already stands first, then the values, to be edited.

use std::collections::BTreeSet;

use askama::Template;
use postern_shared::env::Env;
use postern_shared::resume::RunKey;
use serde_json::Value;
use warp::reply::Response;

use super::frame::{Frame, Section};
use super::reply::{self, Refusal};
use super::visit::Visit;
use crate::operation::field::Text;
use crate::operation::run::NamedRun;
use crate::operation::run::effects::{self, GetEffects};
use crate::operation::run::run_again::{self, RunAgain};
use crate::operation::{Error, Operation};

/// How many values can be edited; those beyond stay as they are.
const EDITED: usize = 200;

/// The field of a value that is a text, and of one that is written as JSON.
const TEXT: &str = "text:";
const JSON: &str = "json:";

#[derive(Template)]
#[template(path = "run_again.html")]
struct Page {
    p: Frame,
    run: String,
    receipt: String,
    workflow: String,
    version: i32,
    /// None = the workflow was removed.
    newest: Option<i32>,
    has_parent: bool,
    is_complete: bool,
    effects: Vec<Effect>,
    fields: Vec<Field>,
    /// How many values are not shown.
    left_out: i64,
    error: String,
}

struct Effect {
    what: String,
    workflow: String,
    step: String,
    count: i64,
    records: Vec<String>,
}

/// A value to edit.
struct Field {
    /// The name of the field in the form.
    key: String,
    name: String,
    value: String,
    is_json: bool,
    /// Whether it has several lines, or may get some.
    is_long: bool,
}

/// What would happen twice, and the values.
pub async fn show(visit: &Visit<'_>) -> Result<Response, Refusal> {
    reply::page(&page(visit, String::new()).await?)
}

/// Runs the run again with the values of the form; those that are as they were need not be sent.
pub async fn run_again(visit: &Visit<'_>) -> Result<Response, Refusal> {
    let run = key(visit)?;
    let before = before(visit, run).await?;
    let Some(env) = edited(visit, &before.env.unwrap_or_default()) else {
        return reply::unsaved(&page(visit, visit.t("value-no-json")).await?);
    };
    let input = run_again::Input { run: Text(run), env, without: BTreeSet::new() };
    match RunAgain::run(&visit.panel.state, &visit.who(), input).await {
        Ok(_) => Ok(reply::redirect(&format!("/receipts/{}?done=run-again", run.receipt))),
        Err(Error::Run(why)) => reply::unsaved(&page(visit, visit.t(&format!("obstacle-{}", why.word()))).await?),
        Err(Error::Invalid(_)) => reply::unsaved(&page(visit, visit.t("values-beyond")).await?),
        Err(error) => Err(error.into()),
    }
}

async fn before(visit: &Visit<'_>, run: RunKey) -> Result<effects::Output, Refusal> {
    Ok(GetEffects::run(&visit.panel.state, &visit.who(), NamedRun { run: Text(run) }).await?)
}

async fn page(visit: &Visit<'_>, error: String) -> Result<Page, Refusal> {
    let run = key(visit)?;
    let before = before(visit, run).await?;
    let p = Frame::new(visit, Section::Runs).await;
    let env = before.env.unwrap_or_default();
    let fields = env.0.iter().take(EDITED).map(|(name, value)| field(visit, name, value));
    let effect = |one: effects::Effect| Effect {
        what: p.word("effect", &one.what),
        workflow: one.workflow.to_string(),
        step: one.step.unwrap_or_default(),
        count: one.count,
        records: one.records.iter().map(ToString::to_string).collect(),
    };
    Ok(Page {
        run: run.to_string(),
        receipt: run.receipt.to_string(),
        workflow: before.workflow.to_string(),
        version: before.version,
        newest: before.newest_version,
        has_parent: before.has_parent,
        is_complete: before.complete,
        effects: before.effects.into_iter().map(effect).collect(),
        fields: fields.collect(),
        left_out: i64::try_from(env.0.len().saturating_sub(EDITED)).unwrap_or(i64::MAX),
        error,
        p,
    })
}

/// A value as it was typed last, or else as it is.
fn field(visit: &Visit<'_>, name: &str, value: &Value) -> Field {
    let (key, text) = written(name, value);
    let typed = visit.form.all(&key).next().map(str::to_owned);
    let (value, is_json) = (typed.unwrap_or(text), key.starts_with(JSON));
    Field { name: name.to_owned(), is_long: is_json || value.contains('\n'), is_json, value, key }
}

/// The field of a value, and the text in it.
fn written(name: &str, value: &Value) -> (String, String) {
    match value {
        Value::String(text) => (format!("{TEXT}{name}"), text.clone()),
        other => (format!("{JSON}{name}"), other.to_string()),
    }
}

/// What was changed of the values; nothing if something is no JSON. A browser writes the end of a line as two characters.
fn edited(visit: &Visit<'_>, env: &Env) -> Option<Env> {
    let mut changed = Env::default();
    for (name, value) in env.0.iter().take(EDITED) {
        let (key, text) = written(name, value);
        let Some(typed) = visit.form.all(&key).next() else { continue };
        if typed.replace("\r\n", "\n") == text.replace("\r\n", "\n") {
            continue;
        }
        let value = if key.starts_with(JSON) { serde_json::from_str(typed).ok()? } else { Value::from(typed) };
        changed.set(name.clone(), value);
    }
    let name = visit.form.get("new_name").trim();
    if !name.is_empty() {
        changed.set(name, visit.form.get("new_value").into());
    }
    Some(changed)
}

fn key(visit: &Visit<'_>) -> Result<RunKey, Refusal> {
    visit.argument.parse().map_err(|_| Refusal::NotFound)
}
