//! What becomes of refusals: the bodies of permitted callers are kept, callers that nobody permits are counted. Both
//! are handed over without waiting and written every few seconds, within bounds: a flood costs refusals their place,
//! never the accepted their time. A flood under one permission leaves room for what others refuse.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use postern_shared::id::PermissionKey;
use postern_shared::intake::error::ErrorCode;
use postern_shared::log_limit::LogLimit;
use postern_shared::options::retention::Keep;
use postern_shared::shutdown::Shutdown;
use postern_shared::store::refused_bodies::{self, NewRefusal};
use postern_shared::store::rejected_callers::{self, Rejections};
use postern_shared::store::{Store, StoreError};
use tokio::time::{Instant, MissedTickBehavior, interval};

use crate::metrics::Metrics;

/// How often what was gathered is written.
const WRITE_EVERY: Duration = Duration::from_secs(2);

/// How often what is too old is removed.
const FORGET_EVERY: Duration = Duration::from_secs(3600);

/// Bytes of one refused body that is kept: the default limit of a body.
const MAX_KEPT_BYTES: usize = 1024 * 1024;

/// Bytes of the refused bodies that wait to be written.
pub const MAX_WAITING_BYTES: usize = 16 * 1024 * 1024;
/// Refused bodies that wait to be written.
const MAX_WAITING: usize = 1_000;

/// Addresses of rejected callers that are counted by themselves between two writes.
const MAX_ADDRESSES: usize = 1_000;

/// Gathers refusals until they are written.
#[derive(Debug, Default)]
pub struct Refusals(Mutex<Gathered>);

#[derive(Debug, Default)]
struct Gathered {
    bodies: Vec<NewRefusal>,
    bytes: usize,
    /// The number of bodies and of bytes of each permission.
    of_permissions: HashMap<PermissionKey, (usize, usize)>,
    /// None = the addresses that are too many.
    callers: HashMap<Option<IpAddr>, Count>,
}

#[derive(Debug)]
struct Count {
    reason: ErrorCode,
    count: i64,
    last_at: SystemTime,
}

impl Refusals {
    /// Keeps what a permitted caller sent and was refused, if there is room.
    pub fn body(&self, refusal: NewRefusal, metrics: &Metrics) {
        let mut refusal = refusal.bounded();
        refusal.body = refusal.body.filter(|body| body.len() <= MAX_KEPT_BYTES);
        if !self.gathered().keep(refusal) {
            metrics.refused_bodies("dropped", 1);
        }
    }

    /// Counts a caller that no permission admits.
    pub fn caller(&self, address: IpAddr, reason: ErrorCode) {
        let mut gathered = self.gathered();
        let is_room = gathered.callers.len() < MAX_ADDRESSES || gathered.callers.contains_key(&Some(address));
        gathered.count(is_room.then_some(address), Count { reason, count: 1, last_at: SystemTime::now() });
    }

    /// Writes what is gathered, every few seconds until shutdown and a last time then. Bodies that were written are kept for a
    /// time.
    pub async fn write(&self, store: &Store, keep: Keep, metrics: &Metrics, shutdown: &Shutdown) {
        let mut clock = interval(WRITE_EVERY);
        clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (mut forgotten, failures): (Option<Instant>, _) = (None, LogLimit::default());
        loop {
            let is_last = tokio::select! {
                _ = clock.tick() => false,
                () = shutdown.wait() => true,
            };
            let is_due = forgotten.is_none_or(|at| at.elapsed() >= FORGET_EVERY);
            match self.write_once(store, keep, metrics, is_due).await {
                Ok(()) if is_due => forgotten = Some(Instant::now()),
                Ok(()) => {}
                Err(error) => {
                    if let Some(times) = failures.failed(1) {
                        tracing::warn!(%error, times, "refusals could not be written; tried again in a moment");
                    }
                }
            }
            if is_last {
                return;
            }
        }
    }

    async fn write_once(&self, store: &Store, keep: Keep, metrics: &Metrics, forget: bool) -> Result<(), StoreError> {
        let Gathered { bodies, callers, .. } = std::mem::take(&mut *self.gathered());
        if bodies.is_empty() && callers.is_empty() && !forget {
            return Ok(());
        }
        let kept = bodies.len();
        if let Err(error) = write_bodies(store, &bodies, keep, forget).await {
            let mut gathered = self.gathered();
            let dropped = bodies.into_iter().filter_map(|one| (!gathered.keep(one)).then_some(())).count();
            gathered.take_back(callers);
            metrics.refused_bodies("dropped", dropped);
            return Err(error);
        }
        metrics.refused_bodies("kept", kept);
        if let Err(error) = write_callers(store, &callers, forget).await {
            self.gathered().take_back(callers);
            return Err(error);
        }
        Ok(())
    }

    /// A thread that panicked here left nothing half done.
    fn gathered(&self) -> MutexGuard<'_, Gathered> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Gathered {
    /// Whether there was room.
    fn keep(&mut self, refusal: NewRefusal) -> bool {
        let bytes = refusal.bytes();
        let (count, held) = self.of_permissions.get(&refusal.permission).copied().unwrap_or_default();
        // One permission never holds more than what is free: half of all, and there is room for the next.
        let is_room = count < MAX_WAITING.saturating_sub(self.bodies.len())
            && held + bytes <= MAX_WAITING_BYTES.saturating_sub(self.bytes);
        if is_room {
            self.bytes += bytes;
            self.of_permissions.insert(refusal.permission.clone(), (count + 1, held + bytes));
            self.bodies.push(refusal);
        }
        is_room
    }

    fn count(&mut self, address: Option<IpAddr>, new: Count) {
        match self.callers.get_mut(&address) {
            Some(known) => {
                known.count += new.count;
                known.reason = new.reason;
                known.last_at = known.last_at.max(new.last_at);
            }
            None => {
                self.callers.insert(address, new);
            }
        }
    }

    fn take_back(&mut self, callers: HashMap<Option<IpAddr>, Count>) {
        for (address, count) in callers {
            let is_room = self.callers.len() < MAX_ADDRESSES || self.callers.contains_key(&address);
            self.count(address.filter(|_| is_room), count);
        }
    }
}

async fn write_bodies(store: &Store, bodies: &[NewRefusal], keep: Keep, forget: bool) -> Result<(), StoreError> {
    let connection = store.connection().await?;
    if !bodies.is_empty() {
        refused_bodies::keep(&connection, bodies).await?;
    }
    if forget || !bodies.is_empty() {
        let forgotten = refused_bodies::forget(&connection, keep).await;
        // What is kept must not be kept twice because of this.
        forgotten.unwrap_or_else(|error| tracing::warn!(%error, "old refused bodies could not be removed"));
    }
    Ok(())
}

async fn write_callers(
    store: &Store,
    callers: &HashMap<Option<IpAddr>, Count>,
    forget: bool,
) -> Result<(), StoreError> {
    let connection = store.connection().await?;
    if forget {
        rejected_callers::forget(&connection).await?;
    }
    let rejections = callers.iter().map(|(address, Count { reason, count, last_at })| Rejections {
        address: address.map_or_else(|| "others".to_owned(), |address| address.to_string()),
        reason: reason.as_str().to_owned(),
        count: *count,
        last_at: *last_at,
    });
    let rejections: Vec<_> = rejections.collect();
    if rejections.is_empty() { Ok(()) } else { rejected_callers::count(&connection, &rejections).await }
}

#[cfg(test)]
mod tests {
    use postern_shared::message::Message;
    use postern_shared::store::refused_bodies::Proof;

    use super::*;

    fn refusal(bytes: usize) -> NewRefusal {
        refusal_of("office", bytes)
    }

    fn refusal_of(permission: &str, bytes: usize) -> NewRefusal {
        NewRefusal {
            permission: permission.parse().unwrap(),
            address: "192.0.2.1".into(),
            code: "invalid_body",
            message: Message::said("odd"),
            method: "POST".into(),
            path: "/trigger".into(),
            proof: Proof::NotAsked,
            query: String::new(),
            content_type: None,
            body: Some(vec![b'x'; bytes].into()),
            refused_at: SystemTime::now(),
            idempotency_key: None,
            headers: None,
        }
    }

    #[test]
    fn what_waits_is_bounded_in_number_and_in_bytes() {
        let large = MAX_KEPT_BYTES;
        let of = |n: usize| format!("p{}", n % 100);
        let mut gathered = Gathered::default();
        assert_eq!(
            (0..99).filter(|n| gathered.keep(refusal_of(&of(*n), large))).count(),
            MAX_WAITING_BYTES / large - 1
        );
        let mut gathered = Gathered::default();
        let of_queries = |n: usize| NewRefusal { query: "x".repeat(large), ..refusal_of(&of(n), 0) };
        assert_eq!((0..99).filter(|n| gathered.keep(of_queries(*n))).count(), MAX_WAITING_BYTES / large - 1);
        let mut gathered = Gathered::default();
        assert!((0..3_000).filter(|n| gathered.keep(refusal_of(&of(*n), 1))).count() <= MAX_WAITING);
    }

    #[test]
    fn one_permission_takes_half_of_what_waits_and_another_half_of_the_rest() {
        let mut gathered = Gathered::default();
        let mut kept = |permission: &str, bytes: usize| {
            (0..100_000).take_while(|_| gathered.keep(refusal_of(permission, bytes))).count()
        };
        assert_eq!((kept("any", 1), kept("any", 1)), (MAX_WAITING / 2, 0));
        assert_eq!(kept("office", 1), MAX_WAITING / 4);
        let mut gathered = Gathered::default();
        let large = (0..100).filter(|_| gathered.keep(refusal_of("any", MAX_KEPT_BYTES))).count();
        assert_eq!(large, MAX_WAITING_BYTES / MAX_KEPT_BYTES / 2);
        assert!(gathered.keep(refusal_of("office", MAX_KEPT_BYTES)));
    }

    #[test]
    fn addresses_beyond_the_limit_are_counted_together() {
        let refusals = Refusals::default();
        for n in 0..1_100_u32 {
            refusals.caller(IpAddr::from(n.to_be_bytes()), ErrorCode::AddressDenied);
        }
        refusals.caller(IpAddr::from([0, 0, 0, 0]), ErrorCode::ProxyNotTrusted);
        let gathered = refusals.gathered();
        assert_eq!((gathered.callers.len(), gathered.callers[&None].count), (MAX_ADDRESSES + 1, 100));
        let again = &gathered.callers[&Some(IpAddr::from([0, 0, 0, 0]))];
        assert_eq!((again.count, again.reason), (2, ErrorCode::ProxyNotTrusted));
    }

    #[test]
    fn a_query_or_a_type_that_is_too_long_is_cut_and_its_body_not_kept() {
        let long = || "ä".repeat(100_000);
        let of_query = NewRefusal { query: long(), ..refusal(10) }.bounded();
        let of_type = NewRefusal { content_type: Some(long()), ..refusal(10) }.bounded();
        let of_message = NewRefusal { message: Message::said(long()), ..refusal(10) }.bounded();
        assert!(of_query.body.is_none() && of_type.body.is_none() && of_message.body.is_some());
        for one in [of_query, of_type, of_message, refusal(0).bounded()] {
            assert!(one.bytes() < 20_000, "{}", one.bytes());
        }
    }
}
