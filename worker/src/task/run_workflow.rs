//! `run_workflow`: starts runs of a workflow, and waits for them if it is told to. They are written with the step: all or none,
//! and once. What is wrong with the workflow or with a value fails the step; whether each of them begins on its record
//! it sees by itself.

use std::sync::Arc;

use postern_shared::env::Env;
use postern_shared::expression::{Template, render};
use postern_shared::message::Message;
use postern_shared::record_ref::RecordRef;
use postern_shared::store::checkpoints::{Checkpoint, Elsewhere, Frames};
use postern_shared::store::receipts::MAX_RUNS;
use postern_shared::store::run_results::RunResult;
use postern_shared::task::for_each::items_of;
use postern_shared::task::run_workflow::{MAX_DEPTH, MAX_ITEMS, RunWorkflow};
use serde_json::Value;

use super::context::{self, Context};
use super::error::TaskError;
use super::outcome::Outcome;
use super::query::{Answer, Query};
use super::{awaited, child};
use crate::bundle::effects::ChildRun;
use crate::matching::catalog::Pinned;
use crate::run::checkpoint::{self, Next, Wake};

/// The most runs that a step starts in the transaction of a bundle, which others share. A step that starts more
/// continues in a transaction of its own.
const MAX_IN_BUNDLE: usize = 50;

pub fn perform(
    settings: &RunWorkflow,
    answer: Option<Answer>,
    context: &mut Context<'_>,
) -> Result<Outcome, TaskError> {
    if let (Some(awaits), Some(wait)) = (context.awaits, &settings.wait) {
        return awaited::perform(awaits, wait.store.as_deref(), answer, context);
    }
    let id = settings.workflow;
    let said = |message| Ok(Outcome::Said { output: "next", message });
    let Some(pinned) = context.unit.workflow(id) else {
        return Err(TaskError::WorkflowMissing { workflow: id });
    };
    if !pinned.workflow.active {
        if settings.wait.is_some() {
            return Ok(Outcome::Failed { message: Message::InactiveNotStarted { workflow: id } });
        }
        return said(Message::InactiveNotStarted { workflow: id });
    }
    if usize::from(context.depth) >= MAX_DEPTH {
        return Err(TaskError::ChainTooDeep { most: MAX_DEPTH });
    }
    let (items, many) = items(settings, context)?;
    let count = items.len();
    match answer {
        Some(Answer::Numbers(Some(first))) => {
            let children = (first..).zip((1..).zip(&items));
            let children = children.map(|(number, item)| child(settings, &pinned, number, item, context));
            // None is started before all could be made.
            let children: Vec<ChildRun> = children.collect::<Result<_, TaskError>>()?;
            context.unit.effects.child_runs.extend(children);
            let message = Message::RunsStarted { count, workflow: id };
            match &settings.wait {
                Some(wait) => Ok(Outcome::Await { until: context.now() + wait.timeout, many, message }),
                None => said(message),
            }
        }
        Some(Answer::Numbers(None)) => Err(TaskError::TooManyRuns { most: MAX_RUNS.into() }),
        _ if count == 0 => {
            if let Some(name) = settings.wait.as_ref().and_then(|wait| wait.store.as_deref()) {
                context.set_env(name, Value::Array(Vec::new()))?;
            }
            said(Message::ListEmpty { workflow: id })
        }
        _ if count > MAX_IN_BUNDLE && !context.alone => Ok(Outcome::Alone),
        _ => Ok(Outcome::Ask(Query::Numbers {
            receipt: context.run.receipt,
            count: i16::try_from(count).unwrap_or(i16::MAX),
        })),
    }
}

/// The items of `for_each`, or else the values of `record`, and whether these are a list; a value that is no list is one
/// item.
fn items(settings: &RunWorkflow, context: &mut Context<'_>) -> Result<(Vec<Value>, bool), TaskError> {
    let (name, template) = match (&settings.for_each, &settings.record) {
        (Some(each), _) => ("for_each", &each.items),
        (None, Some(record)) => ("record", record),
        (None, None) => return Ok((vec![Value::Null], false)),
    };
    let (items, many) = match context.value(name, template)? {
        value if settings.for_each.is_some() => (items_of(value), true),
        Value::Array(items) => (items, true),
        one => (vec![one], false),
    };
    if items.len() > MAX_ITEMS {
        return Err(TaskError::ListTooLong { field: name.to_owned(), items: items.len(), most: MAX_ITEMS });
    }
    Ok((items, many))
}

/// The run of an item; what it keeps counts as written by this one.
fn child(
    settings: &RunWorkflow,
    pinned: &Arc<Pinned>,
    number: i16,
    (index, item): (i32, &Value),
    context: &mut Context<'_>,
) -> Result<ChildRun, TaskError> {
    context.budget.compute()?;
    let mut scope = context.scope.clone();
    if let Some(each) = &settings.for_each {
        let env = Arc::make_mut(&mut scope.env);
        env.set(&each.item, item.clone());
        env.set(&each.index, index.into());
    }
    let value =
        |name: &str, template: &Template| template.value(&scope).map_err(|error| TaskError::in_field(name, error));
    let record = match (&settings.record, &settings.for_each) {
        (None, _) => context.record.clone(),
        (Some(_), None) => record(item)?,
        (Some(template), Some(_)) => record(&value("record", template)?)?,
    };
    let more = settings.env.iter().map(|(name, template)| Ok((name, value(name, template)?)));
    let more: Vec<_> = more.collect::<Result<_, TaskError>>()?;
    let mut env = Arc::unwrap_or_clone(scope.env);
    more.into_iter().for_each(|(name, value)| env.set(name, value));
    let awaited = settings.wait.as_ref().map(|_| RunResult::default());
    let (trace, tracestate) = (context.trace, context.tracestate.cloned());
    let checkpoint = Checkpoint { trace, tracestate, ..beginning(pinned, env, context.depth + 1, awaited) };
    let wake = if pinned.workflow.start.hold { Wake::Held } else { Wake::Now };
    let record = record.map(|record| context.unit.record_of(&pinned.workflow, record));
    child::child(context, (pinned, number, index), record, &checkpoint, wake)
}

/// As in a call of ingress: 0 or an empty value is no record.
fn record(value: &Value) -> Result<Option<RecordRef>, TaskError> {
    match render(value).trim() {
        "" | "0" => Ok(None),
        _ => context::record(value).map(Some),
    }
}

/// Where it begins.
fn beginning(pinned: &Pinned, env: Env, depth: u8, awaited: Option<RunResult>) -> Checkpoint {
    let next: Vec<Next> = pinned.workflow.start.next.iter().rev().copied().map(Next::from).collect();
    let pending = checkpoint::written(&pinned.workflow, &next);
    Checkpoint {
        env,
        pending,
        parked: Vec::new(),
        is_new: pinned.workflow.start.hold,
        begins: true,
        depth,
        calling: false,
        awaited,
        frames: Frames::default(),
        elsewhere: Elsewhere::default(),
        trace: None,
        tracestate: None,
    }
}
