//! `postern receipt`: what became of one submission.

use std::time::Duration;

use clap::Args;
use postern_shared::id::ReceiptId;
use serde_json::Value;
use tokio::time::{Instant, interval};

use super::runs::{line, name_in};
use super::unmatched::{skipped, target};
use crate::options::Server;
use crate::output::{Failure, Output, harmless, items, state, word};

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
    match word(&receipt, "status") {
        "dead_letter" => {
            let message = format!("it became a dead letter: {}", word(&receipt, "reason"));
            let hint = "`postern dead list` shows its number, `postern dead replay NUMBER` puts it back";
            return Err(Failure::failed(message, hint));
        }
        "queued" => {
            let message = "no worker has taken this receipt: it is queued, or was never given out here";
            return Err(Failure::failed(message, "`postern status` shows how the server is"));
        }
        _ => output.named(&options.id.to_string(), shown(&receipt), &receipt)?,
    }
    if options.wait { judge(&receipt) } else { Ok(()) }
}

/// Whether a submission that was waited for has ended well.
pub fn judge(receipt: &Value) -> Result<(), Failure> {
    let id = word(receipt, "receipt");
    let run_in = |state: &str| {
        let run = items(receipt, "runs").find(|run| run["status"] == state);
        run.map(|run| name_in(id, run)).unwrap_or_default()
    };
    let (message, hint) = match word(receipt, "status") {
        "failed" => ("it has failed", format!("`postern replay {}` goes on at the failed step", run_in("failed"))),
        "needs_attention" => {
            let run = run_in("needs_attention");
            let hint = format!("`postern decide {run} done`, or repeat, or fail, tells what came of its step");
            ("it needs a person", hint)
        }
        "unmatched" => {
            let hint = format!("`postern unmatched replay {id}` lets it run with the workflows of today");
            ("it has started nothing", hint)
        }
        "dead_letter" => ("it became a dead letter", "`postern dead list` shows it".to_owned()),
        _ if is_open(receipt) => {
            ("it has not ended within the time", "--timeout SECONDS sets how long is waited".to_owned())
        }
        _ => return Ok(()),
    };
    Err(Failure::failed(message, hint))
}

/// Whether something is still to come.
pub fn is_open(receipt: &Value) -> bool {
    matches!(word(receipt, "status"), "queued" | "running" | "waiting" | "held")
}

/// What became of a submission, for people.
pub fn shown(receipt: &Value) -> String {
    let (id, status) = (word(receipt, "receipt"), word(receipt, "status"));
    // Colours are added last: what strangers wrote may contain none.
    format!("{id}: {}{}", state(status), harmless(&details(receipt)))
}

/// Everything but its name and status, in lines of its own.
fn details(receipt: &Value) -> String {
    let mut text = String::new();
    if !word(receipt, "accepted_at").is_empty() {
        text += &format!("\naccepted {}", word(receipt, "accepted_at"));
        if let Some(permission) = receipt["permission"].as_str() {
            text += &format!(" by permission {permission}");
        }
        text += &format!(" for {}", target(receipt));
    }
    for run in items(receipt, "runs") {
        text += &format!("\n{}", line(run));
        for (number, step) in (1..).zip(items(run, "path")) {
            let end: Vec<&str> = ["output", "message"].into_iter().filter_map(|name| step[name].as_str()).collect();
            text += &format!("\n  {number} {} ({}): {}", word(step, "step"), word(step, "task"), end.join(", "));
        }
    }
    if let Some(more) = receipt["runs_left_out"].as_u64() {
        text += &format!("\nand {more} more runs");
    }
    for (name, what) in [("duplicate_of", "duplicate of"), ("replayed_as", "replayed as"), ("replay_of", "replay of")] {
        if let Some(other) = receipt[name].as_str() {
            text += &format!("\n{what} {other}");
        }
    }
    for one in items(receipt, "skipped") {
        text += &format!("\nskipped: {}", skipped(one));
    }
    for (what, names) in [("posted, never read", "unread"), ("read, never posted", "unposted")] {
        let names: Vec<&str> = items(receipt, names).filter_map(Value::as_str).collect();
        if !names.is_empty() {
            text += &format!("\n{what}: {}", names.join(", "));
        }
    }
    text
}
