//! What is slow: why a run goes on alone, and which workflows had slow runs lately. The next run of such a workflow goes
//! on alone sooner, so that many slow runs together cost the others little more than one of them.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{PoisonError, RwLock};
use std::time::{Duration, Instant};

use postern_shared::id::WorkflowId;
use postern_shared::message::Message;

/// How long a workflow counts as slow after its last slow run.
const LATELY: Duration = Duration::from_secs(60);

/// What a run needs too much of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cost {
    /// The time of this process.
    Computing,
    /// The time of PostgreSQL.
    Database,
    /// The memory of this process.
    Memory,
}

impl Cost {
    /// All, each at its place in a list of counts.
    pub const ALL: [Self; 3] = [Self::Computing, Self::Database, Self::Memory];

    /// The word in metrics and in the log.
    pub fn word(self) -> &'static str {
        match self {
            Self::Computing => "computing",
            Self::Database => "database",
            Self::Memory => "memory",
        }
    }
}

/// Why a run goes on alone.
#[derive(Debug)]
pub struct Leave {
    pub cost: Cost,
    /// For the path of the run.
    pub why: Message,
    /// Whether the run is slow by itself, not by those beside it.
    pub is_its_own: bool,
}

/// What the transactions of this process know of each other.
#[derive(Debug, Default)]
pub struct SlowRuns {
    workflows: RwLock<HashMap<WorkflowId, Instant>>,
    /// The bytes that the runs of all bundles have assigned and written, and that are not committed.
    held: AtomicUsize,
}

impl SlowRuns {
    /// Whether a workflow had a slow run lately.
    pub fn has(&self, workflow: WorkflowId) -> bool {
        let workflows = self.workflows.read().unwrap_or_else(PoisonError::into_inner);
        workflows.get(&workflow).is_some_and(|at| at.elapsed() < LATELY)
    }

    /// A run of this workflow was slow.
    pub fn note(&self, workflow: WorkflowId, cost: Cost) {
        let before = self.workflows.write().unwrap_or_else(PoisonError::into_inner).insert(workflow, Instant::now());
        if before.is_none_or(|at| at.elapsed() >= LATELY) {
            tracing::warn!(workflow.id = %workflow, reason = cost.word(), "runs of a workflow are slow: they go on alone");
        }
    }

    /// The bytes that are held now.
    pub fn held(&self) -> usize {
        self.held.load(Ordering::Relaxed)
    }

    /// More bytes are held.
    pub fn hold(&self, bytes: usize) {
        self.held.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Bytes are held no more.
    pub fn let_go(&self, bytes: usize) {
        self.held.fetch_sub(bytes, Ordering::Relaxed);
    }
}
