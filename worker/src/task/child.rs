//! A run that a step starts.

use std::sync::Arc;

use postern_shared::record_ref::RecordRef;
use postern_shared::resume::RunKey;
use postern_shared::store::checkpoints::Checkpoint;
use postern_shared::store::runs::{Parent, Run, State};

use crate::bundle::effects::ChildRun;
use crate::matching::catalog::Pinned;
use crate::run::checkpoint::{self, MAX_CHECKPOINT_BYTES, Wake};
use crate::task::context::Context;
use crate::task::error::TaskError;

/// Makes the run with this number, for this item of the step, from where it begins.
pub fn child(
    context: &mut Context<'_>,
    (pinned, number, item): (&Arc<Pinned>, i16, i32),
    record: Option<RecordRef>,
    checkpoint: &Checkpoint,
    wake: Wake,
) -> Result<ChildRun, TaskError> {
    let document =
        checkpoint::encode(checkpoint).map_err(|bytes| TaskError::RunTooLarge { bytes, most: MAX_CHECKPOINT_BYTES })?;
    context.write(document.len())?;
    let state = match wake {
        Wake::Now => State::Running,
        Wake::Held => State::Held,
        _ => State::Waiting,
    };
    let key = RunKey { receipt: context.run.receipt, number };
    let parent = Some(Parent { run: context.run.number, step: context.number, item });
    let run = Run { state, parent, ..Run::begun(key, (pinned.workflow.id, pinned.version), record) };
    Ok(ChildRun { run, document, wake, pinned: Arc::clone(pinned) })
}
