//! `postern status`: whether all is well, and what needs a person.

use clap::Args;
use postern_shared::document::Kind;
use serde_json::{Value, json};

use crate::api::Api;
use crate::known;
use crate::options::Server;
use crate::output::{Failure, Output, items, state, word};

/// The most of a kind that are counted.
const MOST: usize = 1_000;

/// Hours of which lost submissions are told.
const HOURS: usize = 24;

/// Arguments of `status`.
#[derive(Debug, Args)]
pub struct Options {
    #[command(flatten)]
    api: Server,
}

/// Something that needs a person.
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
    let is_well = needs.is_empty();
    let word = if is_well { "well" } else { "needs_attention" };
    let json = json!({"status": word, "needs": needs.iter().map(json_of).collect::<Vec<_>>()});
    let mut text = match is_well {
        true => format!("all is {}", state("well")),
        false => format!("{}: {} of these need a person", state("needs_attention"), needs.len()),
    };
    for need in &needs {
        text += &format!("\n  {}\n    {}", need.text, need.command);
    }
    output.named(word, text, &json)?;
    if is_well { Ok(()) } else { Err(Failure::Reported) }
}

fn json_of(need: &Need) -> Value {
    json!({"what": need.what, "count": need.count, "text": need.text, "command": need.command})
}

/// Submissions that were answered with 202 and are nowhere.
async fn losses(api: &Api) -> Result<Vec<Need>, Failure> {
    let audit: Value = api.get("/audit", &[("hours", Some(HOURS.to_string()))]).await?;
    let count = items(&audit, "losses").count();
    let text = format!("{count} gaps in the numbers of submissions: those are lost");
    Ok(need("lost", count, text, "postern audit".to_owned()))
}

/// What stands in lists.
async fn counted(api: &Api) -> Result<Vec<Need>, Failure> {
    let runs = |state: &str| vec![("state", Some(state.to_owned()))];
    let lists = [
        (
            "needs_attention",
            "/runs",
            "runs",
            runs("needs_attention"),
            "runs wait for a decision",
            "runs --state needs_attention",
        ),
        ("failed", "/runs", "runs", runs("failed"), "runs have failed", "runs --state failed"),
        ("unmatched", "/unmatched", "unmatched", Vec::new(), "submissions have started nothing", "unmatched list"),
        (
            "refused",
            "/refused_bodies",
            "refused_bodies",
            Vec::new(),
            "bodies of permitted callers were refused",
            "refused list",
        ),
    ];
    let mut needs = Vec::new();
    for (what, path, name, mut query, text, command) in lists {
        query.push(("last", Some(MOST.to_string())));
        let found: Value = api.get(path, &query).await?;
        let count = items(&found, name).count();
        let more = if count == MOST { " or more" } else { "" };
        needs.extend(need(what, count, format!("{count}{more} {text}"), format!("postern {command}")));
    }
    let groups: Value = api.get("/dead_letter_groups", &[]).await?;
    let count = items(&groups, "groups").filter_map(|group| group["count"].as_u64()).sum::<u64>();
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    needs.extend(need("dead_letter", count, format!("{count} dead letters"), "postern dead groups".to_owned()));
    Ok(needs)
}

/// Workflows of which no run begins.
async fn on_hold(api: &Api) -> Result<Vec<Need>, Failure> {
    let workflows = known::all(api, Kind::Workflow).await?;
    let held = workflows.iter().filter(|workflow| workflow["start"]["hold"] == true);
    let name = |workflow: &Value| format!("{} {}", workflow["workflow"], word(workflow, "title"));
    let names: Vec<String> = held.map(name).collect();
    let text = format!("{} workflows are on hold: {}", names.len(), names.join(", "));
    Ok(need("hold", names.len(), text, "postern get workflows".to_owned()))
}

fn need(what: &'static str, count: usize, text: String, command: String) -> Vec<Need> {
    if count == 0 { Vec::new() } else { vec![Need { what, count, text, command }] }
}
