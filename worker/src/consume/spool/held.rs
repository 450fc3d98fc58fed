//! The rows of the spool that a consumer holds: each waits for a slot or is being handled by a task.

use std::collections::HashMap;

use postern_shared::lane::Lane;
use postern_shared::store::spool::{Lease, Pair};
use tokio::task;

/// What waits for a slot or is being handled.
#[derive(Debug, Default)]
pub struct Held(HashMap<task::Id, HeldRow>);

/// A row that is held.
#[derive(Debug)]
pub struct HeldRow {
    /// Where it stood.
    pub lane: Lane,
    /// The pair by which it was taken, in a lane that is taken from by pair.
    pub pair: Option<Pair>,
    /// The right to it.
    pub lease: Lease,
}

impl Held {
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A row is held by this task.
    pub fn insert(&mut self, task: task::Id, row: HeldRow) {
        self.0.insert(task, row);
    }

    /// The task of a row has ended.
    pub fn remove(&mut self, task: task::Id) {
        self.0.remove(&task);
    }

    /// All rows.
    pub fn rows(&self) -> impl Iterator<Item = &HeldRow> {
        self.0.values()
    }

    /// How many there are of a lane.
    pub fn count(&self, lane: Lane) -> usize {
        self.rows().filter(|row| row.lane == lane).count()
    }

    /// The rights to all of them.
    pub fn leases(&self) -> Vec<Lease> {
        self.rows().map(|row| row.lease).collect()
    }
}
