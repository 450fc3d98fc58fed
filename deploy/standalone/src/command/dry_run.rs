//! `postern try`: what a workflow would do with some data. Nothing is changed and nothing is sent.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::str::FromStr;

use clap::Args;
use postern_control::operation::dry_run::{Input, TryWorkflow};
use postern_shared::document::Name;
use postern_shared::dry_run::{Change, Report, Sample, Sent, Step, What};
use postern_shared::env::Env;
use postern_shared::expression::render;
use postern_shared::id::{ReceiptId, StepName, WorkflowId};
use postern_shared::record_ref::RecordRef;
use serde_json::Value;

use crate::documents::read;
use crate::known;
use crate::options::Server;
use crate::output::{Failure, Output, harmless, state};

/// Arguments of `try`.
#[derive(Debug, Args)]
pub struct Options {
    /// The number of the workflow
    workflow: WorkflowId,
    /// With what: the receipt of a call, a file with the posted values as a JSON object, or - for standard input
    #[arg(long = "with", value_name = "RECEIPT|FILE|-")]
    data: Option<Data>,
    /// A document of the workflow that is not applied yet; without it, the version in force is tried
    #[arg(long, value_name = "FILE")]
    draft: Option<PathBuf>,
    /// The record that it runs on
    #[arg(long)]
    record: Option<RecordRef>,
    /// Stops behind this step
    #[arg(long, value_name = "STEP")]
    until: Option<StepName>,
    /// What another system answers to a step: a status, or a status and a body; several are possible
    #[arg(long = "answer", value_name = "STEP=STATUS[:BODY]", value_parser = answer)]
    answers: Vec<(String, Sample)>,
    #[command(flatten)]
    api: Server,
}

/// Where the data is.
#[derive(Debug, Clone)]
enum Data {
    Receipt(ReceiptId),
    File(PathBuf),
}

impl FromStr for Data {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(text.parse().map_or_else(|_| Self::File(text.into()), Self::Receipt))
    }
}

/// Prints the path, with what each step would do. A run that would fail, or not begin, is a failure.
pub async fn run(options: &Options, output: &mut Output) -> Result<(), Failure> {
    let api = options.api.api()?;
    let (receipt, env) = match &options.data {
        None => (None, None),
        Some(Data::Receipt(receipt)) => (Some(*receipt), None),
        Some(Data::File(path)) => (None, Some(values(path)?)),
    };
    let input = Input {
        id: options.workflow,
        document: options.draft.as_ref().map(text_of).transpose()?,
        receipt,
        env,
        query: None,
        record: options.record.clone(),
        until: options.until.clone(),
        answers: options.answers.iter().cloned().collect::<BTreeMap<_, _>>(),
    };
    let report = api.call::<TryWorkflow>(&input).await;
    let report = known::or_unknown(&api, report, [Name::Workflow(options.workflow)]).await?;
    output.named(&report.status, shown(&report), &report)?;
    if matches!(report.status.as_str(), "failed" | "did_not_run") { Err(Failure::Reported) } else { Ok(()) }
}

/// The text of one file.
fn text_of(path: &PathBuf) -> Result<String, Failure> {
    let texts = read(std::slice::from_ref(path))?;
    let bytes = texts.into_iter().next().map(|text| text.bytes).unwrap_or_default();
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn values(path: &PathBuf) -> Result<Env, Failure> {
    let hint = "it holds the posted values by their names, such as {\"lastname\": \"Lovelace\"}";
    serde_json::from_str(&text_of(path)?)
        .map_err(|error| Failure::usage(format!("{} is no JSON object: {error}", path.display()), hint))
}

fn answer(text: &str) -> Result<(String, Sample), &'static str> {
    const FORM: &str = "must be STEP=STATUS or STEP=STATUS:BODY, such as ask=200:{\"score\":7}";
    let (step, answer) = text.split_once('=').ok_or(FORM)?;
    let (status, body) = answer.split_once(':').unwrap_or((answer, ""));
    let status = status.parse().ok().filter(|status| (100..600).contains(status)).ok_or(FORM)?;
    let body = match body {
        "" => Value::Null,
        body => serde_json::from_str(body).unwrap_or_else(|_| body.into()),
    };
    Ok((step.to_owned(), Sample { status, body }))
}

/// The result for people.
fn shown(report: &Report) -> String {
    // Colours are added last: what strangers wrote may contain none.
    let said = report.message.as_ref().map(|message| format!(": {message}")).unwrap_or_default();
    format!("{}{}", state(&report.status), harmless(&format!("{said}{}", details(report))))
}

fn details(report: &Report) -> String {
    let mut text: String = report.path.iter().map(step).collect();
    for child in &report.children {
        let said = child.message.as_ref().map(|message| format!(": {message}")).unwrap_or_default();
        text += &format!("\nrun {} of workflow {}: {}{said}", child.run, child.workflow, child.status);
    }
    for change in &report.records {
        text += &format!("\n{}", changed(change, ""));
    }
    if let Some(response) = &report.response {
        text += &format!("\nthe caller gets {} {}\n  {}", response.status, response.content_type, response.body);
    }
    text
}

fn step(step: &Step) -> String {
    let ends: Vec<&str> = step.output.iter().chain(&step.message).map(String::as_str).collect();
    let run = if step.run == 1 { String::new() } else { format!("run {}: ", step.run) };
    let mut text = format!("\n{run}{} {} ({}): {}", step.number, step.step, step.task, ends.join(", "));
    for change in &step.changes {
        text += &format!("\n    {}", changed(change, "    "));
    }
    for comment in &step.comments {
        text += &format!("\n    comment on record {}: {}", comment.record, comment.text);
    }
    text + &step.sends.as_ref().map(sent).unwrap_or_default()
}

fn sent(sent: &Sent) -> String {
    let mut text = String::new();
    if let Some(request) = &sent.request {
        text += &format!("\n    {} {}", request.method, request.url);
        for (name, value) in &request.headers {
            text += &format!("\n      {name}: {value}");
        }
        text += &request.body.as_ref().map(|body| format!("\n      {body}")).unwrap_or_default();
    }
    if let Some(mail) = &sent.mail {
        text += &format!("\n    mail to {}: {}", mail.to.join(", "), mail.subject);
        for body in mail.text.iter().chain(&mail.html) {
            text += &format!("\n      {}", body.replace('\n', "\n      "));
        }
    }
    if let Some(answer) = &sent.answer {
        text += &format!("\n    taken as the answer: {} {}", answer.status, render(&answer.body));
    }
    text
}

fn changed(change: &Change, indentation: &str) -> String {
    let what = match change.what {
        What::Created => "creates",
        What::Changed => "changes",
        What::Deleted => "deletes",
    };
    let mut text = format!("{what} record {} of {}", change.record, change.module);
    for (name, had, has) in change.fields() {
        let shown = |value: Option<&Value>| value.map_or_else(|| "–".to_owned(), render);
        let had = if change.what == What::Created { String::new() } else { format!("{} → ", shown(had)) };
        text += &format!("\n{indentation}  {name}: {had}{}", shown(has));
    }
    text
}
