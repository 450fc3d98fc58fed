//! One dead letter with what it carries: submissions if these can be read, else text.

use postern_shared::submission::{self, Submission};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{DeadLetter, describe, find};
use crate::operation::{About, Code, Error, Operation, Who};
use crate::state::State;

/// Gets a dead letter.
#[derive(Debug)]
pub struct GetDeadLetter;

/// Which letter.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// Its number.
    #[schemars(range(min = 1))]
    pub id: i64,
}

/// A dead letter with what it carries.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct Output {
    /// The same as in a list.
    #[serde(flatten)]
    pub letter: DeadLetter,
    /// What it carries, if that is no bundle of submissions; a viewer sees its shape.
    pub text: Option<String>,
    /// The submissions that it carries; a viewer sees the shapes of their values.
    pub submissions: Option<Vec<Submission>>,
}

impl Operation for GetDeadLetter {
    type Input = Input;
    type Output = Output;
    const ABOUT: About = About::get(
        "getDeadLetter",
        "/dead_letters/{id}",
        "one dead letter with what it carries",
        r#"{"id": 3, "receipt": null, "kind": "submissions.v1", "bytes": 5, "reason": "the receipt's time lies outside the kept history", "reason_code": {"code": "outside-history"}, "attempt": 1, "created_at": "2026-11-24T13:30:00Z", "target": null, "group": "9f86d081", "text": "hello", "submissions": null}"#,
    )
    .refusing(&[Code::NotFound]);

    async fn run(state: &State, who: &Who, input: Input) -> Result<Output, Error> {
        let ((letter, body), sight) = (find(state, input.id).await?, who.sight());
        let submissions = submission::unbundle(&body).ok();
        let text = submissions.is_none().then(|| sight.posted_text(&String::from_utf8_lossy(&body)));
        let submissions = submissions.map(|all| all.into_iter().map(|one| sight.submission(one)).collect());
        Ok(Output { letter: describe(letter, sight), text, submissions })
    }
}
