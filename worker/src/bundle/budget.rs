//! What the runs of one transaction may cost together, and each of them. Others wait for a bundle, and for a slot in which
//! runs go on: a run that costs too much leaves at its next step, commits what it has done, and goes on alone.

use std::sync::Arc;
use std::time::{Duration, Instant};

use postern_shared::id::WorkflowId;
use postern_shared::message::Message;
use postern_shared::store::search::MAX_SEARCH;

use crate::run::budget::RunBudget;
use crate::run::slow_runs::{Cost, Leave, SlowRuns};

/// How a run is executed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Mode {
    /// In one transaction with others.
    #[default]
    Bundle,
    /// In a transaction of its own, in slots that all runs share that go on.
    Resumed,
    /// In a transaction of its own, in slots of those that are slow.
    Slow,
}

/// The computing of one run in a bundle, until it goes on alone.
const MAX_COMPUTING: Duration = Duration::from_millis(200);
/// The time for which the database works for one run in a bundle, until the run goes on alone.
const MAX_DATABASE: Duration = Duration::from_secs(2);

/// The steps of one run, until it goes on alone. Each is a row of the history, and a workflow without a loop has some
/// dozen.
const MAX_STEPS: u32 = 1_000;

/// The computing of a run whose workflow had slow runs lately, or whose bundle has taken long already, until it goes on
/// alone.
const TIGHT_COMPUTING: Duration = Duration::from_millis(50);
/// The database time of a run whose workflow had slow runs lately, until it goes on alone.
pub const TIGHT_DATABASE: Duration = Duration::from_millis(100);
/// The steps of a run whose workflow had slow runs lately, or whose bundle has many steps already, until it goes on alone.
const TIGHT_STEPS: u32 = 100;

/// The steps of all runs of one transaction, after which its runs may take fewer each.
const MANY_STEPS: u32 = 20_000;

/// After this time a bundle has taken long: runs that ask often leave it.
const LATE_AFTER: Duration = Duration::from_secs(2);

/// The time of all searches of one bundle that no index serves. Each slow search leaves half of what is left to others.
const MAX_SEARCHING: Duration = Duration::from_secs(2);
/// The time of searches beyond that, for runs of the bundle that have not searched before.
const MORE_SEARCHING: Duration = Duration::from_secs(1);
/// The time of one such search.
const LEAST_SEARCH: Duration = Duration::from_millis(50);

/// What one wave counts at most as the database time of those who asked, searches apart: it may have waited for a lock.
const MAX_WAVE: Duration = Duration::from_millis(100);

/// The database time after which a run that goes on alone commits, and waits for its next turn: what it holds locked
/// others wait for.
const TURN: Duration = Duration::from_secs(5);

/// Bytes that runs assign to `$env` and write, over all bundles of this process.
const MAX_HELD_BYTES: usize = 64 * 1024 * 1024;
/// Bytes that one run may always assign and write: they are not counted against the total.
const SMALL_BYTES: usize = 64 * 1024;

/// What the runs of one transaction have cost so far.
#[derive(Debug)]
pub struct BundleBudget {
    mode: Mode,
    slow_runs: Arc<SlowRuns>,
    began: Instant,
    searched: Duration,
    steps: u32,
    held: usize,
}

impl Default for BundleBudget {
    fn default() -> Self {
        Self::new(Mode::default(), Arc::default())
    }
}

impl Drop for BundleBudget {
    fn drop(&mut self) {
        self.slow_runs.let_go(self.held);
    }
}

impl BundleBudget {
    /// All of it is left.
    pub fn new(mode: Mode, slow_runs: Arc<SlowRuns>) -> Self {
        Self { mode, slow_runs, began: Instant::now(), searched: Duration::ZERO, steps: 0, held: 0 }
    }

    /// How its runs are executed.
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// The runs begin: what the transaction waited for before does not count.
    pub fn begin(&mut self) {
        self.began = Instant::now();
    }

    /// Whether runs of a workflow go on alone sooner than others.
    pub fn is_suspect(&self, workflow: WorkflowId) -> bool {
        self.slow_runs.has(workflow)
    }

    /// A run goes on alone by its own fault.
    pub fn note(&self, workflow: WorkflowId, cost: Cost) {
        self.slow_runs.note(workflow, cost);
    }

    fn is_late(&self) -> bool {
        self.mode == Mode::Bundle && self.began.elapsed() > LATE_AFTER
    }

    /// How long a run may compute here, if it may go on elsewhere.
    pub fn computing(&self, is_suspect: bool) -> Option<Duration> {
        match self.mode {
            Mode::Slow => None,
            Mode::Bundle | Mode::Resumed if is_suspect || self.is_late() => Some(TIGHT_COMPUTING),
            Mode::Bundle | Mode::Resumed => Some(MAX_COMPUTING),
        }
    }

    /// Why a run that has cost this goes on alone, if it does.
    pub fn overdrawn(&self, run: &RunBudget, is_suspect: bool) -> Option<Leave> {
        let leave = |cost, why| Some(Leave { cost, why, is_its_own: true });
        let (computed, queried) = (run.kept_waiting(), run.queried());
        if computed > self.computing(is_suspect)? {
            return leave(Cost::Computing, Message::ComputedFor { seconds: format!("{:.2}", computed.as_secs_f64()) });
        }
        let (late, database) = (self.is_late(), if is_suspect { TIGHT_DATABASE } else { MAX_DATABASE });
        if queried > database {
            return leave(
                Cost::Database,
                Message::DatabaseWorkedFor { seconds: format!("{:.1}", queried.as_secs_f64()) },
            );
        }
        if late && run.asks_often() {
            return leave(Cost::Database, Message::AskedOften);
        }
        if run.steps() >= if is_suspect || self.steps >= MANY_STEPS { TIGHT_STEPS } else { MAX_STEPS } {
            return leave(Cost::Computing, Message::StepsInARow { steps: run.steps() });
        }
        None
    }

    /// Whether a run that goes on alone has had its turn.
    pub fn has_had_its_turn(&self, run: &RunBudget) -> bool {
        self.mode == Mode::Slow && run.queried() > TURN
    }

    /// How long the next search may take that no index serves; none = it is not asked here.
    pub fn search_limit(&self, has_searched: bool) -> Option<Duration> {
        let left = MAX_SEARCHING.saturating_sub(self.searched);
        match self.mode {
            Mode::Slow => Some(MAX_SEARCH),
            Mode::Resumed => Some(left.max(LEAST_SEARCH)),
            Mode::Bundle if left > Duration::ZERO => Some((left / 2).max(LEAST_SEARCH)),
            Mode::Bundle => (!has_searched && self.searched < MAX_SEARCHING + MORE_SEARCHING).then_some(LEAST_SEARCH),
        }
    }

    /// What the searches took so far.
    pub fn searched(&self) -> Duration {
        self.searched
    }

    /// A search took this long.
    pub fn search(&mut self, took: Duration) {
        self.searched += took;
    }

    /// The share of each of those who asked in a wave that took this long, its searches apart.
    pub fn share(&self, took: Duration, searched_before: Duration, askers: usize) -> Duration {
        let took = took.saturating_sub(self.searched - searched_before).min(MAX_WAVE);
        took / u32::try_from(askers.max(1)).unwrap_or(u32::MAX)
    }

    /// A run takes a step.
    pub fn step(&mut self) {
        self.steps = self.steps.saturating_add(1);
    }

    /// Whether there is no room for more bytes of a run that holds so many already.
    pub fn is_full(&self, held: usize, more: usize) -> bool {
        self.mode == Mode::Bundle && held + more > SMALL_BYTES && self.slow_runs.held() + more > MAX_HELD_BYTES
    }

    /// A run holds more bytes, until the transaction ends.
    pub fn hold(&mut self, bytes: usize) {
        if self.mode == Mode::Bundle {
            self.held += bytes;
            self.slow_runs.hold(bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(mode: Mode, searched_ms: u64) -> BundleBudget {
        let mut budget = BundleBudget::new(mode, Arc::default());
        budget.search(Duration::from_millis(searched_ms));
        budget
    }

    #[test]
    fn searches_share_what_is_left_and_the_first_of_a_run_finds_some_of_it() {
        for (mode, searched, again, limit) in [
            (Mode::Bundle, 0, true, Some(1_000)),
            (Mode::Bundle, 1_000, true, Some(500)),
            (Mode::Bundle, 1_990, true, Some(50)),
            (Mode::Bundle, 2_000, true, None),
            (Mode::Bundle, 2_000, false, Some(50)),
            (Mode::Bundle, 3_000, false, None),
            (Mode::Resumed, 0, true, Some(2_000)),
            (Mode::Resumed, 9_000, true, Some(50)),
            (Mode::Slow, 90_000, true, Some(15_000)),
        ] {
            let found = after(mode, searched).search_limit(again);
            assert_eq!(found, limit.map(Duration::from_millis), "{mode:?} {searched} {again}");
        }
    }

    #[test]
    fn a_run_leaves_for_its_searches_sooner_if_its_workflow_was_slow() {
        for (mode, searched, is_suspect, leaves) in [
            (Mode::Bundle, 1_900, false, false),
            (Mode::Bundle, 2_100, false, true),
            (Mode::Bundle, 110, true, true),
            (Mode::Resumed, 2_100, false, true),
            (Mode::Slow, 90_000, true, false),
        ] {
            let mut run = RunBudget::new();
            run.query(Duration::from_millis(searched));
            assert_eq!(after(mode, 0).overdrawn(&run, is_suspect).is_some(), leaves, "{mode:?} {searched}");
            assert_eq!(after(mode, 0).has_had_its_turn(&run), mode == Mode::Slow);
        }
    }

    #[test]
    fn a_slow_database_is_no_fault_of_a_run_that_asks_seldom() {
        let mut run = RunBudget::new();
        run.wait(Duration::from_secs(60));
        assert!(after(Mode::Bundle, 0).overdrawn(&run, true).is_none());
        (0..100).for_each(|_| run.ask());
        assert!(after(Mode::Bundle, 0).overdrawn(&run, false).is_some());
    }

    #[test]
    fn a_run_of_many_steps_leaves_and_sooner_if_others_took_many() {
        for (mode, of_all, of_run, is_suspect, leaves) in [
            (Mode::Bundle, 0, 999, false, false),
            (Mode::Bundle, 0, 1_000, false, true),
            (Mode::Resumed, 0, 1_000, false, true),
            (Mode::Slow, 0, 9_000, false, false),
            (Mode::Bundle, 0, 100, true, true),
            (Mode::Bundle, 20_000, 99, false, false),
            (Mode::Bundle, 20_000, 100, false, true),
        ] {
            let (mut bundle, mut run) = (after(mode, 0), RunBudget::new());
            (0..of_all).for_each(|_| bundle.step());
            (0..of_run).for_each(|_| run.step());
            assert_eq!(bundle.overdrawn(&run, is_suspect).is_some(), leaves, "{mode:?} {of_all} {of_run}");
        }
    }

    #[test]
    fn what_bundles_hold_is_counted_together_until_they_end() {
        let slow = Arc::<SlowRuns>::default();
        let mut one = BundleBudget::new(Mode::Bundle, Arc::clone(&slow));
        let other = BundleBudget::new(Mode::Bundle, Arc::clone(&slow));
        one.hold(MAX_HELD_BYTES);
        assert!(other.is_full(SMALL_BYTES, 1) && !other.is_full(0, SMALL_BYTES));
        drop(one);
        assert!(!other.is_full(SMALL_BYTES, 1) && slow.held() == 0);
    }
}
