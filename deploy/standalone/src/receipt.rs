//! `postern receipt`: what became of one submission.

use std::time::Duration;

use clap::Args;
use postern_shared::id::ReceiptId;
use postern_shared::options::DatabaseOptions;
use postern_shared::store::receipts::{self, Receipt, Unmet};
use postern_shared::store::run_log::{self, Entry};
use postern_shared::store::runs::{self, Run, State};
use postern_shared::store::{Connection, StoreError, dead_letters};
use postern_shared::submission::Target;
use serde_json::{Value, json};
use tokio::time::{interval, timeout};

use crate::database;
use crate::output::{Failure, Output};
use crate::runs::{line, timestamp};

/// How often `--wait` looks: often enough for a person, too seldom to load the database.
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
    database: DatabaseOptions,
}

/// Prints its state and the runs that it started, each with its steps.
pub async fn run(options: &Options, output: &mut Output) -> Result<(), Failure> {
    let connection = database::open(&options.database).await?;
    if options.wait {
        let wait = Duration::from_secs(options.timeout.into());
        // Whatever is known when the time is over is shown, too.
        timeout(wait, ended(&connection, options.id)).await.unwrap_or(Ok(()))?;
    }
    let Some(receipt) = receipts::find(&connection, options.id).await? else {
        let text = match dead_letters::of(&connection, options.id).await?.map(|dead| dead.reason) {
            Some(reason) => format!("it became a dead letter: {reason}"),
            None => "no worker has taken this receipt: it is queued, or was never given out here".to_owned(),
        };
        return Err(Failure::Failed(text));
    };
    let runs = runs::of(&connection, options.id).await?;
    let log = run_log::of(&connection, options.id).await?;
    print(options.id, &receipt, &runs, &log, output)?;
    let is_open = options.wait && !runs.iter().all(has_ended);
    if is_open { Err(Failure::Failed("it has not ended within the time".to_owned())) } else { Ok(()) }
}

/// Returns when the receipt is known and all its runs have ended, or when it is a dead letter.
async fn ended(connection: &Connection, id: ReceiptId) -> Result<(), StoreError> {
    let mut clock = interval(POLL);
    loop {
        clock.tick().await;
        let is_over = match receipts::find(connection, id).await? {
            Some(_) => runs::of(connection, id).await?.iter().all(has_ended),
            None => dead_letters::of(connection, id).await?.is_some(),
        };
        if is_over {
            return Ok(());
        }
    }
}

fn has_ended(run: &Run) -> bool {
    match run.state {
        State::Running | State::Waiting => false,
        State::Finished | State::Failed | State::NeedsAttention => true,
    }
}

fn print(id: ReceiptId, receipt: &Receipt, runs: &[Run], log: &[Entry], output: &mut Output) -> Result<(), Failure> {
    let target = match &receipt.target {
        Target::Workflow(id) => format!("workflow {id}"),
        Target::Trigger(key) => format!("trigger {key}"),
    };
    let (permission, accepted_at) = (&receipt.permission, timestamp(receipt.accepted_at));
    let status = if receipt.duplicate_of.is_some() { "duplicate" } else { runs::summary(runs) };
    let mut text = format!("{id}: {status}\naccepted {accepted_at} by permission {permission} for {target}");
    for run in runs {
        text += &format!("\n{}", line(run));
        for step in steps(run, log) {
            let end = [step.output.as_deref(), step.message.as_deref()].into_iter().flatten().collect::<Vec<_>>();
            text += &format!("\n  {} {} ({}): {}", step.number, step.step, step.task, end.join(", "));
        }
    }
    if let Some(first) = receipt.duplicate_of {
        text += &format!("\nduplicate of {first}");
    }
    for skipped in &receipt.skipped {
        let workflow = skipped.workflow.map(|id| format!("workflow {id}: ")).unwrap_or_default();
        text += &format!("\nskipped: {workflow}{}", skipped.reason);
    }
    let Unmet { unread, unposted } = &receipt.unmet;
    for (what, names) in [("posted, never read", unread), ("read, never posted", unposted)] {
        if !names.is_empty() {
            text += &format!("\n{what}: {}", names.join(", "));
        }
    }
    let runs: Vec<_> = runs.iter().map(|run| with_path(run, log)).collect();
    let json = json!({
        "receipt": id.to_string(), "status": status, "accepted_at": accepted_at, "permission": permission,
        "target": receipt.target, "runs": runs, "skipped": receipt.skipped, "duplicate_of": receipt.duplicate_of,
        "unread": unread, "unposted": unposted,
    });
    output.result(text, &json)?;
    Ok(())
}

fn steps<'l>(run: &'l Run, log: &'l [Entry]) -> impl Iterator<Item = &'l Entry> {
    log.iter().filter(move |entry| entry.is_of(run))
}

fn with_path(run: &Run, log: &[Entry]) -> Value {
    let step = |entry: &Entry| json!({"step": entry.step, "task": entry.task, "output": entry.output, "message": entry.message});
    let mut json = crate::runs::json(run);
    json["path"] = steps(run, log).map(step).collect();
    json
}
