//! What is in the way of what a person wants to do for a run.

/// What is in the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Obstacle {
    /// There is no such run.
    Unknown,
    /// Only a failed run goes on at its failed step, or is dismissed.
    NotFailed,
    /// Only a run that has ended is run again.
    NotEnded,
    /// It has ended already.
    Ended,
    /// It waits for no time: it has ended, goes on, or waits for something else.
    NoTime,
    /// It has failed and needs nobody: it was replayed, handled or dismissed.
    Settled,
    /// It does not need attention.
    NotUndecided,
    /// What it would need to go on was not kept.
    NothingKept,
    /// Another replay of it has not ended.
    ReplayUnderWay,
    /// Its receipt has as many runs as it may have.
    TooManyRuns,
    /// Its workflow was removed.
    WorkflowGone,
    /// Its workflow is inactive.
    WorkflowInactive,
    /// It was started by another run, and the values with which it started were not kept.
    StartedByRun,
}

impl Obstacle {
    /// All, with the word that the store and the panel use, and the sentence of the API.
    pub const ALL: [(Self, &str, &str); 13] = [
        (Self::Unknown, "unknown", "there is no such run"),
        (Self::NotFailed, "not-failed", "the run has not failed"),
        (Self::NotEnded, "not-ended", "only a run that has ended is run again"),
        (Self::Ended, "ended", "the run has ended already"),
        (Self::NoTime, "no-time", "the run does not wait for a time"),
        (Self::Settled, "settled", "it counts as failed no longer: it was replayed, handled or dismissed"),
        (Self::NotUndecided, "not-undecided", "it does not need attention"),
        (Self::NothingKept, "nothing-kept", "what it would need to go on was not kept"),
        (Self::ReplayUnderWay, "replay-under-way", "another replay of it has not ended"),
        (Self::TooManyRuns, "too-many-runs", "its receipt has as many runs as it may have"),
        (Self::WorkflowGone, "workflow-gone", "its workflow was removed"),
        (Self::WorkflowInactive, "workflow-inactive", "its workflow is inactive"),
        (
            Self::StartedByRun,
            "started-by-run",
            "another run started it, and the values with which it started were not kept: run that one again",
        ),
    ];

    /// Its word.
    pub fn word(self) -> &'static str {
        self.row().1
    }

    /// Its sentence.
    pub fn sentence(self) -> &'static str {
        self.row().2
    }

    fn row(self) -> (Self, &'static str, &'static str) {
        Self::ALL.into_iter().find(|(known, ..)| *known == self).unwrap_or(Self::ALL[0])
    }
}
