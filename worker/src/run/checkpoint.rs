//! What a run leaves behind that does not end in its transaction, and what wakes it. A run that failed leaves the same,
//! so that a replay can go on at the failed step.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use postern_shared::id::StepName;
use postern_shared::message::Message;
use postern_shared::rendered::Rendered;
use postern_shared::resume::Resume;
use postern_shared::store::checkpoints::{Awaits, Branch, Checkpoint, FrameId, Parked, Standing, Tried};
use postern_shared::store::spool::{self, Alarm, Way};
use postern_shared::store::{StoreError, Transaction};
use postern_shared::workflow::{StepIndex, Workflow};

/// The most bytes of `$env` of a run, and of what the run leaves behind while it waits, as JSON: eight times a posted
/// body, as ingress allows for a submission.
pub const MAX_CHECKPOINT_BYTES: usize = 8 * 1024 * 1024;

/// Runs of one receipt that go on together with those of other receipts of their workflow. The runs beyond have a share
/// of the slots of their own.
const FEW_RUNS: i16 = 100;

/// A step to take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Next {
    pub step: StepIndex,
    /// What was tried of it already.
    pub tried: Option<Tried>,
    /// What it sends to another system, once that is rendered.
    pub request: Option<Arc<Rendered>>,
    /// The numbers that it has drawn, by their counters: what it takes along if it goes on in another transaction.
    pub drawn: BTreeMap<String, i64>,
    /// The runs that it has started and waits for.
    pub awaits: Option<Awaits>,
    /// The loop whose item it belongs to.
    pub frame: Option<FrameId>,
    /// The loop whose step it is, taken again behind an item.
    pub round: Option<FrameId>,
}

impl Next {
    /// The innermost loop that does not end before it is taken.
    pub fn innermost(&self) -> Option<FrameId> {
        self.round.or(self.frame)
    }

    /// The same step, to be taken anew.
    pub fn anew(self) -> Self {
        Self { tried: None, request: None, drawn: BTreeMap::new(), ..self }
    }
}

/// A part of a run that waits for a time: the steps to take then, the next one last.
#[derive(Debug)]
pub struct Sleeping {
    pub due_at: SystemTime,
    /// The step `delay` that parked it; none = the next step itself waits.
    pub delay: Option<StepName>,
    pub steps: Vec<Next>,
    /// Whether this transaction has looked at the runs for which it waits.
    pub has_looked: bool,
    /// The loop whose item it belongs to, which ends no sooner: also if no steps follow.
    pub frame: Option<FrameId>,
}

impl Sleeping {
    /// Whether it waits for runs.
    pub fn awaits(&self) -> bool {
        self.steps.last().is_some_and(|next| next.awaits.is_some())
    }
}

/// When a run that has not ended goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wake {
    /// At once, from a message of its own.
    Now,
    /// At once, alone, in slots that are kept for runs that are slow.
    Slow,
    /// When it is its turn to call this target.
    Call { target: String },
    /// When its first part is due.
    At(SystemTime),
    /// When the runs have ended that a step of it has started, or else when its first part is due.
    Children(SystemTime),
    /// When the run that is on its record has ended.
    InTurn,
    /// When a person has decided.
    Decided,
    /// When its workflow is no longer on hold: it has not begun.
    Held,
    /// When fewer runs of its workflow are under way.
    Admission,
    /// When another run of its step has ended: it has not begun.
    Queued,
}

impl From<StepIndex> for Next {
    fn from(step: StepIndex) -> Self {
        Self { step, tried: None, request: None, drawn: BTreeMap::new(), awaits: None, frame: None, round: None }
    }
}

/// Writes steps by their names.
pub fn written(workflow: &Workflow, steps: &[Next]) -> Vec<Branch> {
    let branch = |next: &Next| {
        let request = next.request.as_deref().cloned().map(Box::new);
        let (step, drawn) = (workflow.step(next.step)?.name.clone(), next.drawn.clone());
        let Next { tried, awaits, frame, round, .. } = *next;
        Some(Branch { step, tried, request, drawn, awaits, frame, round })
    };
    steps.iter().filter_map(branch).collect()
}

/// Finds steps by their names; the error names one that the workflow does not have.
pub fn found(workflow: &Workflow, steps: &[Branch]) -> Result<Vec<Next>, Message> {
    let next = |branch: &Branch| match workflow.find(&branch.step) {
        Some(step) => {
            let (request, drawn) = (branch.request.clone().map(Arc::from), branch.drawn.clone());
            let Branch { tried, awaits, frame, round, .. } = *branch;
            Ok(Next { step, tried, request, drawn, awaits, frame, round })
        }
        None => Err(Message::StepMissing { step: branch.step.clone() }),
    };
    steps.iter().map(next).collect()
}

/// Writes what sleeps.
pub fn parked(workflow: &Workflow, sleeping: &[Sleeping]) -> Vec<Parked> {
    let one = |one: &Sleeping| {
        let (due_at_ms, frame) = (millis(one.due_at), one.frame);
        Parked { due_at_ms, delay: one.delay.clone(), steps: written(workflow, &one.steps), frame }
    };
    sleeping.iter().map(one).collect()
}

/// Reads what sleeps.
pub fn sleeping(workflow: &Workflow, parked: &[Parked]) -> Result<Vec<Sleeping>, Message> {
    let one = |one: &Parked| {
        let due_at = moment(one.due_at_ms);
        let steps = found(workflow, &one.steps)?;
        Ok(Sleeping { due_at, delay: one.delay.clone(), steps, has_looked: false, frame: one.frame })
    };
    parked.iter().map(one).collect()
}

/// As JSON, or its length if that is more than may be kept.
pub fn encode(checkpoint: &Checkpoint) -> Result<String, usize> {
    // What came from JSON can be written as JSON.
    let text = serde_json::to_string(checkpoint).unwrap_or_default();
    if text.len() > MAX_CHECKPOINT_BYTES { Err(text.len()) } else { Ok(text) }
}

/// What wakes the runs of one transaction.
#[derive(Debug)]
pub struct Alarms {
    set: Vec<Alarm>,
    /// The time of the transaction, by the database's clock.
    now: SystemTime,
}

impl Alarms {
    /// None yet. `now` is the time of the transaction, by the database's clock.
    pub fn new(now: SystemTime) -> Self {
        Self { set: Vec::new(), now }
    }

    /// Wakes a run whose checkpoint has this revision.
    pub fn set(&mut self, resume: Resume, wake: &Wake) {
        let resuming = Way::Resuming { of_many: resume.run.number > FEW_RUNS };
        let (way, delay) = match wake {
            Wake::Now => (resuming, Duration::ZERO),
            Wake::At(due_at) | Wake::Children(due_at) => {
                (resuming, due_at.duration_since(self.now).unwrap_or_default())
            }
            Wake::Slow => (Way::Slow, Duration::ZERO),
            Wake::Call { target } => (Way::Calling(target.clone()), Duration::ZERO),
            Wake::InTurn | Wake::Decided | Wake::Held | Wake::Admission | Wake::Queued => return,
        };
        self.set.push(Alarm { resume, delay, way });
    }

    /// Puts them into the spool; returns whether there are any, so that the consumer of the spool looks when this is
    /// committed.
    pub async fn write(self, transaction: &Transaction<'_>) -> Result<bool, StoreError> {
        if !self.set.is_empty() {
            spool::schedule(transaction, &self.set).await?;
        }
        Ok(!self.set.is_empty())
    }
}

/// What is in the way of a run that goes on by this; none = it has failed. An admitted run keeps its place
/// while it goes on at once.
pub fn standing(wake: Option<&Wake>, has_passed: bool) -> Standing {
    match wake {
        Some(Wake::InTurn) => Standing::InTurn,
        Some(Wake::Held | Wake::Admission) => Standing::Closed,
        Some(Wake::Children(_)) => Standing::Awaits,
        Some(Wake::Queued) => Standing::Queued,
        Some(Wake::Now | Wake::Slow | Wake::Call { .. }) if has_passed => Standing::Passed,
        None | Some(Wake::Now | Wake::Slow | Wake::Call { .. } | Wake::At(_) | Wake::Decided) => Standing::Free,
    }
}

/// The moment of milliseconds since 1970.
pub fn moment(millis: i64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_millis(u64::try_from(millis).unwrap_or(0))
}

/// Milliseconds since 1970.
pub fn millis(time: SystemTime) -> i64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
