//! A run that has ended is run again from the start: what it has done already stands first, then the values, to be edited.

use std::collections::BTreeSet;

use askama::Template;
use postern_shared::resume::RunKey;
use warp::reply::Response;

use super::frame::{Frame, Section};
use super::reply::{self, Refusal};
use super::values::{self, Field};
use super::visit::Visit;
use crate::operation::field::Text;
use crate::operation::run::NamedRun;
use crate::operation::run::effects::{self, GetEffects};
use crate::operation::run::run_again::{self, RunAgain};
use crate::operation::{Error, Operation};

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

/// What would happen twice, and the values.
pub async fn show(visit: &Visit<'_>) -> Result<Response, Refusal> {
    reply::page(&page(visit, String::new()).await?)
}

/// Runs the run again with the values of the form; those that are as they were need not be sent.
pub async fn run_again(visit: &Visit<'_>) -> Result<Response, Refusal> {
    let run = key(visit)?;
    let before = before(visit, run).await?;
    let Some(env) = values::edited(&visit.form, &before.env.unwrap_or_default()) else {
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
    let (fields, left_out) = values::fields(&visit.form, &env);
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
        fields,
        left_out,
        error,
        p,
    })
}

fn key(visit: &Visit<'_>) -> Result<RunKey, Refusal> {
    visit.argument.parse().map_err(|_| Refusal::NotFound)
}
