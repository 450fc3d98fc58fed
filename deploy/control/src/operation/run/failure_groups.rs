//! Failed runs in groups of those that are alike.

use postern_shared::id::WorkflowId;
use postern_shared::message::{Coded, Language};
use postern_shared::store::failure_groups;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::operation::field::Time;
use crate::operation::job::Selection;
use crate::operation::{About, Error, Operation, Who};
use crate::state::State;

/// Lists the groups.
#[derive(Debug)]
pub struct ListFailureGroups;

/// The groups.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct Output {
    /// The groups, the largest first.
    pub groups: Vec<Group>,
    /// The runs of all groups. Runs that a later run replays are not among them.
    pub total: i64,
}

/// Failed runs of one version of a workflow, at one step, for one reason.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct Group {
    /// The workflow.
    pub workflow: WorkflowId,
    /// The version of the workflow.
    pub version: i32,
    /// Whether there is no newer version.
    pub is_newest: bool,
    /// The step; empty = none was kept.
    pub step: String,
    /// The code of the reason; empty = none was kept.
    pub failure: String,
    /// The message of one of the runs.
    pub message: Option<String>,
    /// The same as a code with arguments.
    pub message_code: Option<Coded>,
    /// How many runs.
    pub count: i64,
    /// When the last of them started.
    pub last_at: Time,
}

impl Operation for ListFailureGroups {
    type Input = Selection;
    type Output = Output;
    const ABOUT: About = About::get(
        "listFailureGroups",
        "/failure_groups",
        "failed runs by workflow, version, step and reason; those that were replayed, handled by a step or dismissed are left out",
        r#"{"groups": [{"workflow": 77, "version": 3, "is_newest": false, "step": "reject", "failure": "said", "message": "no last name", "message_code": {"code": "said", "text": "no last name"}, "count": 5000, "last_at": "2026-11-24T13:31:00Z"}], "total": 5000}"#,
    );

    async fn run(state: &State, who: &Who, input: Selection) -> Result<Output, Error> {
        let filter = input.filter();
        let found = failure_groups::list(&state.store.connection().await?, &filter).await?;
        let group = |group: failure_groups::Group| {
            let message_code = group.message.as_ref().map(|message| who.sight().message(message));
            Group {
                workflow: group.workflow,
                version: group.version,
                is_newest: group.is_newest,
                step: group.step,
                failure: group.failure,
                message: message_code.as_ref().map(|coded| coded.text(Language::English)),
                message_code,
                count: group.count,
                last_at: group.last_at.into(),
            }
        };
        Ok(Output { groups: found.groups.into_iter().map(group).collect(), total: found.total })
    }
}
