//! Numbers what is accepted, and tells PostgreSQL which numbers were answered with 202: one that never arrives is missed.
//! An ingress that is killed leaves the last of them untold, which nobody will miss; none is told that was not answered.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::time::timeout;

use crate::id::ReceiptId;
use crate::shutdown::Shutdown;
use crate::store::{Store, StoreError, sequence};
use crate::submission::Ticket;
use uuid::Uuid;

/// How often the numbers are told: a row each time, and what a killed ingress leaves untold.
const TELL_EVERY: Duration = Duration::from_secs(2);

/// The largest name of an instance: what every reader of JSON keeps exactly.
const MAX_INSTANCE: u128 = (1 << 53) - 1;

/// The numbers of this process.
#[derive(Debug)]
pub struct Sequence {
    instance: i64,
    last: AtomicI64,
    /// Hours and numbers.
    answered: Mutex<Vec<(i64, i64)>>,
}

impl Sequence {
    /// Those of a new instance, from 1.
    #[expect(clippy::new_without_default, reason = "each has a name of its own")]
    pub fn new() -> Self {
        let instance = i64::try_from(Uuid::new_v4().as_u128() & MAX_INSTANCE).unwrap_or_default();
        Self { instance, last: AtomicI64::new(0), answered: Mutex::default() }
    }

    /// For the next submission.
    pub fn next(&self) -> Ticket {
        Ticket { instance: self.instance, number: self.last.fetch_add(1, Ordering::Relaxed) + 1 }
    }

    /// A submission is where it is not lost, and its caller will be told so.
    pub fn answered(&self, ticket: Ticket, receipt: ReceiptId) {
        self.answered.lock().unwrap_or_else(PoisonError::into_inner).push((receipt.hour(), ticket.number));
    }

    /// Tells the numbers until shutdown, and then the last ones. While PostgreSQL is away they are kept, in ranges.
    pub async fn tell(&self, store: &Store, shutdown: &Shutdown) {
        let mut untold = BTreeMap::new();
        loop {
            // Elapsed or shutting down: either way they are told.
            let _ = timeout(TELL_EVERY, shutdown.wait()).await;
            let last = shutdown.is_triggered();
            for (hour, number) in std::mem::take(&mut *self.answered.lock().unwrap_or_else(PoisonError::into_inner)) {
                untold.entry(hour).or_insert_with(Vec::new).push(number..=number);
            }
            untold.values_mut().for_each(join);
            if !untold.is_empty() {
                match self.write(store, &untold).await {
                    Ok(()) => untold.clear(),
                    Err(error) if last => tracing::warn!(%error, "the last numbers of submissions could not be told"),
                    Err(error) => tracing::debug!(%error, "the numbers of submissions could not be told yet"),
                }
            }
            if last {
                return;
            }
        }
    }

    async fn write(&self, store: &Store, untold: &BTreeMap<i64, Vec<RangeInclusive<i64>>>) -> Result<(), StoreError> {
        let of_hour = |(hour, ranges): (&i64, &Vec<_>)| ranges.iter().cloned().map(|range| (*hour, range)).collect();
        let ranges: Vec<Vec<_>> = untold.iter().map(of_hour).collect();
        sequence::tell(&store.connection().await?, self.instance, &ranges.concat()).await
    }
}

/// Makes one range of those that touch, in order.
fn join(ranges: &mut Vec<RangeInclusive<i64>>) {
    ranges.sort_unstable_by_key(|range| *range.start());
    ranges.dedup_by(|next, range| {
        let touches = *next.start() <= *range.end() + 1;
        if touches {
            *range = *range.start()..=*range.end().max(next.end());
        }
        touches
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_that_touch_become_one() {
        let joined = |ranges: &[(i64, i64)]| {
            let mut ranges: Vec<_> = ranges.iter().map(|(first, last)| *first..=*last).collect();
            join(&mut ranges);
            ranges.iter().map(|range| (*range.start(), *range.end())).collect::<Vec<_>>()
        };
        assert_eq!(joined(&[(3, 3), (1, 1), (2, 2)]), [(1, 3)]);
        assert_eq!(joined(&[(5, 9), (1, 2), (6, 7), (4, 4)]), [(1, 2), (4, 9)]);
        assert_eq!(joined(&[]), []);
    }

    #[test]
    fn numbers_count_from_one_under_one_name() {
        let tickets = Sequence::new();
        let (first, second) = (tickets.next(), tickets.next());
        assert_eq!((first.number, second.number), (1, 2));
        assert_eq!(first.instance, second.instance);
        assert_ne!(first.instance, Sequence::new().next().instance);
    }
}
