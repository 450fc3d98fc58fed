//! Whether the spool would take a submission now. A connection is no proof: the disk may be full, or the database
//! read-only. What the spool took last is one; when that failed or is long ago, a row is written and taken back.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use postern_shared::store::{Store, StoreError, spool};

use crate::beat::{self, Late};

/// How long a submission that was committed proves that the next one would be.
const PROOF_LASTS: Duration = Duration::from_secs(5);

/// How long the result of a trial, and a failure, counts: however often somebody asks, the database is asked once a second.
const TRIAL_LASTS: Duration = Duration::from_secs(1);

/// How long a trial may take: below the time for which `deploy/kubernetes` waits for an answer.
const TRIAL_LIMIT: Duration = Duration::from_secs(2);

/// Why the spool takes nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// Its limit is reached.
    #[error("the spool is full: it holds {most} messages with submissions or more (POSTERN_MAX_SPOOLED)")]
    Full {
        /// The limit.
        most: i64,
    },
    /// PostgreSQL cannot be reached, or commits nothing.
    #[error("{0}")]
    Database(String),
    /// PostgreSQL does not answer.
    #[error("postgresql has committed nothing for {} s", TRIAL_LIMIT.as_secs())]
    Silent,
    /// This process gets too little time to run to know.
    #[error("this process gets too little processor time to try it")]
    Starved,
}

impl From<StoreError> for Unfit {
    fn from(error: StoreError) -> Self {
        Self::Database(error.to_string())
    }
}

/// What is known of the spool.
#[derive(Debug)]
pub struct Fitness {
    store: Store,
    max_rows: i64,
    /// What became of the submissions that were handed in last.
    last: Mutex<Option<Outcome>>,
    trial: tokio::sync::Mutex<Option<Outcome>>,
}

/// What became of a write, and when: nothing is in the way, or what is.
#[derive(Debug, Clone)]
struct Outcome {
    at: Instant,
    unfit: Option<Unfit>,
}

impl Outcome {
    fn of(result: Result<(), Unfit>) -> Self {
        Self { at: Instant::now(), unfit: result.err() }
    }
}

impl Fitness {
    pub fn new(store: Store, max_rows: i64) -> Self {
        Self { store, max_rows, last: Mutex::default(), trial: tokio::sync::Mutex::default() }
    }

    /// Submissions were committed, or refused.
    pub fn tell(&self, result: Result<(), Unfit>) {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(Outcome::of(result));
    }

    /// Why the spool would take nothing; nothing if it would.
    pub async fn unfit(&self) -> Option<Unfit> {
        let mut trial = self.trial.lock().await;
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(known) = known(last, trial.clone(), Instant::now()) {
            return known.unfit;
        }
        let tried = beat::limit(TRIAL_LIMIT, self.try_once()).await.unwrap_or_else(|late| match late {
            Late::Outside => Err(Unfit::Silent),
            Late::Here => Err(Unfit::Starved),
        });
        trial.insert(Outcome::of(tried)).unfit.clone()
    }

    async fn try_once(&self) -> Result<(), Unfit> {
        let connection = self.store.connection().await?;
        if spool::count_submissions(&connection, self.max_rows).await? >= self.max_rows {
            return Err(Unfit::Full { most: self.max_rows });
        }
        Ok(spool::try_writing(&connection).await?)
    }
}

/// What still counts of the last submissions and of the last trial; none = it must be tried.
fn known(last: Option<Outcome>, trial: Option<Outcome>, now: Instant) -> Option<Outcome> {
    let is_since = |one: &Outcome, limit| now.saturating_duration_since(one.at) < limit;
    // Until it is tried, a failure counts no longer than a trial does.
    let lasts = |one: &Outcome| if one.unfit.is_none() { PROOF_LASTS } else { TRIAL_LASTS };
    let last = last.filter(|one| is_since(one, lasts(one)));
    let trial = trial.filter(|one| is_since(one, TRIAL_LASTS));
    last.into_iter().chain(trial).max_by_key(|one| one.at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commit_counts_for_seconds_a_failure_and_a_trial_for_one() {
        let now = Instant::now() + Duration::from_secs(60);
        let ago = |millis: u64, unfit: Option<Unfit>| Some(Outcome { at: now - Duration::from_millis(millis), unfit });
        let full = || Some(Unfit::Silent);
        for (last, trial, expected) in [
            (None, None, None),
            (ago(4_000, None), None, Some(None)),
            (ago(6_000, None), None, None),
            (ago(500, full()), None, Some(full())),
            (ago(1_500, full()), None, None),
            (ago(500, full()), ago(900, None), Some(full())),
            (ago(900, full()), ago(500, None), Some(None)),
            (ago(4_000, None), ago(500, full()), Some(full())),
            (ago(6_000, None), ago(1_500, full()), None),
        ] {
            let found = known(last.clone(), trial.clone(), now).map(|one| one.unfit);
            assert_eq!(found, expected, "{last:?} {trial:?}");
        }
    }
}
