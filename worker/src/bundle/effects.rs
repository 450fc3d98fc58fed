//! What the runs of one transaction want written beside their records. Tasks and the engine collect it, for a bundle of
//! first executions as for a run that goes on; [`write`](write::write) alone writes it.

pub mod write;

use std::collections::BTreeMap;
use std::sync::Arc;

use postern_shared::id::ReceiptId;
use postern_shared::record_ref::ConnectedRecord;
use postern_shared::resume::{Resume, RunKey};
use postern_shared::store::claims::{Claim, Holder};
use postern_shared::store::comments::NewComment;
use postern_shared::store::handled_failures::Handled;
use postern_shared::store::responses::Response;
use postern_shared::store::run_results::RunResult;
use postern_shared::store::run_steps::Step;
use postern_shared::store::runs::Run;
use postern_shared::trace::TraceContext;

use crate::matching::catalog::Pinned;
use crate::run::checkpoint::Wake;
use crate::run::slow_runs::Cost;

/// What the runs of one transaction want written beside their records.
#[derive(Debug, Default)]
pub struct Effects {
    /// Comments on records that are there.
    pub comments: Vec<NewComment>,
    /// What callers get, if they wait.
    pub responses: Vec<(ReceiptId, Response)>,
    /// The runs that steps started.
    pub child_runs: Vec<ChildRun>,
    /// What became of the runs themselves.
    pub runs: Vec<RunEffects>,
    /// The claims of runs that stay on their records beyond the transaction.
    pub stays: BTreeMap<Claim, (Holder, Option<u16>)>,
    /// The receipts that the transaction inserts.
    pub receipts: Vec<ReceiptId>,
    /// The steps that have read what the runs left that they waited for.
    pub results_read: Vec<(RunKey, i32)>,
    /// The records of other systems that are not there any more.
    pub gone: Vec<ConnectedRecord>,
    /// Receipts whose callers wait for news of them.
    pub awaited: Vec<ReceiptId>,
}

/// What became of one run.
#[derive(Debug)]
pub struct RunEffects {
    pub run: Run,
    /// How the database has it.
    pub before: Before,
    /// The steps that it took.
    pub log: Vec<Step>,
    /// Whether its workflow keeps them.
    pub keeps: bool,
    /// Whether the steps that were written before are to be forgotten.
    pub forgets: bool,
    /// Where it stands, unless it has finished.
    pub document: Option<String>,
    /// When it goes on, unless it has ended.
    pub wake: Option<Wake>,
    /// Of what it needed too much for those beside it, if it goes on alone.
    pub slow: Option<Cost>,
    /// What it has for the run that waits for it; none = no run does.
    pub result: Option<RunResult>,
    /// The steps of it that went on although runs failed that they waited for.
    pub handled: Vec<Handled>,
    /// A span of its trace; none = it is not traced.
    pub trace: Option<TraceContext>,
}

/// How the database has a run before its effects are written.
#[derive(Debug, Clone)]
pub enum Before {
    /// It has none.
    New,
    /// With a checkpoint.
    Waiting {
        /// The name and the revision of the checkpoint.
        resume: Resume,
        /// The steps that the run had taken.
        steps: i32,
        /// Whether the run was admitted.
        has_passed: bool,
    },
}

/// A run that a step starts.
#[derive(Debug)]
pub struct ChildRun {
    pub run: Run,
    /// Its checkpoint.
    pub document: String,
    /// When it begins.
    pub wake: Wake,
    pub pinned: Arc<Pinned>,
}

impl From<ChildRun> for RunEffects {
    /// A run that has not begun, and begins from a message of its own.
    fn from(child: ChildRun) -> Self {
        let ChildRun { run, document, wake, .. } = child;
        let (before, document, wake) = (Before::New, Some(document), Some(wake));
        let (log, slow, result, handled, trace) = (Vec::new(), None, None, Vec::new(), None);
        Self { run, before, log, keeps: true, forgets: false, document, wake, slow, result, handled, trace }
    }
}
