//! What one run may cost beside its steps: the time that it computes and the bytes that it writes. Between two
//! statements of a bundle PostgreSQL waits, with its locks held, and all that runs write stays in memory until the
//! commit, so a loop may not go on as it likes.

use std::time::{Duration, Instant};

use crate::task::TaskError;

/// Computing of one run. A workflow needs milliseconds; this is half of what PostgreSQL lets a transaction idle.
const MAX_COMPUTING: Duration = Duration::from_secs(5);

/// What counts at most between two looks at the clock, which is far above one evaluation: a process that was frozen
/// has not computed.
const MAX_LAP: Duration = Duration::from_millis(500);

/// Bytes of the records and comments that one run makes: four of the largest records.
const MAX_WRITTEN_BYTES: usize = 16 * 1024 * 1024;

/// What a run has used up.
#[derive(Debug)]
pub struct Allowance {
    computed: Duration,
    looked: Instant,
    written: usize,
}

impl Allowance {
    /// All of it is left.
    pub fn new() -> Self {
        Self { computed: Duration::ZERO, looked: Instant::now(), written: 0 }
    }

    /// The run goes on: what it waited for others does not count.
    pub fn go_on(&mut self) {
        self.looked = Instant::now();
    }

    /// Counts the time since the last look.
    pub fn compute(&mut self) -> Result<(), TaskError> {
        self.computed += self.looked.elapsed().min(MAX_LAP);
        self.go_on();
        if self.computed > MAX_COMPUTING {
            return Err(TaskError(format!("the run has computed for more than {} s", MAX_COMPUTING.as_secs())));
        }
        Ok(())
    }

    /// Counts what is about to be written.
    pub fn write(&mut self, bytes: usize) -> Result<(), TaskError> {
        self.written = self.written.saturating_add(bytes);
        if self.written > MAX_WRITTEN_BYTES {
            return Err(TaskError(format!("the run has written more than {MAX_WRITTEN_BYTES} bytes")));
        }
        Ok(())
    }
}
