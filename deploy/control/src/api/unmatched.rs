//! Submissions that started nothing: looked at, and replayed with the workflows of today.

use postern_shared::clock::time;
use postern_shared::id::{ReceiptId, TriggerKey, WorkflowId};
use postern_shared::store::unmatched::{self, Choice, Unmatched};
use postern_shared::store::{Connection, StoreError, receipts};
use postern_shared::submission::Target;
use serde::Deserialize;
use serde_json::{Value, json};
use warp::reply::{Reply, Response};

use super::refusal::{Code, Refusal};
use super::request::Request;
use crate::state::State;

/// Exactly one of them says which submissions are meant.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Order {
    receipt: Option<ReceiptId>,
    trigger: Option<TriggerKey>,
    workflow: Option<WorkflowId>,
}

/// Those that the query asks for, and the receipt before which the next page begins.
pub async fn list(state: &State, request: &Request) -> Result<Response, Refusal> {
    let target = match (request.variable("trigger")?, request.variable("workflow")?) {
        (None, None) => None,
        (Some(trigger), None) => Some(Target::Trigger(trigger)),
        (None, Some(workflow)) => Some(Target::Workflow(workflow)),
        (Some(_), Some(_)) => return Err(Refusal::new(Code::InvalidRequest, "name one of: trigger, workflow")),
    };
    let (before, last) = (request.variable("before")?, request.last()?);
    let found = unmatched::page(&state.store.connection().await?, target.as_ref(), before, last).await?;
    let next = Request::next(&found, last).map(|one| one.receipt);
    let all: Vec<Value> = found.iter().map(describe).collect();
    Ok(warp::reply::json(&json!({"unmatched": all, "next": next})).into_response())
}

/// Lets them be claimed anew.
pub async fn replay(state: &State, request: &Request) -> Result<Response, Refusal> {
    let order: Order = request.json()?;
    let choice = match (order.receipt, order.trigger, order.workflow) {
        (Some(receipt), None, None) => Choice::One(receipt),
        (None, Some(trigger), None) => Choice::Target(Target::Trigger(trigger)),
        (None, None, Some(workflow)) => Choice::Target(Target::Workflow(workflow)),
        _ => return Err(Refusal::new(Code::InvalidRequest, "name one of: receipt, trigger, workflow")),
    };
    let mut connection = state.store.connection().await?;
    let done = unmatched::replay(&mut connection, &request.account, &choice).await?;
    match choice {
        Choice::One(receipt) if done.replayed == 0 => Err(not_unmatched(&connection, receipt).await?),
        _ => Ok(warp::reply::json(&json!({"replayed": done.replayed, "left": done.left})).into_response()),
    }
}

async fn not_unmatched(connection: &Connection, receipt: ReceiptId) -> Result<Refusal, StoreError> {
    Ok(match receipts::find(connection, receipt).await? {
        None => Refusal::unknown("receipt that a worker has taken"),
        Some(_) => Refusal::new(Code::Conflict, "only a submission that started nothing is replayed as a whole"),
    })
}

fn describe(one: &Unmatched) -> Value {
    json!({
        "receipt": one.receipt, "permission": one.permission, "target": one.target, "skipped": one.skipped,
        "accepted_at": time(one.accepted_at),
    })
}
