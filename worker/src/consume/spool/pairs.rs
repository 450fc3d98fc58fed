//! A lane that is taken from by pair of workflow and target. Only what there is a slot for is taken, so nothing that is
//! held waits here while another worker is idle.

use std::collections::HashMap;
use std::time::Duration;

use postern_shared::lane::Lane;
use postern_shared::store::spool::pairs::{self, MAX_TARGETS, MAX_WORKFLOWS, Seen, Wanted};
use postern_shared::store::spool::{Pair, Taken};
use postern_shared::store::{Connection, StoreError};

use super::fair_share::{Due, share};
use super::held::Held;

/// A lane with slots that its pairs share.
#[derive(Debug)]
pub struct Pairs {
    lane: Lane,
    slots: usize,
    cursor: Cursor,
    turn: usize,
}

/// What may be taken of a pair.
#[derive(Debug, Clone, Copy)]
pub struct Terms {
    /// How many rows may be under way.
    pub most: usize,
    /// How many rows of the target, whichever workflows they are of.
    pub most_of_target: usize,
    /// For how long a row must have been due.
    pub waits: Duration,
    /// Whether the target answered quickly the last time.
    pub is_quick: bool,
}

/// Where the next look begins: there may be more pairs than one look names.
#[derive(Debug)]
struct Cursor {
    after: i64,
    from: HashMap<i64, String>,
}

impl Pairs {
    /// So many rows of a lane at the same time.
    pub fn new(lane: Lane, slots: usize) -> Self {
        Self { lane, slots: slots.max(1), cursor: Cursor::default(), turn: 0 }
    }

    /// Whether another row may be taken.
    pub fn has_room(&self, held: &Held) -> bool {
        held.count(self.lane) < self.slots
    }

    /// Takes what is due, shared by pair; `terms` are those of a pair whose first row has been due for so long.
    pub async fn take(
        &mut self,
        connection: &Connection,
        held: &Held,
        lease: Duration,
        terms: impl Fn(&Pair, Duration) -> Terms,
    ) -> Result<Vec<Taken>, StoreError> {
        if !self.has_room(held) {
            return Ok(Vec::new());
        }
        let from = self.cursor.from.iter();
        let from: Vec<_> =
            from.map(|(workflow, target)| Pair { workflow: *workflow, target: target.clone() }).collect();
        let seen = pairs::look(connection, self.lane, self.cursor.after, &from).await?;
        self.cursor.go_on(&seen);
        let mut waits = HashMap::new();
        let due = seen.into_iter().filter_map(|Seen { pair, waits: waited }| {
            let Terms { most, most_of_target, waits: must_wait, is_quick } = terms(&pair, waited?);
            waits.insert(pair.clone(), must_wait);
            (most > 0).then_some(Due { pair, most, most_of_target, is_quick })
        });
        let due: Vec<_> = due.collect();
        let under_way = held.rows().filter(|row| row.lane == self.lane).filter_map(|row| row.pair.as_ref());
        let under_way = under_way.map(|pair| (pair, terms(pair, Duration::ZERO).is_quick));
        self.turn = self.turn.wrapping_add(1);
        let granted = share(self.slots, under_way, due, self.turn);
        if granted.is_empty() {
            return Ok(Vec::new());
        }
        let waits = |pair: &Pair| waits.get(pair).copied().unwrap_or_default();
        let wanted: Vec<_> =
            granted.into_iter().map(|(pair, room)| Wanted { waits: waits(&pair), pair, room }).collect();
        let mut taken = pairs::take(connection, self.lane, &wanted, lease).await?;
        for row in &mut taken {
            row.is_overdue = row.pair.as_ref().is_some_and(|pair| !waits(pair).is_zero());
        }
        Ok(taken)
    }
}

impl Default for Cursor {
    fn default() -> Self {
        Self { after: i64::MIN, from: HashMap::new() }
    }
}

impl Cursor {
    /// Behind what was seen, where there may be more; else from the front again.
    fn go_on(&mut self, seen: &[Seen]) {
        let workflows: Vec<&[Seen]> = seen.chunk_by(|one, next| one.pair.workflow == next.pair.workflow).collect();
        let last = workflows.last().and_then(|seen| seen.last());
        self.after = last.filter(|_| workflows.len() >= MAX_WORKFLOWS).map_or(i64::MIN, |last| last.pair.workflow);
        let is_cut = workflows.iter().filter(|seen| seen.len() >= MAX_TARGETS);
        let behind = is_cut.filter_map(|seen| seen.last()).map(|last| (last.pair.workflow, last.pair.target.clone()));
        self.from = behind.collect();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_look_goes_on_behind_what_the_last_one_saw_and_then_begins_anew() {
        let seen = |workflow, targets: std::ops::Range<usize>| {
            let pair = move |n| Pair { workflow, target: format!("{n:04}") };
            targets.map(move |n| Seen { pair: pair(n), waits: None })
        };
        let mut cursor = Cursor::default();
        cursor.go_on(&seen(1, 0..3).chain(seen(2, 0..MAX_TARGETS)).collect::<Vec<_>>());
        assert_eq!((cursor.after, cursor.from.len()), (i64::MIN, 1));
        assert_eq!(cursor.from[&2], format!("{:04}", MAX_TARGETS - 1));
        cursor.go_on(&seen(1, 0..3).chain(seen(2, 0..3)).collect::<Vec<_>>());
        assert!(cursor.from.is_empty());
        cursor.go_on(&(0..MAX_WORKFLOWS).flat_map(|n| seen(n.try_into().unwrap(), 0..1)).collect::<Vec<_>>());
        assert_eq!(cursor.after, 999);
        cursor.go_on(&[]);
        assert_eq!(cursor.after, i64::MIN);
    }
}
