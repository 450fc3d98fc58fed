//! The lanes that are queues of the broker where there is one: without a broker they are taken from the spool.

use std::time::Duration;

use postern_shared::lane::Lane;
use postern_shared::store::spool::{self, Taken};
use postern_shared::store::{Connection, StoreError};

use super::{Held, Supply};
use crate::consumer::slots::Slots;

/// All of the broker's lanes.
#[derive(Debug)]
pub struct Lanes {
    slots: Slots,
    resuming_slots: Slots,
    concurrency: usize,
    resuming: usize,
}

impl Lanes {
    /// `concurrency` messages are handled at the same time, the lanes in turn, and `kept_slots` of the default lane beside
    /// those. Of each lane as many again are held, so that none waits for the database. Runs that are to go on have
    /// `resuming` slots of their own.
    pub fn new(concurrency: usize, kept_slots: usize, resuming: usize) -> Self {
        let (concurrency, resuming) = (concurrency.max(1), resuming.max(1));
        let (slots, resuming_slots) = (Slots::new(concurrency, kept_slots), Slots::new(resuming, 0));
        Self { slots, resuming_slots, concurrency, resuming }
    }

    /// How many may be taken of which lanes. None while many are held, so that a full spool is not taken from row by row.
    fn room(&self, held: &Held) -> Vec<(Lane, usize)> {
        let mut counts = [0; Lane::COUNT];
        held.rows().for_each(|row| counts[row.lane.index()] += 1);
        let room = |lane: Lane| {
            let (most, refill_at) = match lane {
                Lane::Resuming => (self.resuming, self.resuming - 1),
                _ => (2 * self.concurrency, self.concurrency),
            };
            let held = counts[lane.index()];
            (held <= refill_at).then(|| (lane, most - held))
        };
        Lane::BROKERED.into_iter().filter_map(room).collect()
    }
}

impl Supply for Lanes {
    fn has_room(&self, held: &Held) -> bool {
        !self.room(held).is_empty()
    }

    async fn take(&mut self, connection: &Connection, held: &Held, lease: Duration) -> Result<Vec<Taken>, StoreError> {
        spool::take(connection, &self.room(held), lease).await
    }

    fn slots(&self, lane: Lane) -> Option<Slots> {
        Some(if lane == Lane::Resuming { self.resuming_slots.clone() } else { self.slots.clone() })
    }
}
