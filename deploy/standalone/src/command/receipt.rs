//! `postern receipt`: what became of one submission.

use std::time::Duration;

use clap::Args;
use postern_control::operation::field::Text;
use postern_control::operation::receipt::get::{GetReceipt, Input};
use postern_shared::id::ReceiptId;
use postern_shared::receipt::{Report, StepReport};
use tokio::time::{Instant, interval};

use super::runs::{line, name_of};
use super::unmatched::{skipped, target};
use crate::options::Server;
use crate::output::{Failure, Output, harmless, state};

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
    let input = Input { id: Text(options.id) };
    let end = Instant::now() + Duration::from_secs(options.timeout.into());
    let mut clock = interval(POLL);
    let receipt = loop {
        clock.tick().await;
        let receipt = api.call::<GetReceipt>(&input).await?;
        // Whatever is known when the time is over is shown, too.
        if !options.wait || !is_open(&receipt) || Instant::now() >= end {
            break receipt;
        }
    };
    match receipt.status.as_str() {
        "dead_letter" => {
            let message = format!("it became a dead letter: {}", receipt.reason.unwrap_or_default());
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
pub fn judge(receipt: &Report) -> Result<(), Failure> {
    let id = receipt.receipt;
    let run_in = |state: &str| {
        let run = receipt.runs.iter().flatten().find(|run| run.status == state);
        run.map(|run| name_of(id, run.number)).unwrap_or_default()
    };
    let (message, hint) = match receipt.status.as_str() {
        "failed" if has_stopped(receipt) => {
            ("it has failed", format!("`postern run-again {}` runs it again from the start", run_in("failed")))
        }
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

/// Whether the first run that failed has ended at a `stop`: to go on there would only end it again.
fn has_stopped(receipt: &Report) -> bool {
    let failed = receipt.runs.iter().flatten().find(|run| run.status == "failed");
    failed.and_then(|run| run.path.last()).is_some_and(|step| step.task == "stop")
}

/// Whether something is still to come.
pub fn is_open(receipt: &Report) -> bool {
    matches!(receipt.status.as_str(), "queued" | "running" | "waiting" | "held")
}

/// What became of a submission, for people.
pub fn shown(receipt: &Report) -> String {
    // Colours are added last: what strangers wrote may contain none.
    format!("{}: {}{}", receipt.receipt, state(&receipt.status), harmless(&details(receipt)))
}

/// Everything but its name and status, in lines of its own.
fn details(receipt: &Report) -> String {
    let mut text = String::new();
    if let Some(at) = &receipt.accepted_at {
        text += &format!("\naccepted {at}");
        if let Some(permission) = &receipt.permission {
            text += &format!(" by permission {permission}");
        }
        if let Some(of) = &receipt.target {
            text += &format!(" for {}", target(of));
        }
    }
    for run in receipt.runs.iter().flatten() {
        text += &format!("\n{}", line(run));
        for (number, StepReport { step, task, output, message, .. }) in (1..).zip(&run.path) {
            let end: Vec<&str> = output.iter().chain(message).map(String::as_str).collect();
            text += &format!("\n  {number} {step} ({task}): {}", end.join(", "));
        }
    }
    if let Some(more) = receipt.runs_left_out {
        text += &format!("\nand {more} more runs");
    }
    if !receipt.records.is_empty() {
        let records: Vec<String> = receipt.records.iter().map(ToString::to_string).collect();
        text += &format!("\nrecords: {}", records.join(", "));
    }
    for (other, what) in
        [(receipt.duplicate_of, "duplicate of"), (receipt.replayed_as, "replayed as"), (receipt.replay_of, "replay of")]
    {
        text += &other.map(|other| format!("\n{what} {other}")).unwrap_or_default();
    }
    for one in &receipt.skipped {
        text += &format!("\nskipped: {}", skipped(one));
    }
    for (what, names) in [("posted, never read", &receipt.unread), ("read, never posted", &receipt.unposted)] {
        if !names.is_empty() {
            text += &format!("\n{what}: {}", names.join(", "));
        }
    }
    text
}
