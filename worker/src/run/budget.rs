//! What one run has cost: the time that it computes, the time that the database works for it, and the bytes that it
//! assigns and writes. Between two statements of a transaction PostgreSQL waits, with its locks held, and all that runs
//! write stays in memory until the commit, so a loop may not go on as it likes. What a run costs those beside it is
//! bounded by the budget of their bundle.

use std::time::{Duration, Instant};

use postern_shared::env::Env;
use postern_shared::message::Message;

use crate::bundle::keepalive::YIELD_EVERY;
use crate::run::slow_runs::{Cost, Leave};

/// Computing of one run in one transaction. A workflow needs milliseconds; this is half of what PostgreSQL lets a
/// transaction idle.
pub const MAX_COMPUTING: Duration = Duration::from_secs(5);

/// What counts at most between two looks at the clock, which is far above one evaluation: a process that was frozen
/// has not computed.
const MAX_LAP: Duration = Duration::from_millis(500);

/// What counts at most against those beside it, between two looks: about one evaluation. A thread that did not get a core
/// has not computed.
const MAX_SHARED_LAP: Duration = Duration::from_millis(30);

/// Queries of one run to the database. From then on the time of the answers counts, and the run can leave its bundle.
/// A run with fewer is not slow itself: the database is.
const MANY_QUERIES: u32 = 64;

/// Bytes of the records and comments that one run makes: four of the largest records.
pub const MAX_WRITTEN_BYTES: usize = 16 * 1024 * 1024;

/// Why a step is broken off.
#[derive(Debug)]
pub enum Exceeded {
    /// The run has had its computing, and fails.
    Computing,
    /// The run has written as much as it may, and fails.
    Written,
    /// The run goes on alone with the step; see [`RunBudget::take_leave`].
    Leaves(Message),
}

/// What a run has used up.
#[derive(Debug)]
pub struct RunBudget {
    /// As far as it may compute at all, and as far as those beside it wait for it.
    computed: Duration,
    shared: Duration,
    looked: Instant,
    /// What it had computed when others could go on.
    yielded: Duration,
    /// How long the database has searched for it, and how long it has answered what else it asked.
    searched: Duration,
    waited: Duration,
    /// How much of its computing, and of the work of the database for it, belongs to steps that were taken.
    owned: Duration,
    queries: u32,
    has_searched: bool,
    steps: u32,
    written: usize,
    held: usize,
    /// The bytes of `$env` as JSON, once it was counted.
    env: Option<usize>,
    /// Whether its workflow had slow runs lately, once it was looked.
    is_suspect: Option<bool>,
    /// A step may be broken off, and done again by the run alone.
    may_leave: bool,
    /// The computing after which it is.
    leaves_at: Option<Duration>,
    leaving: Option<Leave>,
    /// Whether it stops behind each step, so that somebody can look.
    is_stepwise: bool,
}

impl RunBudget {
    /// All of it is left.
    pub fn new() -> Self {
        Self {
            computed: Duration::ZERO,
            shared: Duration::ZERO,
            looked: Instant::now(),
            yielded: Duration::ZERO,
            searched: Duration::ZERO,
            waited: Duration::ZERO,
            owned: Duration::ZERO,
            queries: 0,
            has_searched: false,
            steps: 0,
            written: 0,
            held: 0,
            env: None,
            is_suspect: None,
            may_leave: false,
            leaves_at: None,
            leaving: None,
            is_stepwise: false,
        }
    }

    /// From now on the run stops behind each step.
    pub fn go_stepwise(&mut self) {
        self.is_stepwise = true;
    }

    /// The run goes on: what it waited for others does not count.
    pub fn go_on(&mut self) {
        self.looked = Instant::now();
    }

    /// Counts the time since the last look.
    pub fn compute(&mut self) -> Result<(), Exceeded> {
        self.lap();
        if self.computed > MAX_COMPUTING {
            return Err(Exceeded::Computing);
        }
        if self.may_leave && self.leaves_at.is_some_and(|at| self.shared > at) {
            let why = Message::ComputedFor { seconds: format!("{:.2}", self.shared.as_secs_f64()) };
            return Err(self.leave(Leave { cost: Cost::Computing, why, is_its_own: true }));
        }
        Ok(())
    }

    fn lap(&mut self) {
        let lap = self.looked.elapsed();
        self.computed += lap.min(MAX_LAP);
        self.shared += lap.min(MAX_SHARED_LAP);
        self.go_on();
    }

    /// Breaks the step off: the run goes on alone with it. To be handed on at once; nothing may be done of the step.
    pub fn leave(&mut self, leave: Leave) -> Exceeded {
        let why = leave.why.clone();
        self.leaving = Some(leave);
        Exceeded::Leaves(why)
    }

    /// Why the step was broken off, if it was.
    pub fn take_leave(&mut self) -> Option<Leave> {
        self.leaving.take()
    }

    /// A step begins. If it `may_leave` it is broken off after so much computing in all.
    pub fn begin_step(&mut self, may_leave: bool, leaves_at: Option<Duration>) {
        (self.may_leave, self.leaves_at) = (may_leave, leaves_at);
    }

    /// Whether the step in hand may be broken off.
    pub fn may_leave(&self) -> bool {
        self.may_leave
    }

    /// Whether it is time to let others go on; asked after each step.
    pub fn wants_to_yield(&mut self) -> bool {
        self.may_leave = false;
        self.lap();
        let wants = self.is_stepwise || self.computed - self.yielded > YIELD_EVERY;
        if wants {
            self.yielded = self.computed;
        }
        wants
    }

    /// Whether its workflow had slow runs lately, which is looked up once.
    pub fn is_suspect(&mut self, look: impl FnOnce() -> bool) -> bool {
        *self.is_suspect.get_or_insert_with(look)
    }

    /// It is about to search; returns whether it has searched before.
    pub fn search(&mut self) -> bool {
        std::mem::replace(&mut self.has_searched, true)
    }

    /// The database has searched for it.
    pub fn query(&mut self, took: Duration) {
        self.searched += took;
    }

    /// The database has answered what else it asked.
    pub fn wait(&mut self, took: Duration) {
        self.waited += took;
    }

    /// It has asked the database.
    pub fn ask(&mut self) {
        self.queries = self.queries.saturating_add(1);
    }

    /// How long those beside it have waited for its computing.
    pub fn kept_waiting(&self) -> Duration {
        self.shared
    }

    /// How long the database has worked for it.
    pub fn queried(&self) -> Duration {
        if self.asks_often() { self.searched + self.waited } else { self.searched }
    }

    /// The own time of the step that is taken now: the computing since the last step, and the work of the database.
    pub fn take_own(&mut self) -> Duration {
        self.lap();
        let all = self.computed + self.searched + self.waited;
        let own = all.saturating_sub(self.owned);
        self.owned = all;
        own
    }

    /// Whether it is the one that keeps the database busy, and not the database that is slow.
    pub fn asks_often(&self) -> bool {
        self.queries > MANY_QUERIES
    }

    /// It takes a step, which its path will show.
    pub fn step(&mut self) {
        self.steps = self.steps.saturating_add(1);
    }

    /// The steps that it took in this transaction.
    pub fn steps(&self) -> u32 {
        self.steps
    }

    /// Counts what is about to be written.
    pub fn write(&mut self, bytes: usize) -> Result<(), Exceeded> {
        self.written = self.written.saturating_add(bytes);
        if self.written > MAX_WRITTEN_BYTES {
            return Err(Exceeded::Written);
        }
        Ok(())
    }

    /// What it holds in memory beyond what was posted.
    pub fn held(&self) -> usize {
        self.held
    }

    /// It holds more.
    pub fn hold(&mut self, bytes: usize) {
        self.held = self.held.saturating_add(bytes);
    }

    /// The bytes of its `$env` as JSON, which are counted once.
    pub fn env_bytes(&mut self, env: &Env) -> usize {
        *self.env.get_or_insert_with(|| env.bytes())
    }

    /// Its `$env` has so many bytes now; none = they are to be counted again.
    pub fn set_env_bytes(&mut self, bytes: Option<usize>) {
        self.env = bytes;
    }
}
