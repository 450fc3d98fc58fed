//! Submissions that started nothing run with the workflows of today.

use postern_shared::id::{ReceiptId, TriggerKey, WorkflowId};
use postern_shared::store::unmatched::{self, Choice};
use postern_shared::store::{Connection, receipts};
use postern_shared::submission::Target;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::operation::{About, Code, Error, Operation, Who};
use crate::state::State;

/// Replays submissions that started nothing.
#[derive(Debug)]
pub struct ReplayUnmatched;

/// Which submissions: exactly one of these names them.
#[derive(Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("oneOf" = [{"required": ["receipt"]}, {"required": ["trigger"]}, {"required": ["workflow"]}]))]
pub struct Input {
    /// The one with this receipt.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub receipt: Option<ReceiptId>,
    /// Those that fired this trigger.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trigger: Option<TriggerKey>,
    /// Those that were to run this workflow.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workflow: Option<WorkflowId>,
}

/// How many are on their way again.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct Output {
    /// How many are on their way again.
    pub replayed: usize,
    /// How many of those that were named started nothing until now.
    pub left: i64,
}

impl Operation for ReplayUnmatched {
    type Input = Input;
    type Output = Output;
    const ABOUT: About = About::post(
        "replayUnmatched",
        "/unmatched_replays",
        "lets submissions that started nothing run with the workflows of today: one, or those of a target",
        (r#"{"trigger": "web_lead"}"#, r#"{"replayed": 3, "left": 0}"#),
    )
    .refusing(&[Code::NotFound, Code::Conflict]);

    async fn run(state: &State, who: &Who, input: Input) -> Result<Output, Error> {
        let choice = match (input.receipt, input.trigger, input.workflow) {
            (Some(receipt), None, None) => Choice::One(receipt),
            (None, Some(trigger), None) => Choice::Target(Target::Trigger(trigger)),
            (None, None, Some(workflow)) => Choice::Target(Target::Workflow(workflow)),
            _ => return Err(Error::Invalid("name one of: receipt, trigger, workflow".to_owned())),
        };
        let mut connection = state.store.connection().await?;
        let done = unmatched::replay(&mut connection, &who.account, &choice).await?;
        match choice {
            Choice::One(receipt) if done.replayed == 0 => Err(not_unmatched(&connection, receipt).await?),
            _ => Ok(Output { replayed: done.replayed, left: done.left }),
        }
    }
}

async fn not_unmatched(connection: &Connection, receipt: ReceiptId) -> Result<Error, Error> {
    Ok(match receipts::find(connection, receipt).await? {
        None => Error::Unknown("receipt that a worker has taken"),
        Some(_) => Error::Conflict("only a submission that started nothing is replayed as a whole".to_owned()),
    })
}
