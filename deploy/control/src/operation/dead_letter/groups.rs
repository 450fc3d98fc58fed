//! The dead letters in groups of those that are alike.

use postern_shared::message::{Coded, Language};
use postern_shared::store::dead_letters;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::operation::field::Time;
use crate::operation::{About, Error, Nothing, Operation, Who};
use crate::state::State;

/// Lists the groups.
#[derive(Debug)]
pub struct ListDeadLetterGroups;

/// The groups.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct Output {
    /// The groups, the largest first.
    pub groups: Vec<Group>,
}

/// Dead letters of one kind, target and reason.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct Group {
    /// What names it.
    pub group: String,
    /// The AMQP type of the messages.
    pub kind: String,
    /// What they ask to run, if what they carry can be read.
    pub target: Option<String>,
    /// Why nobody could run them.
    pub reason: String,
    /// The same as a code with arguments.
    pub reason_code: Coded,
    /// How many there are.
    pub count: i64,
    /// When the first was put here.
    pub first_at: Time,
    /// When the last was put here.
    pub last_at: Time,
}

impl Operation for ListDeadLetterGroups {
    type Input = Nothing;
    type Output = Output;
    const ABOUT: About = About::get(
        "listDeadLetterGroups",
        "/dead_letter_groups",
        "dead letters by kind, target and reason",
        r#"{"groups": [{"group": "9f86d081", "kind": "submissions.v1", "target": "workflow 77", "reason": "the kind \"x\" is not known to this version", "reason_code": {"code": "kind-unknown", "sent": "\"x\""}, "count": 2, "first_at": "2026-11-24T13:30:00Z", "last_at": "2026-11-24T13:31:00Z"}]}"#,
    );

    async fn run(state: &State, who: &Who, _: Nothing) -> Result<Output, Error> {
        let all = dead_letters::groups(&state.store.connection().await?).await?;
        let group = |group: dead_letters::Group| {
            let reason_code = who.sight().message(&group.reason);
            Group {
                group: group.id,
                kind: group.kind,
                target: group.target,
                reason: reason_code.text(Language::English),
                reason_code,
                count: group.count,
                first_at: group.first_at.into(),
                last_at: group.last_at.into(),
            }
        };
        Ok(Output { groups: all.into_iter().map(group).collect() })
    }
}
