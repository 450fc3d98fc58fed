//! The lanes that are of the spool alone: runs that call other systems, runs that go on, and runs that are too slow for
//! others. Every worker takes from them, with a broker or without.

use std::sync::Arc;
use std::time::Duration;

use postern_shared::lane::Lane;
use postern_shared::store::spool::{self, Pair, Taken};
use postern_shared::store::{Connection, StoreError};
use tokio::time::Instant;

use super::held::Held;
use super::pairs::{Pairs, Terms};
use super::supply::Supply;
use crate::consume::slots::Slots;
use crate::outside::Outside;
use crate::outside::breaker::Breakers;
use crate::outside::quick_targets::QuickTargets;
use crate::outside::vtiger::Vtigers;

/// A call that has waited so long for a target that does not answer is taken all the same, and that is a try that failed:
/// a target that is gone for good holds no run for ever.
const LONGEST_WAIT: Duration = Duration::from_secs(10 * 60);

/// The lanes of the spool alone.
#[derive(Debug)]
pub struct OwnLanes {
    resuming: Pairs,
    calls: Pairs,
    slow: usize,
    breakers: Arc<Breakers>,
    quick_targets: Arc<QuickTargets>,
    vtigers: Arc<Vtigers>,
}

/// How many rows of each lane are worked on at the same time.
#[derive(Debug, Clone, Copy)]
pub struct Room {
    /// Runs that go on.
    pub resuming: usize,
    /// Calls.
    pub calls: usize,
    /// Runs that are slow.
    pub slow: usize,
}

impl OwnLanes {
    /// Takes as much as there is room for, of calls only those whose targets answer.
    pub fn new(room: Room, outside: &Outside) -> Self {
        Self {
            resuming: Pairs::new(Lane::Resuming, room.resuming),
            calls: Pairs::new(Lane::Calling, room.calls),
            slow: room.slow,
            breakers: Arc::clone(&outside.breakers),
            quick_targets: Arc::clone(&outside.quick_targets),
            vtigers: Arc::clone(&outside.vtigers),
        }
    }

    fn free_slow(&self, held: &Held) -> usize {
        self.slow.saturating_sub(held.count(Lane::Slow))
    }
}

impl Supply for OwnLanes {
    fn has_room(&self, held: &Held) -> bool {
        self.resuming.has_room(held) || self.calls.has_room(held) || self.free_slow(held) > 0
    }

    async fn take(&mut self, connection: &Connection, held: &Held, lease: Duration) -> Result<Vec<Taken>, StoreError> {
        let taken = self.resuming.take(connection, held, lease, any).await?;
        let (breakers, quick, now) = (Arc::clone(&self.breakers), Arc::clone(&self.quick_targets), Instant::now());
        let vtigers = Arc::clone(&self.vtigers);
        let terms = |pair: &Pair, waited| {
            let terms = of_call(waited, breakers.room(pair, now), quick.contains(pair));
            Terms { most_of_target: vtigers.room(&pair.target), ..terms }
        };
        let taken = join(taken, self.calls.take(connection, held, lease, terms).await)?;
        match self.free_slow(held) {
            0 => Ok(taken),
            free => join(taken, spool::take(connection, &[(Lane::Slow, free)], lease).await),
        }
    }

    fn slots(&self, _: Lane) -> Option<Slots> {
        None
    }

    /// A pair with few rows may have been granted slots that others could use.
    fn looks_again(&self) -> bool {
        true
    }
}

/// Of runs that go on: as many as there are slots for.
fn any(_: &Pair, _: Duration) -> Terms {
    Terms { most: usize::MAX, most_of_target: usize::MAX, waits: Duration::ZERO, is_quick: true }
}

/// Of calls, of which the first has waited for so long and the breaker leaves this room: while the target rests, one that
/// has waited for too long.
fn of_call(waited: Duration, room: usize, is_quick: bool) -> Terms {
    let most = if waited > LONGEST_WAIT { room.max(1) } else { room };
    let waits = if room == 0 { LONGEST_WAIT } else { Duration::ZERO };
    Terms { most, most_of_target: usize::MAX, waits, is_quick }
}

/// Rows that were taken are worked on, also where no more could be taken: a row that is taken and forgotten looks as if
/// its worker had broken off.
fn join<T>(mut taken: Vec<T>, more: Result<Vec<T>, StoreError>) -> Result<Vec<T>, StoreError> {
    match more {
        Ok(more) => taken.extend(more),
        Err(error) if taken.is_empty() => return Err(error),
        Err(error) => tracing::warn!(%error, taken = taken.len(), "some lanes of the spool could not be taken from"),
    }
    Ok(taken)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_call_at_a_time_is_taken_of_a_target_that_rests_if_it_is_overdue() {
        let late = LONGEST_WAIT + Duration::from_secs(1);
        for (waited, room, most, waits) in [
            (Duration::ZERO, 0, 0, LONGEST_WAIT),
            (LONGEST_WAIT, 0, 0, LONGEST_WAIT),
            (late, 0, 1, LONGEST_WAIT),
            (late, 1, 1, Duration::ZERO),
            (LONGEST_WAIT, 1, 1, Duration::ZERO),
            // A target that answers keeps its share, however long its calls wait for one.
            (late, usize::MAX, usize::MAX, Duration::ZERO),
        ] {
            let terms = of_call(waited, room, true);
            assert_eq!((terms.most, terms.waits), (most, waits), "{waited:?}, {room}");
        }
    }

    #[test]
    fn rows_that_were_taken_are_kept_when_no_more_can_be_taken() {
        let away = || Err(StoreError::Refused("away".to_owned()));
        for (taken, more, expected) in [
            (vec![1, 2], Ok(vec![3]), Some(vec![1, 2, 3])),
            (vec![1, 2], away(), Some(vec![1, 2])),
            (vec![], Ok(vec![3]), Some(vec![3])),
            (vec![], Ok(vec![]), Some(vec![])),
            (vec![], away(), None),
        ] {
            assert_eq!(join(taken, more).ok(), expected);
        }
    }
}
