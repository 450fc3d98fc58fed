//! The lanes that are of the spool alone: runs that call other systems, and runs that are too slow for others. Every
//! worker takes from them, with a broker or without. Only what there is a slot for is taken, so nothing that is held
//! waits here while another worker is idle.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use postern_shared::lane::Lane;
use postern_shared::store::spool::calls::{self, MAX_TARGETS, MAX_WORKFLOWS, Seen, Wanted};
use postern_shared::store::spool::{self, CallKey, Taken};
use postern_shared::store::{Connection, StoreError};
use tokio::time::Instant;

use super::shares::{Due, share};
use super::{Held, Supply};
use crate::consumer::slots::Slots;
use crate::outside::breaker::Breakers;

/// A call that has waited so long for a target that does not answer is taken all the same, and that is a try that failed:
/// a target that is gone for good holds no run for ever.
const LONGEST_WAIT: Duration = Duration::from_secs(10 * 60);

/// The lanes of the spool alone.
#[derive(Debug)]
pub struct Aside {
    calls: usize,
    slow: usize,
    breakers: Arc<Breakers>,
    place: Place,
    turn: usize,
}

/// Where the next look at the calls begins: there may be more pairs than one look names.
#[derive(Debug)]
struct Place {
    after: i64,
    from: HashMap<i64, String>,
}

impl Aside {
    /// So many calls, and so many runs that are slow, at the same time.
    pub fn new(calls: usize, slow: usize, breakers: Arc<Breakers>) -> Self {
        Self { calls: calls.max(1), slow, breakers, place: Place::default(), turn: 0 }
    }

    fn free(&self, held: &Held) -> (usize, usize) {
        let free = |slots: usize, lane| slots.saturating_sub(held.count(lane));
        (free(self.calls, Lane::Calling), free(self.slow, Lane::Slow))
    }

    async fn take_calls(
        &mut self,
        connection: &Connection,
        held: &Held,
        lease: Duration,
    ) -> Result<Vec<Taken>, StoreError> {
        let from = self.place.from.iter();
        let from: Vec<_> =
            from.map(|(workflow, target)| CallKey { workflow: *workflow, target: target.clone() }).collect();
        let seen = calls::look(connection, self.place.after, &from).await?;
        self.place.go_on(&seen);
        let now = Instant::now();
        let mut resting = HashSet::new();
        let due = seen.into_iter().filter_map(|Seen { key, waits }| {
            let room = self.breakers.room(&key, now);
            let most = most(waits?, room);
            if room == 0 && most > 0 {
                resting.insert(key.clone());
            }
            (most > 0).then_some(Due { key, most })
        });
        let due: Vec<_> = due.collect();
        let under_way = held.rows().filter_map(|row| row.call.as_ref());
        self.turn = self.turn.wrapping_add(1);
        let granted = share(self.calls, under_way, due, self.turn);
        if granted.is_empty() {
            return Ok(Vec::new());
        }
        let wanted = granted.into_iter().map(|(key, room)| {
            let waits = if resting.contains(&key) { LONGEST_WAIT } else { Duration::ZERO };
            Wanted { key, room, waits }
        });
        let mut taken = calls::take(connection, &wanted.collect::<Vec<_>>(), lease).await?;
        for row in &mut taken {
            row.is_overdue = row.call.as_ref().is_some_and(|key| resting.contains(key));
        }
        Ok(taken)
    }
}

impl Supply for Aside {
    fn has_room(&self, held: &Held) -> bool {
        self.free(held) != (0, 0)
    }

    async fn take(&mut self, connection: &Connection, held: &Held, lease: Duration) -> Result<Vec<Taken>, StoreError> {
        let (calls, slow) = self.free(held);
        let taken = if calls > 0 { self.take_calls(connection, held, lease).await? } else { Vec::new() };
        let more = if slow > 0 { spool::take(connection, &[(Lane::Slow, slow)], lease).await } else { Ok(Vec::new()) };
        join(taken, more)
    }

    fn slots(&self, _: Lane) -> Option<Slots> {
        None
    }

    /// A pair with few calls may have been granted slots that others could use.
    fn looks_again(&self) -> bool {
        true
    }
}

/// How many calls of a pair may be under way, of which the first has waited for so long and the breaker leaves this room:
/// while the target rests, one that has waited for too long.
fn most(waits: Duration, room: usize) -> usize {
    if waits > LONGEST_WAIT { room.max(1) } else { room }
}

/// Rows that were taken are worked on, also where no more could be taken: a row that is taken and forgotten looks as if
/// its worker had broken off.
fn join<T>(mut taken: Vec<T>, more: Result<Vec<T>, StoreError>) -> Result<Vec<T>, StoreError> {
    match more {
        Ok(more) => taken.extend(more),
        Err(error) if taken.is_empty() => return Err(error),
        Err(error) => tracing::warn!(%error, taken = taken.len(), "slow runs could not be taken beside the calls"),
    }
    Ok(taken)
}

impl Default for Place {
    fn default() -> Self {
        Self { after: i64::MIN, from: HashMap::new() }
    }
}

impl Place {
    /// Behind what was seen, where there may be more; else from the front again.
    fn go_on(&mut self, seen: &[Seen]) {
        let workflows: Vec<&[Seen]> = seen.chunk_by(|one, next| one.key.workflow == next.key.workflow).collect();
        let last = workflows.last().and_then(|seen| seen.last());
        self.after = last.filter(|_| workflows.len() >= MAX_WORKFLOWS).map_or(i64::MIN, |last| last.key.workflow);
        let is_cut = workflows.iter().filter(|seen| seen.len() >= MAX_TARGETS);
        let behind = is_cut.filter_map(|seen| seen.last()).map(|last| (last.key.workflow, last.key.target.clone()));
        self.from = behind.collect();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_call_at_a_time_is_taken_of_a_target_that_rests_if_it_is_overdue() {
        let late = LONGEST_WAIT + Duration::from_secs(1);
        for (waits, room, expected) in [
            (Duration::ZERO, 0, 0),
            (LONGEST_WAIT, 0, 0),
            (late, 0, 1),
            (late, 1, 1),
            (LONGEST_WAIT, 1, 1),
            // A target that answers keeps its share, however long its calls wait for one.
            (late, usize::MAX, usize::MAX),
        ] {
            assert_eq!(most(waits, room), expected, "{waits:?}, {room}");
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

    #[test]
    fn a_look_goes_on_behind_what_the_last_one_saw_and_then_begins_anew() {
        let seen = |workflow, targets: std::ops::Range<usize>| {
            let key = move |n| CallKey { workflow, target: format!("{n:04}") };
            targets.map(move |n| Seen { key: key(n), waits: None })
        };
        let mut place = Place::default();
        place.go_on(&seen(1, 0..3).chain(seen(2, 0..MAX_TARGETS)).collect::<Vec<_>>());
        assert_eq!((place.after, place.from.len()), (i64::MIN, 1));
        assert_eq!(place.from[&2], format!("{:04}", MAX_TARGETS - 1));
        place.go_on(&seen(1, 0..3).chain(seen(2, 0..3)).collect::<Vec<_>>());
        assert!(place.from.is_empty());
        place.go_on(&(0..MAX_WORKFLOWS).flat_map(|n| seen(n.try_into().unwrap(), 0..1)).collect::<Vec<_>>());
        assert_eq!(place.after, 999);
        place.go_on(&[]);
        assert_eq!(place.after, i64::MIN);
    }
}
