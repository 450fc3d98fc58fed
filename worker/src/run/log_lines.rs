//! What the log says of a submission and its runs when the transaction that took them further is committed. One search for
//! a receipt finds its whole way. The lines are of the level `debug`: at any other level they cost nothing.

use postern_shared::id::{ReceiptId, StepName, WorkflowId};
use postern_shared::resume::RunKey;
use postern_shared::store::runs::{Run, State};
use postern_shared::submission::Submission;
use tracing::Level;

/// The lines of one transaction.
#[derive(Debug, Default)]
pub struct LogLines(Vec<Line>);

#[derive(Debug)]
enum Line {
    Taken { receipt: ReceiptId, permission: String, outcome: &'static str },
    Run { key: RunKey, workflow: WorkflowId, state: State, steps: i32, failed_at: Option<StepName> },
}

impl LogLines {
    /// A submission was taken by a worker. The words for what became of it are those of the metrics.
    pub fn taken(&mut self, submission: &Submission, is_duplicate: bool, is_unmatched: bool) {
        if tracing::enabled!(Level::DEBUG) {
            let outcome = match (is_duplicate, is_unmatched) {
                (true, _) => "duplicate",
                (false, true) => "unmatched",
                (false, false) => "claimed",
            };
            let permission = submission.permission.to_string();
            self.0.push(Line::Taken { receipt: submission.receipt, permission, outcome });
        }
    }

    /// A run was taken further.
    pub fn run(&mut self, run: &Run) {
        if tracing::enabled!(Level::DEBUG) {
            let (workflow, state, steps, failed_at) = (run.workflow, run.state, run.steps, run.failed_at.clone());
            self.0.push(Line::Run { key: run.key(), workflow, state, steps, failed_at });
        }
    }

    /// Those of another part of the same transaction stand behind these.
    pub fn append(&mut self, mut others: Self) {
        self.0.append(&mut others.0);
    }

    /// Writes them. To be called when the transaction is committed.
    pub fn write(&self) {
        for line in &self.0 {
            match line {
                Line::Taken { receipt, permission, outcome } => {
                    tracing::debug!(%receipt, %permission, outcome, "a submission was taken by a worker");
                }
                Line::Run { key, workflow, state, steps, failed_at } => {
                    let failed_at = failed_at.as_ref().map(StepName::as_str);
                    let state = state.word();
                    tracing::debug!(
                        receipt = %key.receipt, run.id = %key, workflow.id = %workflow, state, steps, failed_at,
                        "a run was taken further"
                    );
                }
            }
        }
    }
}
