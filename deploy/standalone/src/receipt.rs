//! `postern receipt`: what became of one submission.

use std::time::Duration;

use clap::Args;
use postern_shared::id::ReceiptId;
use serde_json::Value;
use tokio::time::{Instant, interval};

use crate::options::Server;
use crate::output::{Failure, Output};
use crate::runs::line;

/// How often `--wait` looks: often enough for a person, too seldom to load the server.
const POLL: Duration = Duration::from_millis(250);

/// Arguments of `receipt`.
#[derive(Debug, Args)]
pub struct Options {
    /// The receipt that the caller got
    id: ReceiptId,
    /// Waits until all its runs have ended
    #[arg(long)]
    wait: bool,
    /// Waits at most so long
    #[arg(long, value_name = "SECONDS", default_value_t = 60, requires = "wait")]
    timeout: u32,
    #[command(flatten)]
    api: Server,
}

/// Prints its state and the runs that it started, each with its steps.
pub async fn run(options: &Options, output: &mut Output) -> Result<(), Failure> {
    let api = options.api.api()?;
    let path = format!("/receipts/{}", options.id);
    let end = Instant::now() + Duration::from_secs(options.timeout.into());
    let mut clock = interval(POLL);
    let receipt = loop {
        clock.tick().await;
        let receipt: Value = api.get(&path, &[]).await?;
        // Whatever is known when the time is over is shown, too.
        if !options.wait || !is_open(&receipt) || Instant::now() >= end {
            break receipt;
        }
    };
    match receipt["status"].as_str() {
        Some("dead_letter") => {
            let reason = receipt["reason"].as_str().unwrap_or_default();
            return Err(Failure::Failed(format!("it became a dead letter: {reason}")));
        }
        Some("queued") => {
            let text = "no worker has taken this receipt: it is queued, or was never given out here";
            return Err(Failure::Failed(text.to_owned()));
        }
        Some("replayed") => output.result(format!("{}: replayed{}", options.id, others(&receipt)), &receipt)?,
        _ => output.result(text(&receipt), &receipt)?,
    }
    if options.wait && is_open(&receipt) {
        return Err(Failure::Failed("it has not ended within the time".to_owned()));
    }
    Ok(())
}

fn is_open(receipt: &Value) -> bool {
    matches!(receipt["status"].as_str(), Some("queued" | "running" | "waiting" | "held"))
}

fn text(receipt: &Value) -> String {
    let word = |name: &str| receipt[name].as_str().unwrap_or_default();
    let target = match receipt["target"].as_object().and_then(|target| target.iter().next()) {
        Some((kind, Value::String(key))) => format!("{kind} {key}"),
        Some((kind, id)) => format!("{kind} {id}"),
        None => String::new(),
    };
    let mut text = format!("{}: {}", word("receipt"), word("status"));
    text += &format!("\naccepted {} by permission {} for {target}", word("accepted_at"), word("permission"));
    for run in list(receipt, "runs") {
        text += &format!("\n{}", line(run, "status"));
        for (number, step) in (1..).zip(list(run, "path")) {
            let word = |name: &str| step[name].as_str();
            let end: Vec<&str> = [word("output"), word("message")].into_iter().flatten().collect();
            let (name, task) = (word("step").unwrap_or_default(), word("task").unwrap_or_default());
            text += &format!("\n  {number} {name} ({task}): {}", end.join(", "));
        }
    }
    if let Some(more) = receipt["runs_left_out"].as_u64() {
        text += &format!("\nand {more} more runs");
    }
    if let Some(first) = receipt["duplicate_of"].as_str() {
        text += &format!("\nduplicate of {first}");
    }
    text += &others(receipt);
    for skipped in list(receipt, "skipped") {
        let workflow = skipped["workflow"].as_i64().map(|id| format!("workflow {id}: ")).unwrap_or_default();
        text += &format!("\nskipped: {workflow}{}", skipped["reason"].as_str().unwrap_or_default());
    }
    for (what, names) in [("posted, never read", "unread"), ("read, never posted", "unposted")] {
        let names: Vec<&str> = list(receipt, names).filter_map(Value::as_str).collect();
        if !names.is_empty() {
            text += &format!("\n{what}: {}", names.join(", "));
        }
    }
    text
}

/// The receipts that stand for this one, or for which it stands, a line each.
fn others(receipt: &Value) -> String {
    let line = |(name, what)| Some(format!("\n{what} {}", receipt[name].as_str()?));
    [("replayed_as", "replayed as"), ("replay_of", "replay of")].into_iter().filter_map(line).collect()
}

fn list<'v>(value: &'v Value, name: &str) -> impl Iterator<Item = &'v Value> {
    value[name].as_array().into_iter().flatten()
}
