//! What a task answers. It does not decide: order, limits, log and state are the engine's.

use std::time::SystemTime;

use postern_shared::message::Message;

use super::query::Query;
use crate::outside::call::Call;
use crate::run::slow_runs::Leave;

/// What a task answers.
#[derive(Debug)]
pub enum Outcome {
    /// The run goes on by this output.
    Continue(&'static str),
    /// The same, with something to be read on the run's path.
    Said { output: &'static str, message: Message },
    /// The same step again, in a transaction of its own: it is too much for that of a bundle.
    Alone,
    /// The same step again, where slow runs go on alone.
    Leave(Leave),
    /// The branch goes on by this output at this time; the others do not wait.
    SleepUntil { due_at: SystemTime, output: &'static str },
    /// The task needs something of the outside; it is called again with the report.
    Outside(Box<Call>),
    /// The same step again at this time; the other branches do not wait.
    Retry { due_at: SystemTime, message: Message },
    /// The branch goes on by `failed`; where that leads nowhere the run fails.
    Failed { message: Message },
    /// It is not known what the step did: a person decides.
    Unclear { message: Message },
    /// The run ends.
    Stop { failed: bool, message: Option<Message> },
    /// The task needs something of the database; it is called again with the answer.
    Ask(Query),
}
