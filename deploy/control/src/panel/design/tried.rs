//! What a dry run showed, for people.

use std::collections::BTreeMap;

use postern_shared::dry_run::{Change, HttpRequest, Mail, Report, Response, Sample, Sent, Step, What};
use postern_shared::env::Env;
use postern_shared::expression::render;
use postern_shared::workflow::Workflow;
use serde_json::Value;

use crate::panel::frame::Frame;
use crate::panel::shown::{Pill, looks, shortened};
use crate::panel::tree::Tree;

/// How much of a value a line shows, in characters.
const MAX_CHARS: usize = 500;

/// How much of a body a page shows, in characters.
const MAX_BODY_CHARS: usize = 4_000;

/// A result.
#[derive(Debug)]
pub struct Tried {
    pub pill: Pill,
    pub message: String,
    pub path: Vec<Taken>,
    pub records: Vec<Touched>,
    pub response: Option<Response>,
    pub children: Vec<ChildRun>,
    /// `$env` at the end.
    pub env: Option<Tree>,
}

/// A step.
#[derive(Debug)]
pub struct Taken {
    /// Of a run that a step started: its number.
    pub run: Option<i64>,
    pub number: i32,
    pub step: String,
    pub task: String,
    pub output: String,
    pub message: String,
    /// Whether the person can stop behind it.
    pub is_own: bool,
    /// What it has changed of `$env`.
    pub values: Vec<(String, String)>,
    pub changes: Vec<Touched>,
    pub comments: Vec<(String, String)>,
    pub request: Option<HttpRequest>,
    pub mail: Option<Mail>,
    pub sample: Option<Typed>,
    pub waits_until: String,
}

/// The sample that a person may edit.
#[derive(Debug)]
pub struct Typed {
    pub status: u16,
    pub body: String,
    /// Whether it can be edited here: a step that is taken twice has one sample.
    pub is_first: bool,
}

/// A record.
#[derive(Debug)]
pub struct Touched {
    pub record: String,
    pub module: String,
    pub what: String,
    pub is_new: bool,
    /// Names with what they had and what they have.
    pub fields: Vec<(String, String, String)>,
}

/// A run that a step starts.
#[derive(Debug)]
pub struct ChildRun {
    pub run: i64,
    pub workflow: String,
    pub record: String,
    pub pill: Pill,
    pub message: String,
}

/// The names of `$env` that the steps of a draft read and do not set: what a caller would post.
pub fn names(document: &Value) -> Vec<String> {
    let Ok(workflow) = Workflow::from_document(document) else { return Vec::new() };
    let condition = workflow.start.condition.iter().flat_map(|condition| &condition.reads().names);
    let read = condition.chain(workflow.steps.iter().flat_map(|step| &step.reads.names));
    let set = super::references::set_names(document);
    let mut names: Vec<String> = read.filter(|name| !set.contains(name)).cloned().collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// For a page.
pub fn of(p: &Frame, report: &Report, began_with: &Env) -> Tried {
    let mut before: BTreeMap<i16, &Env> = BTreeMap::from([(1, began_with)]);
    let mut sampled = Vec::new();
    let path = report.path.iter().map(|step| {
        let values = step.env.as_ref().map_or_else(Vec::new, |env| match before.insert(step.run, env) {
            Some(had) => differing(had, env),
            // What a run begins with that a step starts is what that step has.
            None => Vec::new(),
        });
        taken(p, step, values, &mut sampled)
    });
    Tried {
        path: path.collect(),
        pill: pill(p, &report.status),
        message: report.message.clone().unwrap_or_default(),
        records: report.records.iter().map(|change| touched(p, change)).collect(),
        response: report.response.clone(),
        children: (report.children.iter())
            .map(|child| ChildRun {
                run: child.run.into(),
                workflow: child.workflow.to_string(),
                record: child.record.as_ref().map(ToString::to_string).unwrap_or_default(),
                pill: pill(p, &child.status),
                message: child.message.clone().unwrap_or_default(),
            })
            .collect(),
        env: report.path.iter().rev().find(|step| step.run == 1).and_then(|step| step.env.as_ref()).map(Tree::of),
    }
}

fn pill(p: &Frame, status: &str) -> Pill {
    let (class, glyph) = looks(if status == "did_not_run" { "unmatched" } else { status });
    Pill { class, glyph, text: p.word("state", status) }
}

fn taken(p: &Frame, step: &Step, values: Vec<(String, String)>, sampled: &mut Vec<String>) -> Taken {
    let Sent { request, mail, answer } = step.sends.clone().unwrap_or(Sent { request: None, mail: None, answer: None });
    let is_first = !sampled.contains(&step.step);
    if answer.is_some() && is_first {
        sampled.push(step.step.clone());
    }
    let shorter = |mut request: HttpRequest| {
        request.body = request.body.map(|body| shortened(&body, MAX_BODY_CHARS));
        request
    };
    Taken {
        run: (step.run != 1).then(|| step.run.into()),
        number: step.number,
        step: step.step.clone(),
        task: step.task.clone(),
        output: p.output(step.output.as_deref().unwrap_or_default()),
        message: step.message.clone().filter(|_| step.waits_until.is_none()).unwrap_or_default(),
        is_own: step.run == 1,
        values,
        changes: step.changes.iter().map(|change| touched(p, change)).collect(),
        comments: step.comments.iter().map(|one| (one.record.to_string(), one.text.clone())).collect(),
        request: request.map(shorter),
        mail,
        sample: answer.map(|Sample { status, body }| Typed { status, body: body_text(&body), is_first }),
        waits_until: step.waits_until.clone().unwrap_or_default(),
    }
}

fn body_text(body: &Value) -> String {
    match body {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        value => value.to_string(),
    }
}

/// The names whose values differ, with what they have now.
fn differing(had: &Env, has: &Env) -> Vec<(String, String)> {
    let changed = has.0.iter().filter(|(name, value)| had.get(name) != Some(value));
    let gone = had.0.keys().filter(|name| has.get(name).is_none());
    let changed = changed.map(|(name, value)| (name.clone(), text(Some(value))));
    changed.chain(gone.map(|name| (name.clone(), text(None)))).collect()
}

fn touched(p: &Frame, change: &Change) -> Touched {
    let word = match change.what {
        What::Created => "try-record-created",
        What::Changed => "try-record-changed",
        What::Deleted => "try-record-deleted",
    };
    let fields = change.fields().into_iter().map(|(name, had, has)| (name.to_owned(), text(had), text(has)));
    Touched {
        record: change.record.to_string(),
        module: change.module.to_string(),
        what: p.t(word),
        is_new: change.what == What::Created,
        fields: fields.collect(),
    }
}

fn text(value: Option<&Value>) -> String {
    value.map_or_else(
        || "–".to_owned(),
        |value| match value {
            Value::Array(_) | Value::Object(_) => shortened(&value.to_string(), MAX_CHARS),
            value => shortened(&render(value), MAX_CHARS),
        },
    )
}
