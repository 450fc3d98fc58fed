//! The lanes that are of the spool alone: runs that call other systems, and runs that are too slow for others. Every
//! worker takes from them, with a broker or without. Only what there is a slot for is taken, so nothing that is held
//! waits here while another worker is idle.

use std::time::Duration;

use postern_shared::lane::Lane;
use postern_shared::store::spool::{self, Taken};
use postern_shared::store::{Connection, StoreError};

use super::{Held, Supply};
use crate::consumer::slots::Slots;

/// The lanes of the spool alone.
#[derive(Debug)]
pub struct Aside {
    /// Runs that call, at the same time.
    pub calls: usize,
    /// Runs that are slow, at the same time.
    pub slow: usize,
}

impl Aside {
    fn room(&self, held: &Held) -> Vec<(Lane, usize)> {
        let free = |lane: Lane, slots: usize| (lane, slots.saturating_sub(held.count(lane)));
        let room = [free(Lane::Calling, self.calls), free(Lane::Slow, self.slow)];
        room.into_iter().filter(|(_, room)| *room > 0).collect()
    }
}

impl Supply for Aside {
    fn has_room(&self, held: &Held) -> bool {
        !self.room(held).is_empty()
    }

    async fn take(&mut self, connection: &Connection, held: &Held, lease: Duration) -> Result<Vec<Taken>, StoreError> {
        spool::take(connection, &self.room(held), lease).await
    }

    fn slots(&self, _: Lane) -> Option<Slots> {
        None
    }
}
