//! `postern find`: everything that a text names or that has it as a value.

use clap::Args;
use jiff::Timestamp;
use postern_control::operation::field::{Last, Text};
use postern_control::operation::find::{Find, Input, MAX_CHARS, Output as Found};
use postern_shared::id::WorkflowId;
use postern_shared::store::finding::Status;

use crate::listing::cursor;
use crate::options::Server;
use crate::output::{Failure, Output, harmless, named, parse_moment};

/// Arguments of `find`.
#[derive(Debug, Args)]
pub struct Options {
    /// A receipt, a run, a record (`852`, `Leads 852`), an IP address, an e-mail, a phone number, words of a name or an id,
    /// an Idempotency-Key, or a key or title
    text: String,
    /// Only what came since: 90m, 2d, a date or a time
    #[arg(long, value_name = "TIME", value_parser = parse_moment)]
    since: Option<Timestamp>,
    /// Only what came before: 90m, 2d, a date or a time
    #[arg(long, value_name = "TIME", value_parser = parse_moment)]
    until: Option<Timestamp>,
    /// Only calls that stand so, such as failed, unmatched or refused
    #[arg(long)]
    status: Option<Status>,
    /// Only calls under this permission
    #[arg(long, value_name = "KEY")]
    permission: Option<String>,
    /// Only calls that started, or were to start, this workflow
    #[arg(long, value_name = "ID")]
    workflow: Option<WorkflowId>,
    /// Only calls with a message of this code
    #[arg(long, value_name = "CODE")]
    message: Option<String>,
    /// How many of each kind
    #[arg(long, default_value_t = 20, value_name = "N", value_parser = clap::value_parser!(i64).range(1..=1_000))]
    last: i64,
    /// Only those behind: what the end of the page before names
    #[arg(long, value_name = "CURSOR")]
    before: Option<String>,
    #[command(flatten)]
    api: Server,
}

/// Prints what is found: of each kind the newest first.
pub async fn run(options: &Options, output: &mut Output) -> Result<(), Failure> {
    let before = options.before.as_deref().map(cursor).transpose();
    let before = before.map_err(|error| Failure::usage(error, "it takes what the end of the page before names"))?;
    let chars = options.text.trim().chars().count();
    if chars > MAX_CHARS {
        let error = format!("the text has {chars} characters, more than {MAX_CHARS}");
        return Err(Failure::usage(error, "give an e-mail, a phone number, or some words of it"));
    }
    let input = Input {
        text: options.text.clone(),
        from: named(options.since),
        to: named(options.until),
        status: options.status.map(Text),
        permission: options.permission.clone(),
        workflow: options.workflow,
        message: options.message.clone(),
        last: Last::try_from(options.last).map_err(Failure::fault)?,
        before: before.flatten().map(Text),
    };
    let found = options.api.api()?.call::<Find>(&input).await?;
    if found.is_empty() && found.next.is_none() {
        let hint = "an e-mail, a phone number, or whole words of a name or an id are found, a second after the post";
        return Err(Failure::failed("nothing has this text", hint));
    }
    let text = lines(&found).join("\n");
    output.named(&text, &text, &found)?;
    if let Some(next) = &found.next {
        output.note(format_args!("more: --before {next}"));
    }
    Ok(())
}

fn lines(found: &Found) -> Vec<String> {
    let mut lines = Vec::new();
    for one in &found.documents {
        lines.push(format!("{} {} {}", one.kind, one.key, one.title));
    }
    for one in &found.receipts {
        let run = one.run.map(|number| format!(".{number}")).unwrap_or_default();
        lines.push(format!("receipt {}{run} {}", one.receipt, one.status));
    }
    lines.extend(found.records.iter().map(|one| format!("record {} {}", one.id, one.module)));
    lines.extend(found.refused_bodies.iter().map(|one| format!("refused body {} {}", one.id, one.code)));
    for one in &found.dead_letters {
        let of = one.receipt.map(|receipt| format!(" receipt {receipt}")).unwrap_or_default();
        lines.push(format!("dead letter {}{of}", one.id));
    }
    lines.iter().map(|line| harmless(line.trim_end())).collect()
}
