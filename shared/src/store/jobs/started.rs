//! What became of the runs that jobs have started in the place of others.

use std::collections::HashMap;

use deadpool_postgres::Object;
use serde::{Deserialize, Serialize};

use crate::store::StoreError;
use crate::store::runs::State;

const OF_JOBS: &str = "-- started::of_jobs
SELECT job, state::text, count(*) FROM runs WHERE job = ANY ($1) GROUP BY job, state";

/// How the runs stand that a job has started. Those that the history has no more are not counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "StartedRuns"))]
pub struct Started {
    /// They have finished.
    pub finished: i64,
    /// They have failed as well.
    pub failed: i64,
    /// They wait: for a time, for another run, for a person, or for their workflow, which is on hold.
    pub waiting: i64,
    /// They are on their way.
    pub running: i64,
}

impl Started {
    fn add(&mut self, state: State, count: i64) {
        let place = match state {
            State::Finished => &mut self.finished,
            State::Failed => &mut self.failed,
            State::NeedsAttention | State::Waiting | State::Held => &mut self.waiting,
            State::Running => &mut self.running,
        };
        *place += count;
    }
}

/// Of these jobs, those that have started runs.
pub async fn of_jobs(connection: &Object, jobs: &[i64]) -> Result<HashMap<i64, Started>, StoreError> {
    let mut all: HashMap<i64, Started> = HashMap::new();
    if jobs.is_empty() {
        return Ok(all);
    }
    for row in connection.query(OF_JOBS, &[&jobs]).await? {
        if let Some(state) = State::from_word(row.get(1)) {
            all.entry(row.get(0)).or_default().add(state, row.get(2));
        }
    }
    Ok(all)
}
