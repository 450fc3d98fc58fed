//! Callers that wait for what a `respond` step says. Each has been accepted before it waits, so nothing depends on this:
//! whoever finds no place, or waits in vain, gets the ordinary answer. One session for all of them hears from
//! PostgreSQL that there is news, and looks by itself now and then. It begins with the first caller that waits.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use postern_http::places::{Places, Taking};
use postern_shared::backoff::Backoff;
use postern_shared::id::ReceiptId;
use postern_shared::log_limit::LogLimit;
use postern_shared::shutdown::Shutdown;
use postern_shared::store::responses::{self, Response, Seen};
use postern_shared::store::{Store, StoreError};
use tokio::sync::{Notify, oneshot};
use tokio::time::{MissedTickBehavior, interval, sleep};

use crate::metrics::Metrics;

/// The most callers that wait for a response at the same time: each holds a connection, and a response in memory at its
/// end. Others are answered at once, as if they did not want to wait. One address takes half of what is free.
pub const MAX_WAITING: usize = 1_000;

/// How often all receipts are looked at that somebody waits for.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Receipts that are looked at together: each may have a response of 256 KiB.
const MAX_LOOKED_AT: usize = 32;

/// The wait before another session.
const AGAIN: Backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(1));

/// The callers that wait.
#[derive(Debug)]
pub struct Waiting {
    callers: Mutex<HashMap<ReceiptId, oneshot::Sender<Seen>>>,
    places: Arc<Places>,
    first: Notify,
    over: Shutdown,
}

/// A place among those who wait, until it is dropped.
#[derive(Debug)]
pub struct Place<'w> {
    waiting: &'w Waiting,
    receipt: ReceiptId,
    seen: oneshot::Receiver<Seen>,
    _taking: Taking,
}

impl Waiting {
    /// Nobody waits yet.
    pub fn new() -> Self {
        Self {
            callers: Mutex::default(),
            places: Places::new(MAX_WAITING),
            first: Notify::new(),
            over: Shutdown::new(),
        }
    }

    /// A place for the caller of a receipt, to be taken before it is published; none = all are taken,
    /// or all that are for its address, or all wait in vain.
    pub fn enter(&self, receipt: ReceiptId, address: IpAddr) -> Option<Place<'_>> {
        if self.over.is_triggered() {
            return None;
        }
        let taking = self.places.take(address)?;
        let (sender, seen) = oneshot::channel();
        self.callers().insert(receipt, sender);
        self.first.notify_one();
        Some(Place { waiting: self, receipt, seen, _taking: taking })
    }

    /// From now on nobody waits: those who do are answered at once.
    pub fn end(&self) {
        self.over.trigger();
    }

    /// Tells callers what there is to tell, for as long as the process lives.
    pub async fn follow(&self, store: &Store) {
        let (mut again, failures) = (AGAIN, LogLimit::default());
        self.first.notified().await;
        loop {
            if let Err(error) = self.session(store, &mut again).await
                && let Some(times) = failures.failed(1)
            {
                tracing::warn!(%error, times, "callers that wait hear nothing for a moment");
            }
            sleep(again.delay()).await;
        }
    }

    async fn session(&self, store: &Store, again: &mut Backoff) -> Result<(), StoreError> {
        let mut listening = responses::listen(store).await?;
        let mut clock = interval(LOOK_EVERY);
        clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let news = tokio::select! {
                heard = listening.next() => {
                    let heard = heard.ok_or_else(|| StoreError::Away("the connection for news was lost".into()))?;
                    let more = std::iter::from_fn(|| listening.at_hand());
                    let named = std::iter::once(heard).chain(more).filter_map(|payload| payload.parse().ok());
                    self.awaited(named)
                }
                _ = clock.tick() => self.callers().keys().copied().collect(),
            };
            for receipts in news.chunks(MAX_LOOKED_AT) {
                for (receipt, seen) in responses::look(&store.connection().await?, receipts).await? {
                    self.tell(receipt, seen);
                }
                again.reset();
            }
        }
    }

    /// Those of the receipts that callers of this process wait for.
    fn awaited(&self, receipts: impl Iterator<Item = ReceiptId>) -> Vec<ReceiptId> {
        let callers = self.callers();
        receipts.filter(|receipt| callers.contains_key(receipt)).collect()
    }

    fn tell(&self, receipt: ReceiptId, seen: Seen) {
        if let Some(caller) = self.callers().remove(&receipt) {
            // A caller that has gone needs no answer.
            let _ = caller.send(seen);
        }
    }

    fn callers(&self) -> MutexGuard<'_, HashMap<ReceiptId, oneshot::Sender<Seen>>> {
        self.callers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place<'_> {
    /// The response, if there is one within the limit, and the runs do not all end before.
    pub async fn wait(mut self, limit: Duration, metrics: &Metrics) -> Option<Response> {
        let (outcome, response) = tokio::select! {
            seen = &mut self.seen => match seen {
                Ok(Seen::Response(response)) => ("answered", Some(response)),
                Ok(Seen::Ended) | Err(_) => ("ended", None),
            },
            () = sleep(limit) => ("timed_out", None),
            () = self.waiting.over.wait() => ("stopped", None),
        };
        metrics.waited(outcome);
        response
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.waiting.callers().remove(&self.receipt);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_of_all_places_are_taken_by_one_address_and_others_still_wait() {
        let waiting = Waiting::new();
        let enter = |n: u8| waiting.enter(ReceiptId::new(), [192, 0, 2, n].into());
        let mut places: Vec<_> = (0..MAX_WAITING / 2).map(|_| enter(1).unwrap()).collect();
        assert!(enter(1).is_none());
        places.push(enter(2).unwrap());
        places.truncate(1);
        assert!(enter(1).is_some());
        waiting.end();
        assert!(enter(3).is_none());
    }
}
