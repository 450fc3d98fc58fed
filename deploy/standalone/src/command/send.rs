//! `postern send`: posts submissions as a form or as JSON, one from the command line or one per row of a file.

mod answer;
mod charset;
mod csv_file;
mod delimiter;
mod json_file;
mod outcome;
mod rows;

use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use postern_shared::id::{RecordId, TriggerKey, WorkflowId};
use postern_shared::receipt::Report;
use reqwest::redirect::Policy;
use reqwest::{Client, Url};
use serde_json::json;
use tokio::task::{JoinError, JoinSet};
use tokio::time::{Interval, interval};

use super::receipt;
use crate::http;
use crate::options::http_url;
use crate::output::{Failure, Output, harmless, json as to_json};
use answer::Answer;
use csv_file::{CsvFile, Form};
use json_file::JsonFile;
use rows::{Body, Row, Rows};

/// How long one answer may take: ingress answers after a confirm, and gives up on that after a few seconds.
const TIMEOUT: Duration = Duration::from_secs(30);

/// The highest rate: a faster clock than this cannot be kept by the timer.
const MAX_RATE: u32 = 100_000;

/// The most submissions on their way at once: each holds a connection.
const MAX_CONCURRENCY: i64 = 1_000;

/// Arguments of `send`.
#[derive(Debug, Args)]
pub struct Options {
    /// Where to post, such as http://localhost:8080/trigger
    #[arg(value_parser = http_url)]
    url: Url,
    /// Runs this workflow
    #[arg(long, value_name = "ID", conflicts_with = "trigger")]
    workflow: Option<WorkflowId>,
    /// Fires this trigger
    #[arg(long, value_name = "KEY")]
    trigger: Option<TriggerKey>,
    /// Runs on this record
    #[arg(long, value_name = "ID")]
    record: Option<RecordId>,
    /// Posts every row of this file; its first line has the names
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,
    #[command(flatten)]
    form: Form,
    /// Posts the JSON object of this file, or each one of several
    #[arg(long, value_name = "FILE|-", conflicts_with_all = ["csv", "variables"])]
    json: Option<PathBuf>,
    /// Waits for what becomes of each submission, prints what a workflow responded, and fails unless it ends well
    #[arg(long)]
    wait: bool,
    /// Waits at most so long for each
    #[arg(long, value_name = "SECONDS", default_value_t = 60, requires = "wait")]
    timeout: u32,
    /// Posts at most so many each second
    #[arg(long, value_name = "N/s", value_parser = rate)]
    rate: Option<u32>,
    /// Has at most so many unanswered at once
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=MAX_CONCURRENCY))]
    concurrency: u16,
    /// Variables; with --csv they are added to every row
    #[arg(value_name = "NAME=VALUE", value_parser = variable)]
    variables: Vec<(String, String)>,
}

/// Posts everything, prints each receipt or what became of it, and counts the answers.
pub async fn run(options: Options, output: &mut Output) -> Result<(), Failure> {
    let rows = rows(&options, output)?;
    // Redirects are answers to be seen.
    let client = http::client(|| Client::builder().timeout(TIMEOUT).redirect(Policy::none()))?;
    let mut tally = Tally { output, bar: progress(&rows), statuses: BTreeMap::new(), refused: 0, ended: Ok(()) };
    let read = post_all(&options, &client, rows, &mut tally).await;
    tally.summary()?;
    let hint = "the rows before were posted: send the rest after mending this one";
    read.map_err(|message| Failure::failed(message, hint))?;
    match (tally.refused, tally.ended) {
        (0, ended) => ended,
        _ => Err(Failure::Reported),
    }
}

fn rows(options: &Options, output: &mut Output) -> Result<Rows, Failure> {
    let variables = options.variables.clone();
    match (&options.csv, &options.json) {
        (Some(file), _) => {
            let file = CsvFile::open(file, &options.form)?;
            if let Some(note) = &file.note {
                output.note(note);
            }
            Ok(Rows::of_csv(file, variables))
        }
        (None, Some(file)) => Ok(Rows::of_json(JsonFile::open(file)?)),
        (None, None) => Ok(Rows::one(variables)),
    }
}

/// Posts every row; a row that cannot be read ends it.
async fn post_all(options: &Options, client: &Client, mut rows: Rows, tally: &mut Tally<'_>) -> Result<(), String> {
    let url = target(options);
    let wait = options.wait.then(|| Duration::from_secs(options.timeout.into()));
    let mut clock = options.rate.map(|rate| interval(Duration::from_secs(1) / rate));
    let mut running = JoinSet::new();
    let end = loop {
        let row = match rows.next() {
            None => break Ok(()),
            Some(Err(message)) => break Err(message),
            Some(Ok(row)) => row,
        };
        while running.len() >= usize::from(options.concurrency) {
            let Some(done) = running.join_next().await else { break };
            tally.count(done)?;
        }
        if let Some(clock) = &mut clock {
            Interval::tick(clock).await;
        }
        tally.bar.set_position(row.offset_bytes);
        running.spawn(post(client.clone(), url.clone(), row, wait));
    };
    while let Some(done) = running.join_next().await {
        tally.count(done)?;
    }
    end
}

/// What became of one row.
struct Done {
    line: u64,
    answer: Answer,
    /// The receipt as it was read last, if it was waited for.
    outcome: Option<Report>,
}

async fn post(client: Client, url: Url, row: Row, wait: Option<Duration>) -> Done {
    let request = match &row.body {
        Body::Form(variables) => client.post(url.clone()).form(variables),
        Body::Json(object) => client.post(url.clone()).json(object),
    };
    let answer = Answer::of(request.send().await).await;
    let outcome = match (wait, answer.receipt()) {
        (Some(most), Some(receipt)) => Some(outcome::of(&client, &url, receipt, most).await),
        _ => None,
    };
    Done { line: row.line, answer, outcome }
}

fn target(options: &Options) -> Url {
    let mut url = options.url.clone();
    let selectors = [
        ("workflow_id", options.workflow.map(|id| id.to_string())),
        ("workflow_trigger", options.trigger.as_ref().map(TriggerKey::to_string)),
        ("record_id", options.record.map(|id| id.to_string())),
    ];
    for (name, value) in selectors {
        if let Some(value) = value {
            url.query_pairs_mut().append_pair(name, &value);
        }
    }
    url
}

/// What became of a submission that was waited for, and what its workflow responded.
fn waited(outcome: &Report, answer: &Answer) -> String {
    let response = answer.response().map(|text| format!("\n{}", harmless(&text))).unwrap_or_default();
    receipt::shown(outcome) + &response
}

/// Counts and prints the answers.
struct Tally<'o> {
    output: &'o mut Output,
    bar: ProgressBar,
    statuses: BTreeMap<String, u64>,
    refused: u64,
    /// The first submission that has not ended well.
    ended: Result<(), Failure>,
}

impl Tally<'_> {
    fn count(&mut self, done: Result<Done, JoinError>) -> Result<(), String> {
        let Done { line, answer, outcome } =
            done.map_err(|error| format!("a submission was lost on the way: {error}"))?;
        *self.statuses.entry(answer.status()).or_default() += 1;
        if !answer.is_success() {
            self.refused += 1;
        }
        let receipt = answer.receipt().map(|receipt| receipt.to_string()).unwrap_or_default();
        let mut json = answer.json(line);
        if let Some(outcome) = &outcome {
            json["outcome"] = to_json(outcome).map_err(|_| "an outcome cannot be written".to_owned())?;
            if self.ended.is_ok() {
                self.ended = receipt::judge(outcome);
            }
        }
        let text = outcome.as_ref().map_or_else(|| receipt.clone(), |outcome| waited(outcome, &answer));
        let (output, bar) = (&mut *self.output, &self.bar);
        let printed = bar.suspend(|| {
            if !answer.is_success() {
                output.note(format_args!("line {line}: {answer}"));
            }
            output.named(&receipt, text, &json)
        });
        printed.map_err(|_| "the results cannot be written".to_owned())
    }

    fn summary(&mut self) -> Result<(), Failure> {
        self.bar.finish_and_clear();
        let sent: u64 = self.statuses.values().sum();
        let parts: Vec<String> = self.statuses.iter().map(|(status, count)| format!("{status} × {count}")).collect();
        self.output.note(format_args!("{sent} sent: {}", parts.join(", ")));
        self.output.named("", "", &json!({"sent": sent, "statuses": self.statuses, "refused": self.refused}))
    }
}

fn progress(rows: &Rows) -> ProgressBar {
    let Some(bytes) = rows.bytes().filter(|_| std::io::stderr().is_terminal()) else { return ProgressBar::hidden() };
    let bar = ProgressBar::new(bytes);
    match ProgressStyle::with_template("{bar:40} {percent}% {elapsed} of {duration}") {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

fn variable(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("write it as name=value".to_owned()),
    }
}

fn rate(text: &str) -> Result<u32, String> {
    match text.strip_suffix("/s").unwrap_or(text).parse() {
        Ok(rate) if (1..=MAX_RATE).contains(&rate) => Ok(rate),
        _ => Err(format!("write it as N/s, where N is 1 to {MAX_RATE}")),
    }
}

#[cfg(test)]
mod tests;
