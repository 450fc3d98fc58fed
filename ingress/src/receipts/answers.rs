//! The answers to callers that ask for receipts, and what asking may cost.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use postern_shared::clock::Clock;
use postern_shared::id::{PermissionKey, ReceiptId};
use postern_shared::log_limit::LogLimit;
use postern_shared::receipt::{Audience, Report, find};
use postern_shared::store::{Store, StoreError};
use quick_cache::sync::{Cache, DefaultLifecycle};
use quick_cache::{DefaultHashBuilder, OptionsBuilder, Weighter};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use postern_http::party::party;
use postern_http::rate::{self, Rate, Taken};

/// Connections to PostgreSQL by which receipts are looked up, beside those of the process.
pub const CONNECTIONS: usize = 2;
/// How often one caller may read receipts; then the answer is 429: for each of some posts a second, and a page of them
/// at once.
const RATE: Rate = Rate { burst: 200, each: Duration::from_millis(20) };
/// Callers whose rate of reading receipts is remembered. The caller that read least makes room for a new caller.
const MAX_CALLERS: usize = 4_096;
/// Callers that wait for a receipt to be looked up; then the answer is 503: some hundred milliseconds of looking up.
pub const MAX_WAITING: usize = 256;
/// How long a caller waits for a receipt; then the answer is 503, since the database is taken to be away.
const LIMIT: Duration = Duration::from_secs(5);
/// Bytes of receipts that were read and are kept.
pub const MAX_KEPT_BYTES: usize = 8 * 1024 * 1024;
/// Bytes that an answer takes beside its body.
const ANSWER_BYTES: u64 = 256;
/// How long a receipt that was read is kept if it will not change soon: it has ended, or there is no such receipt.
const KEPT: Duration = Duration::from_secs(1);
/// How long any other receipt that was read is kept.
const KEPT_UNDER_WAY: Duration = Duration::from_millis(250);

/// What a caller gets.
#[derive(Debug, Clone)]
pub enum Answer {
    /// There is no such receipt.
    Unknown,
    /// It is not known who let it in.
    OfNobody(Bytes),
    /// It is for callers of this permission.
    Of(PermissionKey, Bytes),
}

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unanswered {
    /// Too many wait for one.
    Busy,
    /// PostgreSQL does not give one.
    Away,
}

#[derive(Debug, Clone)]
struct Kept {
    answer: Answer,
    until: Instant,
}

/// Answers that are kept for a moment, and looked up once for all who ask meanwhile.
#[derive(Debug)]
pub struct Answers {
    store: Store,
    clock: Arc<Clock>,
    kept: Cache<ReceiptId, Kept, Bytesize>,
    callers: Mutex<HashMap<IpAddr, Taken>>,
    waiting: Semaphore,
    failures: LogLimit,
}

#[derive(Debug, Clone)]
struct Bytesize;

impl Weighter<ReceiptId, Kept> for Bytesize {
    fn weight(&self, _: &ReceiptId, kept: &Kept) -> u64 {
        let body = match &kept.answer {
            Answer::Unknown => 0,
            Answer::OfNobody(body) | Answer::Of(_, body) => body.len(),
        };
        ANSWER_BYTES + u64::try_from(body).unwrap_or(u64::MAX / 2)
    }
}

impl Answers {
    /// From the same database as `store`, by connections of their own.
    pub fn new(store: &Store, clock: Arc<Clock>) -> Result<Self, StoreError> {
        let bytes = u64::try_from(MAX_KEPT_BYTES).unwrap_or(u64::MAX);
        let items = usize::try_from(bytes / ANSWER_BYTES).unwrap_or(usize::MAX) / 8;
        let mut options = OptionsBuilder::new();
        options.estimated_items_capacity(items).weight_capacity(bytes).shards(1);
        let options = options.build().map_err(|error| StoreError::Settings(error.to_string()))?;
        Ok(Self {
            store: store.beside(CONNECTIONS)?,
            clock,
            kept: Cache::with_options(options, Bytesize, DefaultHashBuilder::default(), DefaultLifecycle::default()),
            callers: Mutex::default(),
            waiting: Semaphore::new(MAX_WAITING),
            failures: LogLimit::default(),
        })
    }

    /// Counts a request of a caller.
    ///
    /// # Errors
    /// How long it has to wait.
    pub fn admit(&self, address: IpAddr) -> Result<(), Duration> {
        let caller = party(address);
        // A thread that panicked here left nothing half done.
        let mut callers = self.callers.lock().unwrap_or_else(PoisonError::into_inner);
        rate::make_room(&mut callers, &caller, MAX_CALLERS, |taken| *taken);
        RATE.take(callers.entry(caller).or_default(), Instant::now())
    }

    /// The answer for a receipt.
    pub async fn of(&self, id: ReceiptId) -> Result<Answer, Unanswered> {
        if let Some(kept) = self.kept.get(&id).filter(Kept::is_fresh) {
            return Ok(kept.answer);
        }
        let _place = self.waiting.try_acquire().map_err(|_| Unanswered::Busy)?;
        let error = match timeout(LIMIT, self.fresh(id)).await {
            Ok(Ok(answer)) => {
                if let Some(times) = self.failures.worked() {
                    tracing::info!(times, "receipts are looked up again");
                }
                return Ok(answer);
            }
            Ok(Err(error)) => error,
            Err(_) => StoreError::Away(format!("no answer within {} s", LIMIT.as_secs())),
        };
        if let Some(times) = self.failures.failed(1) {
            tracing::warn!(%error, receipt = %id, times, "a receipt could not be looked up");
        }
        Err(Unanswered::Away)
    }

    /// Of many that ask at the same time one looks it up.
    async fn fresh(&self, id: ReceiptId) -> Result<Answer, StoreError> {
        loop {
            match self.kept.get_value_or_guard_async(&id).await {
                Ok(kept) if kept.is_fresh() => return Ok(kept.answer),
                Ok(_) => {
                    self.kept.remove_if(&id, |kept| !kept.is_fresh());
                }
                Err(guard) => {
                    let kept = self.look_up(id).await?;
                    let answer = kept.answer.clone();
                    // It is not kept if it was removed meanwhile; then it is looked up again.
                    let _ = guard.insert(kept);
                    return Ok(answer);
                }
            }
        }
    }

    async fn look_up(&self, id: ReceiptId) -> Result<Kept, StoreError> {
        let connection = self.store.connection().await?;
        let found = find(&connection, &self.clock, id, Audience::Callers).await?;
        let bytes = |report: &Report| serde_json::to_vec(report).map(Bytes::from).unwrap_or_default();
        let mut is_under_way = false;
        let answer = match found {
            None => Answer::Unknown,
            Some(mut report) => {
                is_under_way = matches!(report.status.as_str(), "queued" | "running" | "waiting" | "held");
                match report.permission.take() {
                    Some(permission) => Answer::Of(permission, bytes(&report)),
                    None => Answer::OfNobody(bytes(&Report::of_status(id, &report.status))),
                }
            }
        };
        Ok(Kept { answer, until: Instant::now() + if is_under_way { KEPT_UNDER_WAY } else { KEPT } })
    }
}

impl Kept {
    fn is_fresh(&self) -> bool {
        Instant::now() < self.until
    }
}
