//! What the runs of one transaction may cost together, and each of them. Others wait for a bundle, and for a slot in which
//! runs go on: a run that costs too much leaves at its next step, commits what it has done, and goes on alone.

use std::sync::Arc;
use std::time::{Duration, Instant};

use postern_shared::id::WorkflowId;
use postern_shared::store::search::MAX_SEARCH;

use crate::allowance::Allowance;
use crate::slow::{Cost, Leave, Slow};

/// Where a run is executed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Place {
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

/// The computing of a run whose workflow had slow runs lately, or whose bundle has taken long already, until it goes on
/// alone.
const TIGHT_COMPUTING: Duration = Duration::from_millis(50);
/// The database time of a run whose workflow had slow runs lately, until it goes on alone.
pub const TIGHT_DATABASE: Duration = Duration::from_millis(100);

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
pub struct Budget {
    place: Place,
    slow: Arc<Slow>,
    began: Instant,
    searched: Duration,
    held: usize,
}

impl Default for Budget {
    fn default() -> Self {
        Self::new(Place::default(), Arc::default())
    }
}

impl Drop for Budget {
    fn drop(&mut self) {
        self.slow.let_go(self.held);
    }
}

impl Budget {
    /// All of it is left.
    pub fn new(place: Place, slow: Arc<Slow>) -> Self {
        Self { place, slow, began: Instant::now(), searched: Duration::ZERO, held: 0 }
    }

    /// Where the transaction is.
    pub fn place(&self) -> Place {
        self.place
    }

    /// The runs begin: what the transaction waited for before does not count.
    pub fn begin(&mut self) {
        self.began = Instant::now();
    }

    /// Whether runs of a workflow go on alone sooner than others.
    pub fn is_suspect(&self, workflow: WorkflowId) -> bool {
        self.slow.has(workflow)
    }

    /// A run goes on alone by its own fault.
    pub fn note(&self, workflow: WorkflowId, cost: Cost) {
        self.slow.note(workflow, cost);
    }

    fn is_late(&self) -> bool {
        self.place == Place::Bundle && self.began.elapsed() > LATE_AFTER
    }

    /// How long a run may compute here, if it may go on elsewhere.
    pub fn computing(&self, is_suspect: bool) -> Option<Duration> {
        match self.place {
            Place::Slow => None,
            Place::Bundle | Place::Resumed if is_suspect || self.is_late() => Some(TIGHT_COMPUTING),
            Place::Bundle | Place::Resumed => Some(MAX_COMPUTING),
        }
    }

    /// Why a run that has cost this goes on alone, if it does.
    pub fn overdrawn(&self, run: &Allowance, is_suspect: bool) -> Option<Leave> {
        let leave = |cost, why| Some(Leave { cost, why, is_its_own: true });
        let (computed, queried) = (run.kept_waiting(), run.queried());
        if computed > self.computing(is_suspect)? {
            return leave(Cost::Computing, format!("its steps computed for {:.2} s", computed.as_secs_f64()));
        }
        let (late, database) = (self.is_late(), if is_suspect { TIGHT_DATABASE } else { MAX_DATABASE });
        if queried > database {
            return leave(Cost::Database, format!("the database worked for it for {:.1} s", queried.as_secs_f64()));
        }
        if late && run.asks_often() {
            return leave(Cost::Database, "it asked the database very often".to_owned());
        }
        None
    }

    /// Whether a run that goes on alone has had its turn.
    pub fn has_had_its_turn(&self, run: &Allowance) -> bool {
        self.place == Place::Slow && run.queried() > TURN
    }

    /// How long the next search may take that no index serves; none = it is not asked here.
    pub fn search_limit(&self, has_searched: bool) -> Option<Duration> {
        let left = MAX_SEARCHING.saturating_sub(self.searched);
        match self.place {
            Place::Slow => Some(MAX_SEARCH),
            Place::Resumed => Some(left.max(LEAST_SEARCH)),
            Place::Bundle if left > Duration::ZERO => Some((left / 2).max(LEAST_SEARCH)),
            Place::Bundle => (!has_searched && self.searched < MAX_SEARCHING + MORE_SEARCHING).then_some(LEAST_SEARCH),
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

    /// Whether there is no room for more bytes of a run that holds so many already.
    pub fn is_full(&self, held: usize, more: usize) -> bool {
        self.place == Place::Bundle && held + more > SMALL_BYTES && self.slow.held() + more > MAX_HELD_BYTES
    }

    /// A run holds more bytes, until the transaction ends.
    pub fn hold(&mut self, bytes: usize) {
        if self.place == Place::Bundle {
            self.held += bytes;
            self.slow.hold(bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(place: Place, searched_ms: u64) -> Budget {
        let mut budget = Budget::new(place, Arc::default());
        budget.search(Duration::from_millis(searched_ms));
        budget
    }

    #[test]
    fn searches_share_what_is_left_and_the_first_of_a_run_finds_some_of_it() {
        for (place, searched, again, limit) in [
            (Place::Bundle, 0, true, Some(1_000)),
            (Place::Bundle, 1_000, true, Some(500)),
            (Place::Bundle, 1_990, true, Some(50)),
            (Place::Bundle, 2_000, true, None),
            (Place::Bundle, 2_000, false, Some(50)),
            (Place::Bundle, 3_000, false, None),
            (Place::Resumed, 0, true, Some(2_000)),
            (Place::Resumed, 9_000, true, Some(50)),
            (Place::Slow, 90_000, true, Some(15_000)),
        ] {
            let found = after(place, searched).search_limit(again);
            assert_eq!(found, limit.map(Duration::from_millis), "{place:?} {searched} {again}");
        }
    }

    #[test]
    fn a_run_leaves_for_its_searches_sooner_if_its_workflow_was_slow() {
        for (place, searched, is_suspect, leaves) in [
            (Place::Bundle, 1_900, false, false),
            (Place::Bundle, 2_100, false, true),
            (Place::Bundle, 110, true, true),
            (Place::Resumed, 2_100, false, true),
            (Place::Slow, 90_000, true, false),
        ] {
            let mut run = Allowance::new();
            run.query(Duration::from_millis(searched));
            assert_eq!(after(place, 0).overdrawn(&run, is_suspect).is_some(), leaves, "{place:?} {searched}");
            assert_eq!(after(place, 0).has_had_its_turn(&run), place == Place::Slow);
        }
    }

    #[test]
    fn a_slow_database_is_no_fault_of_a_run_that_asks_seldom() {
        let mut run = Allowance::new();
        run.wait(Duration::from_secs(60));
        assert!(after(Place::Bundle, 0).overdrawn(&run, true).is_none());
        (0..100).for_each(|_| run.ask());
        assert!(after(Place::Bundle, 0).overdrawn(&run, false).is_some());
    }

    #[test]
    fn what_bundles_hold_is_counted_together_until_they_end() {
        let slow = Arc::<Slow>::default();
        let mut one = Budget::new(Place::Bundle, Arc::clone(&slow));
        let other = Budget::new(Place::Bundle, Arc::clone(&slow));
        one.hold(MAX_HELD_BYTES);
        assert!(other.is_full(SMALL_BYTES, 1) && !other.is_full(0, SMALL_BYTES));
        drop(one);
        assert!(!other.is_full(SMALL_BYTES, 1) && slow.held() == 0);
    }
}
