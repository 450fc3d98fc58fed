//! Reads refused bodies again, under their permission as it is now.

use postern_shared::id::{PermissionKey, ReceiptId, RecordId, TriggerKey, WorkflowId};
use postern_shared::intake::selector::Replaced;
use postern_shared::message::Coded;
use postern_shared::submission::Target;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::operation::{About, Code, Error, Operation, Who};
use crate::reread::{self, Choice, Told};
use crate::state::State;

/// Reads refused bodies again.
#[derive(Debug)]
pub struct ReplayRefusedBodies;

/// Which bodies, and what takes the place of what their callers said. Exactly one of `id` and `permission` names them.
#[derive(Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("oneOf" = [{"required": ["id"]}, {"required": ["permission"]}]))]
pub struct Input {
    /// The one with this number.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub id: Option<i64>,
    /// Those of this permission that were kept whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub permission: Option<PermissionKey>,
    /// The charset that takes the place of the one that the caller named, a WHATWG label.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub charset: Option<String>,
    /// The content type that takes the place of the one that the caller named.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
    /// The workflow that runs, whatever target the caller named. Its permission must allow it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workflow: Option<WorkflowId>,
    /// The trigger that fires, whatever target the caller named. Its permission must allow it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trigger: Option<TriggerKey>,
    /// The record on which it runs, whatever record the caller named; 0 = none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub record: Option<i64>,
    /// The permission under which it is read, whatever addresses this permission lets in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub under: Option<PermissionKey>,
    /// `true`: also what its caller did not prove to have sent, since its token or signature was wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unverified: Option<bool>,
}

/// What became of them.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct Output {
    /// Those that are accepted now.
    pub replayed: Vec<Reread>,
    /// Those that stay.
    pub refused: Vec<RefusedAgain>,
    /// How many of those that were named are left.
    pub left: i64,
}

/// A body that is accepted now.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct Reread {
    /// Its number.
    pub id: i64,
    /// The receipt under which it runs.
    pub receipt: ReceiptId,
}

/// A body that stays.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct RefusedAgain {
    /// Its number.
    pub id: i64,
    /// The code of the refusal.
    pub code: String,
    /// Why it was refused again.
    pub message: String,
    /// The same as a code with arguments.
    pub message_code: Coded,
}

impl Operation for ReplayRefusedBodies {
    type Input = Input;
    type Output = Output;
    const ABOUT: About = About::post(
        "replayRefusedBodies",
        "/refused_body_replays",
        "reads refused bodies again, under their permission as it is now: one, or those of a permission",
        (
            r#"{"permission": "office", "charset": "windows-1251"}"#,
            r#"{"replayed": [{"id": 1, "receipt": "019a8f00-0000-7000-8000-000000000001"}], "refused": [], "left": 0}"#,
        ),
    )
    .refusing(&[Code::NotFound]);

    async fn run(state: &State, who: &Who, input: Input) -> Result<Output, Error> {
        let choice = match (input.id, input.permission) {
            (Some(id), None) => Choice::One(id),
            (None, Some(permission)) => Choice::Permission(permission),
            _ => return Err(Error::Invalid("name one of: id, permission".to_owned())),
        };
        let unknown = || Error::Invalid("charset: no encoding has this label".to_owned());
        let charset = input.charset.map(|label| reread::charset(&label).ok_or_else(unknown)).transpose()?;
        let target = match (input.workflow, input.trigger) {
            (Some(_), Some(_)) => return Err(Error::Invalid("name one of: workflow, trigger".to_owned())),
            (workflow, trigger) => workflow.map(Target::Workflow).or(trigger.map(Target::Trigger)),
        };
        let unusable = |_| Error::Invalid("record: no record has this number".to_owned());
        let record = input.record.map(|record| match record {
            0 => Ok(None),
            number => RecordId::try_from(number).map(Some),
        });
        let selected = Replaced { target, record: record.transpose().map_err(unusable)? };
        let told = Told {
            charset,
            content_type: input.content_type.as_deref(),
            selected,
            permission: input.under,
            is_unverified: input.unverified == Some(true),
        };
        let done = reread::replay(state, &who.account, &choice, told).await?;
        if matches!(choice, Choice::One(_)) && done.accepted.is_empty() && done.refused.is_empty() {
            return Err(Error::Unknown("refused body"));
        }
        let refused = done.refused.into_iter();
        let refused = refused.map(|(id, error)| RefusedAgain {
            id,
            code: error.code.as_str().to_owned(),
            message: error.message.to_string(),
            message_code: error.message.coded(),
        });
        Ok(Output {
            replayed: done.accepted.into_iter().map(|(id, receipt)| Reread { id, receipt }).collect(),
            refused: refused.collect(),
            left: done.left,
        })
    }
}
