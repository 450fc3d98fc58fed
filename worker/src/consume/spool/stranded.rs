//! The lanes of submissions while the broker takes no messages. The relay cannot bring back what the spool holds, so each
//! worker takes it from the spool itself: an outage or an alarm of the broker leaves no worker idle beside a full spool.

use std::time::Duration;

use postern_shared::broker::publisher::Publisher;
use postern_shared::lane::Lane;
use postern_shared::store::spool::Taken;
use postern_shared::store::{Connection, StoreError};

use super::held::Held;
use super::submission_lanes::SubmissionLanes;
use super::supply::Supply;
use crate::consume::slots::Slots;

/// The lanes of submissions, taken from the spool while nothing can be published.
#[derive(Debug)]
pub struct Stranded {
    /// What is taken, and how much of it.
    pub lanes: SubmissionLanes,
    /// The way to the broker.
    pub publisher: Publisher,
}

impl Supply for Stranded {
    fn has_room(&self, held: &Held) -> bool {
        self.publisher.is_open() && self.lanes.has_room(held)
    }

    async fn take(&mut self, connection: &Connection, held: &Held, lease: Duration) -> Result<Vec<Taken>, StoreError> {
        self.lanes.take(connection, held, lease).await
    }

    fn slots(&self, lane: Lane) -> Option<Slots> {
        self.lanes.slots(lane)
    }
}
