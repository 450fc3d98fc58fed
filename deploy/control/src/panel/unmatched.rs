//! Submissions that started nothing, by what they were to run; replayed together once that can run.

use askama::Template;
use postern_shared::id::ReceiptId;
use postern_shared::store::unmatched::{self, Unmatched};
use postern_shared::submission::Target;
use warp::reply::Response;

use super::frame::{Frame, Section};
use super::reply::{self, Refusal};
use super::shown::{Moment, cut};
use super::visit::Visit;
use crate::operation::unmatched::replay::{self, ReplayUnmatched};
use crate::operation::{Error, Operation};

/// How many a page shows.
const PAGE: i64 = 50;

#[derive(Template)]
#[template(path = "unmatched.html")]
struct List {
    p: Frame,
    targets: Vec<Choosable>,
    rows: Vec<Row>,
    /// What the list is filtered by, as the URL names it; empty for all.
    chosen: String,
    /// The receipt behind which the next page begins; empty if this is the last.
    next: String,
}

struct Choosable {
    name: String,
    text: String,
    count: i64,
}

struct Row {
    receipt: String,
    target: String,
    reason: String,
    at: Moment,
}

/// The latest, of the target that the query names or all.
pub async fn list(visit: &Visit<'_>) -> Result<Response, Refusal> {
    let p = Frame::new(visit, Section::Unmatched).await;
    let connection = visit.connection().await?;
    let chosen = named(visit.query.get("target"));
    let before = visit.query.get("after").parse().ok();
    let mut found = unmatched::page(&connection, chosen.as_ref(), before, PAGE + 1).await?;
    let next = cut(&mut found, PAGE).map(|last| last.receipt.to_string()).unwrap_or_default();
    let targets = unmatched::targets(&connection).await?;
    let targets =
        targets.iter().map(|(target, count)| Choosable { name: name(target), text: p.target(target), count: *count });
    reply::page(&List {
        targets: targets.collect(),
        rows: found.iter().map(|one| row(&p, one)).collect(),
        chosen: chosen.as_ref().map(name).unwrap_or_default(),
        next,
        p,
    })
}

/// Replays those of a target.
pub async fn replay(visit: &Visit<'_>) -> Result<Response, Refusal> {
    let target = named(visit.form.get("target")).ok_or(Refusal::NotFound)?;
    let input = match target {
        Target::Workflow(workflow) => replay::Input { workflow: Some(workflow), ..replay::Input::default() },
        Target::Trigger(trigger) => replay::Input { trigger: Some(trigger), ..replay::Input::default() },
    };
    ReplayUnmatched::run(&visit.panel.state, &visit.who(), input).await?;
    Ok(reply::redirect("/unmatched?done=replayed"))
}

/// Replays one; what another person did first is shown by the page that follows.
pub async fn replay_one(visit: &Visit<'_>) -> Result<Response, Refusal> {
    let receipt: ReceiptId = visit.argument.parse().map_err(|_| Refusal::NotFound)?;
    let input = replay::Input { receipt: Some(receipt), ..replay::Input::default() };
    match ReplayUnmatched::run(&visit.panel.state, &visit.who(), input).await {
        Ok(_) | Err(Error::Conflict(_) | Error::Unknown(_)) => {
            Ok(reply::redirect(&reply::path(&["receipts", &receipt.to_string()])))
        }
        Err(error) => Err(error.into()),
    }
}

fn row(p: &Frame, one: &Unmatched) -> Row {
    let reasons = one.skipped.iter().map(|skipped| {
        let reason = p.message(&skipped.reason);
        skipped.workflow.map(|id| format!("#{id}: {reason}")).unwrap_or(reason)
    });
    Row {
        receipt: one.receipt.to_string(),
        target: p.target(&one.target),
        reason: reasons.collect::<Vec<_>>().join("; "),
        at: p.moment(&one.accepted_at),
    }
}

/// A target as it stands in a URL.
fn name(target: &Target) -> String {
    match target {
        Target::Workflow(id) => format!("workflow {id}"),
        Target::Trigger(key) => format!("trigger {key}"),
    }
}

pub(super) fn named(name: &str) -> Option<Target> {
    match name.split_once(' ')? {
        ("workflow", id) => id.parse().ok().map(Target::Workflow),
        ("trigger", key) => key.parse().ok().map(Target::Trigger),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_read_as_it_is_named() {
        for target in ["workflow 77", "trigger web_lead"] {
            assert_eq!(named(target).as_ref().map(name).as_deref(), Some(target));
        }
        for wrong in ["", "workflow", "workflow 0", "trigger a b", "module Leads"] {
            assert_eq!(named(wrong), None, "{wrong}");
        }
    }
}
