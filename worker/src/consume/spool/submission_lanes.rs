//! The lanes of submissions, which are queues of the broker where there is one: without a broker they are taken from the
//! spool.

use std::time::Duration;

use postern_shared::lane::Lane;
use postern_shared::store::spool::{self, Taken};
use postern_shared::store::{Connection, StoreError};

use super::held::Held;
use super::supply::Supply;
use crate::consume::slots::Slots;

/// All lanes of submissions.
#[derive(Debug)]
pub struct SubmissionLanes {
    slots: Slots,
    concurrency: usize,
}

impl SubmissionLanes {
    /// `concurrency` messages are handled at the same time, the lanes in turn, and `kept_slots` of the default lane beside
    /// those. Of each lane as many again are held, so that none waits for the database.
    pub fn new(concurrency: usize, kept_slots: usize) -> Self {
        let concurrency = concurrency.max(1);
        Self { slots: Slots::new(concurrency, kept_slots), concurrency }
    }

    /// How many may be taken of which lanes. None while many are held, so that a full spool is not taken from row by row.
    fn room(&self, held: &Held) -> Vec<(Lane, usize)> {
        let mut counts = [0; Lane::COUNT];
        held.rows().for_each(|row| counts[row.lane.index()] += 1);
        let room = |lane: Lane| {
            let held = counts[lane.index()];
            (held <= self.concurrency).then(|| (lane, 2 * self.concurrency - held))
        };
        Lane::SUBMISSIONS.into_iter().filter_map(room).collect()
    }
}

impl Supply for SubmissionLanes {
    fn has_room(&self, held: &Held) -> bool {
        !self.room(held).is_empty()
    }

    async fn take(&mut self, connection: &Connection, held: &Held, lease: Duration) -> Result<Vec<Taken>, StoreError> {
        spool::take(connection, &self.room(held), lease).await
    }

    fn slots(&self, _: Lane) -> Option<Slots> {
        Some(self.slots.clone())
    }
}
