//! Guesses of passwords, counted in the store for all processes together. Log-ins have connections of their own, so that
//! strangers take none from the pages. A short memory of this process spares the store: a caller that was told to wait is
//! told so again without a question, and the callers that knew a password are read now and then.

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use postern_http::party::party;
use postern_http::rate;
use postern_shared::store::log_ins::{self, Counted, Pair};
use postern_shared::store::{self, Store, StoreError};
use sha2::{Digest, Sha256};

use super::throttle;

/// Connections to the store for log-ins.
const CONNECTIONS: usize = 2;
/// How long a process refuses without a question what was refused: another process may have let this caller in since.
const REFUSED_FOR: Duration = Duration::from_secs(1);
/// How many refusals are remembered.
const MAX_REFUSED: usize = 10_000;
/// How old the known callers may be.
const KNOWN_FOR: Duration = Duration::from_secs(5);
/// After how many guesses of this process the store is freed of what is above its limits.
const FORGET_EVERY: u64 = 256;

/// The guesses of late.
#[derive(Debug)]
pub struct Guesses {
    store: Store,
    counted: AtomicU64,
    refused: Mutex<HashMap<Pair, Refused>>,
    known: tokio::sync::Mutex<Known>,
}

#[derive(Debug, Clone, Copy)]
struct Refused {
    until: Instant,
    asked_at: Instant,
}

#[derive(Debug, Default)]
struct Known {
    pairs: HashSet<Pair>,
    read_at: Option<Instant>,
}

impl Guesses {
    /// None so far, in the database of this store.
    pub fn new(store: &Store) -> Result<Self, StoreError> {
        let store = store.beside(CONNECTIONS)?;
        Ok(Self { store, counted: AtomicU64::new(0), refused: Mutex::default(), known: Default::default() })
    }

    /// How long this caller has to wait with this name, if that is remembered.
    pub fn refused(&self, pair: &Pair, now: Instant) -> Option<Duration> {
        let refused = self.refusals().get(pair).copied()?;
        let is_fresh = now.saturating_duration_since(refused.asked_at) < REFUSED_FOR;
        refused.until.checked_duration_since(now).filter(|wait| is_fresh && !wait.is_zero())
    }

    /// Whether this caller knew the password of this name some seconds ago. While the store is away it is what it was.
    pub async fn is_known(&self, pair: &Pair) -> bool {
        let mut known = self.known.lock().await;
        if known.read_at.is_none_or(|at| at.elapsed() > KNOWN_FOR) {
            match self.callers().await {
                Ok(pairs) => known.pairs = pairs,
                Err(error) => tracing::debug!(%error, "the callers that have logged in could not be read"),
            }
            known.read_at = Some(Instant::now());
        }
        known.pairs.contains(pair)
    }

    async fn callers(&self) -> Result<HashSet<Pair>, StoreError> {
        Ok(log_ins::callers(&self.store.connection().await?).await?.into_iter().collect())
    }

    /// Counts a guess as wrong, whatever becomes of it.
    ///
    /// # Errors
    /// How long the caller has to wait with this name; then nothing is counted.
    pub async fn count(&self, pair: &Pair) -> Result<Result<Counted, Duration>, StoreError> {
        let mut connection = self.store.connection().await?;
        let transaction = store::begin(&mut connection).await?;
        let judged = throttle::judge(&log_ins::standing(&transaction, pair).await?);
        match judged {
            Ok(counted) => {
                log_ins::count(&transaction, pair, &counted).await?;
                store::commit(transaction).await?;
                if self.counted.fetch_add(1, Ordering::Relaxed).is_multiple_of(FORGET_EVERY) {
                    log_ins::forget(&connection, throttle::LIMITS).await?;
                }
            }
            Err(wait) => self.remember(*pair, wait, Instant::now()),
        }
        Ok(judged)
    }

    /// The password of a guess was right.
    pub async fn pass(&self, pair: &Pair, counted: &Counted) -> Result<(), StoreError> {
        log_ins::pass(&mut self.store.connection().await?, pair, throttle::given_back(counted)).await?;
        self.known.lock().await.pairs.insert(*pair);
        Ok(())
    }

    fn remember(&self, pair: Pair, wait: Duration, now: Instant) {
        let mut refused = self.refusals();
        rate::make_room(&mut refused, &pair, MAX_REFUSED, |one| one.asked_at);
        refused.insert(pair, Refused { until: now + wait, asked_at: now });
    }

    /// A thread that panicked here left nothing half done.
    fn refusals(&self) -> MutexGuard<'_, HashMap<Pair, Refused>> {
        self.refused.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// By what a guess is counted.
pub fn pair(name: &str, address: IpAddr) -> Pair {
    Pair { name: Sha256::digest(name.as_bytes()).into(), caller: party(address) }
}
