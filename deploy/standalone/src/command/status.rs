//! `postern status`: whether all is well, and what needs a person.

use std::collections::{BTreeMap, BTreeSet};

use clap::Args;
use postern_control::operation::Nothing;
use postern_control::operation::audit::hours::{self, AuditHours};
use postern_control::operation::connection::drift::ListDrift;
use postern_control::operation::dead_letter::groups::ListDeadLetterGroups;
use postern_control::operation::field::{LAST_MAX, Last, Text};
use postern_control::operation::job::Selection;
use postern_control::operation::process::{ListProcesses, Process};
use postern_control::operation::refused_body::list::ListRefusedBodies;
use postern_control::operation::run::failure_groups::ListFailureGroups;
use postern_control::operation::run::list::ListRuns;
use postern_control::operation::unmatched::list::ListUnmatched;
use postern_control::operation::{refused_body, run, unmatched};
use postern_control::texts::FluentValue;
use postern_shared::document::Kind;
use postern_shared::store::runs::State;
use serde::Serialize;
use serde_json::{Value, json};

use crate::api::Api;
use crate::known;
use crate::options::Server;
use crate::output::{Failure, Output, state};
use crate::texts::tell;

/// Hours of which lost submissions are told.
const HOURS: i64 = 24;

/// Arguments of `status`.
#[derive(Debug, Args)]
pub struct Options {
    #[command(flatten)]
    api: Server,
}

/// Something that needs a person.
#[derive(Serialize)]
struct Need {
    /// A word for programs.
    what: &'static str,
    count: usize,
    /// What it is, for people.
    text: String,
    /// What helps.
    command: String,
}

/// Prints what needs a person, each with the command that shows it; fails if something does.
pub async fn run(options: &Options, output: &mut Output) -> Result<(), Failure> {
    let api = options.api.api()?;
    let mut needs = losses(&api).await?;
    needs.extend(counted(&api).await?);
    needs.extend(on_hold(&api).await?);
    let processes = api.call::<ListProcesses>(&Nothing {}).await?.processes;
    needs.extend(without_key(&processes));
    needs.extend(away(&processes));
    needs.extend(drift(&api).await?);
    let is_well = needs.is_empty();
    let word = if is_well { "well" } else { "needs_attention" };
    let json = json!({"status": word, "needs": needs});
    let mut text = match is_well {
        true => tell!("status-well", state = state(word)),
        false => tell!("status-needs", state = state(word), n = needs.len()),
    };
    for need in &needs {
        text += &format!("\n  {}\n    {}", need.text, need.command);
    }
    output.named(word, text, &json)?;
    if is_well { Ok(()) } else { Err(Failure::Reported) }
}

/// Submissions that were answered with 202 and are nowhere.
async fn losses(api: &Api) -> Result<Vec<Need>, Failure> {
    let audit = api.call::<AuditHours>(&hours::Input { hours: Some(HOURS) }).await?;
    let count = audit.losses.map_or(0, |losses| losses.len());
    Ok(need("lost", count, tell!("status-lost", n = count), "audit"))
}

/// What stands in lists.
async fn counted(api: &Api) -> Result<Vec<Need>, Failure> {
    let last = Last::try_from(LAST_MAX).map_err(Failure::fault)?;
    // A run that was replayed is what its last replay is.
    let runs = |state| run::list::Input { state: Some(Text(state)), unreplayed: true, last, ..Default::default() };
    let undecided = api.call::<ListRuns>(&runs(State::NeedsAttention)).await?.runs.len();
    let failed = api.call::<ListFailureGroups>(&Selection::default()).await?.total;
    let failed = usize::try_from(failed).unwrap_or(usize::MAX);
    let unmatched = api.call::<ListUnmatched>(&unmatched::list::Input { last, ..Default::default() }).await?;
    let refused = api.call::<ListRefusedBodies>(&refused_body::list::Input { last }).await?.refused_bodies.len();
    let groups = api.call::<ListDeadLetterGroups>(&Nothing {}).await?.groups;
    let dead = usize::try_from(groups.iter().map(|group| group.count).sum::<i64>()).unwrap_or(usize::MAX);
    let unmatched = unmatched.unmatched.len();
    let counts = [
        (
            "needs_attention",
            undecided,
            tell!("status-needs-attention", n = listed(undecided)),
            "runs --state needs_attention",
        ),
        ("failed", failed, tell!("status-failed", n = failed), "failures"),
        ("unmatched", unmatched, tell!("status-unmatched", n = listed(unmatched)), "unmatched list"),
        ("refused", refused, tell!("status-refused", n = listed(refused)), "refused list"),
        ("dead_letter", dead, tell!("status-dead", n = dead), "dead groups"),
    ];
    Ok(counts.into_iter().flat_map(|(what, count, text, command)| need(what, count, text, command)).collect())
}

/// How many stand in a list that ends at the most that the API lists.
fn listed(count: usize) -> FluentValue<'static> {
    match i64::try_from(count) {
        Ok(LAST_MAX) => tell!("status-or-more", n = count).into(),
        _ => count.into(),
    }
}

/// Workflows of which no run begins.
async fn on_hold(api: &Api) -> Result<Vec<Need>, Failure> {
    let workflows = known::all(api, Kind::Workflow).await?;
    let held = workflows.iter().filter(|workflow| workflow["start"]["hold"] == true);
    let name =
        |workflow: &Value| format!("{} {}", workflow["workflow"], workflow["title"].as_str().unwrap_or_default());
    let names: Vec<String> = held.map(name).collect();
    let text = tell!("status-hold", n = names.len(), names = names.join(", "));
    Ok(need("hold", names.len(), text, "get workflows"))
}

/// Processes that cannot decrypt secrets.
fn without_key(processes: &[Process]) -> Vec<Need> {
    let lacking: Vec<&Process> = processes.iter().filter(|one| one.is_up && one.unopened_secrets > 0).collect();
    let name = |one: &&Process| format!("{} {} ({})", one.service, one.name, one.unopened_secrets);
    let names: Vec<String> = lacking.iter().map(name).collect();
    let text = tell!("status-secrets", n = lacking.len(), names = names.join(", "));
    need("secrets_unopened", lacking.len(), text, "secret list")
}

/// Connections whose systems do not answer.
fn away(processes: &[Process]) -> Vec<Need> {
    let up = processes.iter().filter(|one| one.is_up);
    let names: BTreeSet<&str> = up.flat_map(|one| one.connections_away.iter().map(String::as_str)).collect();
    let needs = names
        .into_iter()
        .map(|name| need("connection_away", 1, tell!("status-away", name = name), &format!("connection check {name}")));
    needs.flatten().collect()
}

/// What modules declare that vtiger has otherwise.
async fn drift(api: &Api) -> Result<Vec<Need>, Failure> {
    let mut modules: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
    for one in api.call::<ListDrift>(&Nothing {}).await?.drift {
        modules.entry((one.connection, one.module)).or_default().push(one.message);
    }
    let needs = modules.into_iter().map(|((connection, module), all)| {
        let text = tell!("status-drift", name = module, what = all.join("; "));
        need("drift", all.len(), text, &format!("connection check {connection}"))
    });
    Ok(needs.flatten().collect())
}

fn need(what: &'static str, count: usize, text: String, command: &str) -> Vec<Need> {
    if count == 0 { Vec::new() } else { vec![Need { what, count, text, command: format!("postern {command}") }] }
}
