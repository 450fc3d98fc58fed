//! What a consumer of the spool takes, as it differs by lane.

use std::time::Duration;

use postern_shared::lane::Lane;
use postern_shared::store::spool::Taken;
use postern_shared::store::{Connection, StoreError};

use super::held::Held;
use crate::consume::slots::Slots;

/// What a consumer takes of the spool, and how much of it.
pub trait Supply: Send {
    /// Whether anything may be taken beside what is held.
    fn has_room(&self, held: &Held) -> bool;

    /// Takes as much as there is room for.
    fn take(
        &mut self,
        connection: &Connection,
        held: &Held,
        lease: Duration,
    ) -> impl Future<Output = Result<Vec<Taken>, StoreError>> + Send;

    /// The slots for which what is taken of a lane waits; none = it is handled at once.
    fn slots(&self, lane: Lane) -> Option<Slots>;

    /// Whether there may be more to take at once when something was taken.
    fn looks_again(&self) -> bool {
        false
    }
}
