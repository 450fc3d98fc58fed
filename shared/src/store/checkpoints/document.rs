//! What a checkpoint holds, as JSON. Runs wait for weeks: what an earlier version has written is read.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::elsewhere::Elsewhere;
use super::frames::{FrameId, Frames};
use crate::env::Env;
use crate::id::StepName;
use crate::rendered::Rendered;
use crate::store::run_results::RunResult;
use crate::trace::{self, TraceContext, TraceState};

/// Where a run stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// `$env` as the steps have left it.
    pub env: Env,
    /// The steps to take, the next one last.
    pub pending: Vec<Branch>,
    /// What waits for a time, to be taken when nothing else is pending.
    pub parked: Vec<Parked>,
    /// It has not begun: it begins at the start of the version to which it is pinned by then, whatever is pending.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_new: bool,
    /// Whether it is still to be seen if the run, which another one started, begins at all.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub begins: bool,
    /// How many runs stand between it and the submission.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub depth: u8,
    /// Whether it stands in the lane of calls: what wakes it in another lane does nothing.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub calling: bool,
    /// What the run has for the run that waits for it; none = no run does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub awaited: Option<RunResult>,
    /// The loops in which it stands.
    #[serde(default, skip_serializing_if = "Frames::is_empty")]
    pub frames: Frames,
    /// What the run knows of records of other systems.
    #[serde(default, skip_serializing_if = "Elsewhere::is_empty")]
    pub elsewhere: Elsewhere,
    /// A span of the trace to which the run belongs; none = the run is not traced.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "trace::lenient")]
    pub trace: Option<TraceContext>,
    /// What other systems have noted about that trace.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "trace::lenient_state")]
    pub tracestate: Option<TraceState>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde wants it so")]
fn is_zero(depth: &u8) -> bool {
    *depth == 0
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde wants it so")]
fn is_none(errors: &u32) -> bool {
    *errors == 0
}

impl Checkpoint {
    /// Forgets what was tried: when the steps are taken again they are new, with keys of their own.
    pub fn forget_tries(&mut self) {
        self.calling = false;
        let parked = self.parked.iter_mut().flat_map(|one| &mut one.steps);
        for branch in self.pending.iter_mut().chain(parked) {
            (branch.tried, branch.request) = (None, None);
            branch.drawn.clear();
        }
    }
}

/// A step to take.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Branch {
    /// Its name in the version to which the run is pinned.
    pub step: StepName,
    /// What was tried of it already.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tried: Option<Tried>,
    /// What it sends to another system, once that is rendered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<Box<Rendered>>,
    /// The numbers that it has drawn, by their counters.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub drawn: BTreeMap<String, i64>,
    /// The runs that it has started and waits for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub awaits: Option<Awaits>,
    /// The loop whose item it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frame: Option<FrameId>,
    /// The loop whose step it is, taken again behind an item.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub round: Option<FrameId>,
}

/// What a step waits for that has started runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Awaits {
    /// The number of the run that started them: a replay waits for those of the run in whose place it stands.
    pub run: i16,
    /// The place of the step on the path of that run.
    pub step: i32,
    /// How long it waits: milliseconds since 1970.
    pub until_ms: i64,
    /// Whether it gets a list of their results.
    pub many: bool,
}

/// The tries of a step that reaches outside.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tried {
    /// The place of the first try on the run's path: the step's name towards the outside.
    pub first: i32,
    /// How many tries there were.
    pub times: u32,
    /// How many of them the other system answered with an error of its own.
    #[serde(default, skip_serializing_if = "is_none")]
    pub errors: u32,
    /// When the last try ended of which nobody knows what came: milliseconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unclear_at_ms: Option<i64>,
}

/// A part of a run that waits for a time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Parked {
    /// Milliseconds since 1970.
    pub due_at_ms: i64,
    /// The step `delay` that parked it; none = the next step itself waits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delay: Option<StepName>,
    /// The steps to take then, the next one last.
    pub steps: Vec<Branch>,
    /// The loop whose item it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frame: Option<FrameId>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_earlier_version_wrote_is_read_and_tries_can_be_forgotten() {
        let earlier = r#"{"env":{},"pending":[{"step":"a"}],"parked":[{"due_at_ms":1,"steps":[{"step":"b","tried":{"first":2,"times":1},"drawn":{"orders":8}}]}]}"#;
        let mut read: Checkpoint = serde_json::from_str(earlier).unwrap();
        assert!(!read.calling && read.parked[0].steps[0].request.is_none());
        assert!(read.pending[0].drawn.is_empty());
        assert_eq!(serde_json::to_string(&read).unwrap(), earlier);
        read.calling = true;
        read.forget_tries();
        let again = &read.parked[0].steps[0];
        assert!(!read.calling && again.tried.is_none() && again.drawn.is_empty());
    }
}
