//! What all work of this worker shares.

use std::sync::Arc;

use postern_shared::store::Store;
use postern_shared::wakeup::Wakeup;
use postern_traces::Traces;

use crate::consume::outages::Outages;
use crate::matching::catalogs::Catalogs;
use crate::metrics::Metrics;
use crate::outside::Outside;
use crate::run::connections::Connections;
use crate::run::slow_runs::SlowRuns;
use crate::run::tally::Tally;

/// What all work of this worker shares; clones share it too.
#[derive(Debug, Clone)]
pub struct Resources {
    pub store: Store,
    pub catalogs: Arc<Catalogs>,
    pub metrics: Arc<Metrics>,
    pub connections: Connections,
    pub outside: Outside,
    /// What its transactions know of each other.
    pub slow_runs: Arc<SlowRuns>,
    pub outages: Arc<Outages>,
    /// Wakes when something may be due in the lanes of the spool alone.
    pub own_lanes: Wakeup,
    /// Wakes when a run may wait for its admission, or may have left its place to another.
    pub admission: Wakeup,
    /// Takes the spans of what was committed.
    pub traces: Traces,
}

impl Resources {
    /// Tells those who wait for what was committed.
    pub fn ring(&self, tally: &Tally) {
        if tally.alarms {
            self.own_lanes.wake();
        }
        if tally.admission {
            self.admission.wake();
        }
    }
}
