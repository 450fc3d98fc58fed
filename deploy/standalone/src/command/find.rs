//! `postern find`: everything that a text names or that has it as a value.

use clap::Args;
use jiff::Timestamp;
use postern_control::operation::field::{Last, Text};
use postern_control::operation::find::{Find, Input, MAX_CHARS, Output as Found};
use postern_shared::document::Name;
use postern_shared::id::{PermissionKey, WorkflowId};
use postern_shared::store::finding::Status;

use crate::known;
use crate::listing::cursor;
use crate::options::Server;
use crate::output::{Failure, Output, harmless, named, parse_moment};
use crate::texts::tell;

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
    permission: Option<PermissionKey>,
    /// Only calls that started, or were to start, this workflow
    #[arg(long, value_name = "ID")]
    workflow: Option<WorkflowId>,
    /// Only calls with a message of this code, or with this text, which a workflow gives
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
    let before = before.map_err(|error| Failure::usage(error, tell!("find-cursor-hint")))?;
    let chars = options.text.trim().chars().count();
    if chars > MAX_CHARS {
        let error = tell!("find-too-long", n = chars, most = MAX_CHARS);
        return Err(Failure::usage(error, tell!("find-too-long-hint")));
    }
    let input = Input {
        text: options.text.clone(),
        from: named(options.since),
        to: named(options.until),
        status: options.status.map(Text),
        permission: options.permission.as_ref().map(ToString::to_string),
        workflow: options.workflow,
        message: options.message.clone(),
        last: Last::try_from(options.last).map_err(Failure::fault)?,
        before: before.flatten().map(Text),
    };
    let api = options.api.api()?;
    let found = api.call::<Find>(&input).await?;
    if found.is_empty() && found.next.is_none() {
        let permission = options.permission.clone().map(Name::Permission);
        known::check_all(&api, permission.into_iter().chain(options.workflow.map(Name::Workflow))).await?;
        return Err(Failure::failed(tell!("find-none"), tell!("find-none-hint")));
    }
    let text = lines(&found).join("\n");
    output.named(&text, &text, &found)?;
    if let Some(next) = &found.next {
        output.note(tell!("list-more", cursor = next.to_string()));
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
        let name = format!("{}{run}", one.receipt);
        lines.push(tell!("find-receipt", name = name, status = one.status.to_string()));
    }
    let record = |id: String, module: String| tell!("find-record", name = id, module = module);
    lines.extend(found.records.iter().map(|one| record(one.id.to_string(), one.module.to_string())));
    let refused = |id: String, code: String| tell!("find-refused", name = id, code = code);
    lines.extend(found.refused_bodies.iter().map(|one| refused(one.id.to_string(), one.code.to_string())));
    for one in &found.dead_letters {
        let name = one.id.to_string();
        lines.push(match one.receipt {
            Some(receipt) => tell!("find-dead-of", name = name, receipt = receipt.to_string()),
            None => tell!("find-dead", name = name),
        });
    }
    lines.iter().map(|line| harmless(line.trim_end())).collect()
}
