//! Connections to PostgreSQL for runs that go on outside of bundles.

use std::sync::Arc;

use postern_shared::lane::Lane;
use tokio::sync::Semaphore;

/// Connections to PostgreSQL for runs that go on outside of bundles: a burst of them must not take those of the bundles,
/// nor those of one lane the ones of another.
#[derive(Debug, Clone)]
pub struct Connections {
    resuming: Arc<Semaphore>,
    calling: Arc<Semaphore>,
    slow: Arc<Semaphore>,
}

impl Connections {
    /// So many for each.
    pub fn new(resuming: usize, calling: usize, slow: usize) -> Self {
        let of = |count| Arc::new(Semaphore::new(count));
        Self { resuming: of(resuming), calling: of(calling), slow: of(slow) }
    }

    /// Those of the runs of a lane.
    pub fn of(&self, lane: Lane) -> &Semaphore {
        match lane {
            Lane::Calling => &self.calling,
            Lane::Slow => &self.slow,
            Lane::Default | Lane::Resuming | Lane::Bulk1 | Lane::Bulk2 | Lane::Bulk3 | Lane::Bulk4 => &self.resuming,
        }
    }
}
