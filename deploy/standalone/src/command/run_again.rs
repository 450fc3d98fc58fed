//! `postern run-again`: a run that has ended begins again at the start, as a new run.

use std::collections::BTreeSet;

use clap::Args;
use postern_control::operation::field::Text;
use postern_control::operation::run::NamedRun;
use postern_control::operation::run::effects::{Effect, GetEffects};
use postern_control::operation::run::run_again::{Input, RunAgain};
use postern_shared::env::Env;
use postern_shared::resume::RunKey;
use postern_shared::store::jobs::Kind;

use super::bulk::Bulk;
use crate::confirm::confirm;
use crate::options::Server;
use crate::output::{Failure, Output};

/// Arguments of `run-again`.
#[derive(Debug, Args)]
pub struct Options {
    /// The run: RECEIPT.NUMBER, as `postern runs` lists it
    run: Option<RunKey>,
    /// A variable that takes the place of the one of this name with which the run started; several are possible
    #[arg(long, value_name = "NAME=VALUE", value_parser = variable)]
    env: Vec<(String, String)>,
    /// A variable with which it does not start; several are possible
    #[arg(long, value_name = "NAME")]
    without: Vec<String>,
    #[command(flatten)]
    bulk: Bulk,
    /// Does not ask, whatever the run has done already
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    api: Server,
}

/// Shows what would be done twice, asks, and runs the run again.
pub async fn run(options: &Options, output: &mut Output) -> Result<(), Failure> {
    let api = options.api.api()?;
    let Some(run) = options.bulk.one(options.run)?.map(Text) else {
        if !(options.env.is_empty() && options.without.is_empty()) {
            return Err(Failure::usage("values are edited for one run only", "leave --env and --without away"));
        }
        confirm("run all of them again, so that what they have done may happen twice", options.yes)?;
        return options.bulk.create(Kind::RunAgain, &api, output).await;
    };
    let before = api.call::<GetEffects>(&NamedRun { run }).await?;
    for effect in &before.effects {
        output.note(format_args!("already done: {}", line(effect)));
    }
    if !before.complete {
        output.note("not all steps of this run were kept: it may have done more");
    }
    if !(before.effects.is_empty() && before.complete) {
        confirm("run it again, so that all of this may happen twice", options.yes)?;
    }
    let env: Env = options.env.iter().map(|(name, value)| (name.clone(), value.as_str().into())).collect();
    let without: BTreeSet<String> = options.without.iter().cloned().collect();
    let new = api.call::<RunAgain>(&Input { run, env, without }).await?;
    output.named(&new.run, format_args!("{} begins", new.run), &new)
}

/// What a step has done in one line.
fn line(effect: &Effect) -> String {
    let what = match effect.what.as_str() {
        "record_created" => "created a record",
        "record_changed" => "changed a record",
        "record_deleted" => "deleted a record",
        "comment_written" => "wrote a comment",
        "request_sent" => "sent a request",
        "mail_sent" => "sent a mail",
        _ => "began a request or a mail; it is not known whether that arrived",
    };
    let step = effect.step.as_ref().map(|step| format!("step {step} of ")).unwrap_or_default();
    let times = if effect.count == 1 { String::new() } else { format!(", {} times", effect.count) };
    let records: Vec<String> = effect.records.iter().map(ToString::to_string).collect();
    let records = if records.is_empty() { String::new() } else { format!(": {}", records.join(", ")) };
    format!("{step}workflow {} {what}{times}{records}", effect.workflow)
}

fn variable(text: &str) -> Result<(String, String), &'static str> {
    let (name, value) = text.split_once('=').ok_or("must be NAME=VALUE")?;
    if name.is_empty() { Err("must be NAME=VALUE") } else { Ok((name.to_owned(), value.to_owned())) }
}
