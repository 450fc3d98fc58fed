//! What a task answers. It does not decide: order, limits, log and state are the engine's.

use std::time::SystemTime;

use postern_shared::message::Message;
use postern_shared::store::checkpoints::Frame;

use super::query::Query;
use crate::outside::call::Call;
use crate::run::slow_runs::Leave;

/// What a task answers.
#[derive(Debug)]
pub enum Outcome {
    /// The run goes on by this output.
    Continue(&'static str),
    /// The run goes on by the output of a case.
    Case { output: String },
    /// The same as [`Outcome::Continue`], with something to be read on the run's path.
    Said { output: &'static str, message: Message },
    /// The same step again, in a transaction of its own: it is too much for that of a bundle.
    Alone,
    /// The same step again, where slow runs go on alone.
    Leave(Leave),
    /// The branch goes on by this output at this time; the others do not wait.
    SleepUntil { due_at: SystemTime, output: &'static str },
    /// What becomes of a loop.
    Loop(Turn),
    /// The step has started runs, and the branch goes on when they have ended, or at this time; the task is called again
    /// then. `many` = it gets a list of their results.
    Await { until: SystemTime, many: bool, message: Message },
    /// The runs have not ended yet.
    AwaitMore { until: SystemTime },
    /// The task needs something of the outside; it is called again with the report.
    Outside(Box<Call>),
    /// The same step again at this time; the other branches do not wait. `unclear_at` = when the last try ended of which
    /// nobody knows what came; none = as before this try.
    Retry { due_at: SystemTime, message: Message, unclear_at: Option<SystemTime> },
    /// The branch goes on by `failed`; where that leads nowhere the run fails.
    Failed { message: Message },
    /// It is not known what the step did: a person decides.
    Unclear { message: Message },
    /// The run ends.
    Stop { failed: bool, message: Option<Message> },
    /// The task needs something of the database; it is called again with the answer.
    Ask(Query),
}

/// What becomes of a loop.
#[derive(Debug)]
pub enum Turn {
    /// It begins with the item of the frame.
    First(Box<Frame>),
    /// It goes on with the item that its frame has now.
    Next,
    /// The item for which the run was started has had its steps.
    Done { message: Message },
}
