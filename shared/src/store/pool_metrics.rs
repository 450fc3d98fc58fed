//! What the connections to PostgreSQL show to Prometheus: whether it answers, how many are in use, and how long work waits
//! for one.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use deadpool_postgres::{Object, Pool, PoolError, TimeoutType};
use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;
use prometheus::{Histogram, HistogramOpts, IntCounter, IntGauge, IntGaugeVec, Opts, Registry};

/// From a connection that is free to the time-out, in seconds.
const WAIT_BUCKETS: [f64; 10] = [0.0001, 0.001, 0.005, 0.025, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0];

/// The metrics of all pools of a service; clones share them.
#[derive(Clone, Debug)]
pub(super) struct PoolMetrics {
    pools: Arc<Mutex<Vec<Pool>>>,
    connections: IntGaugeVec,
    up: IntGauge,
    wait: Histogram,
    timeouts: IntCounter,
}

impl PoolMetrics {
    pub(super) fn register(registry: &Registry, component: &str) -> Result<Self, prometheus::Error> {
        let metrics = Self {
            pools: Arc::default(),
            connections: IntGaugeVec::new(
                Opts::new(
                    "postern_database_pool_connections",
                    "Connections to PostgreSQL that this process may have, by component and state: used, idle, unopened.",
                )
                .const_label("component", component),
                &["state"],
            )?,
            up: IntGauge::with_opts(
                Opts::new(
                    "postern_database_up",
                    "1 if PostgreSQL gave a connection when one was needed last, else 0; by component.",
                )
                .const_label("component", component),
            )?,
            wait: Histogram::with_opts(
                HistogramOpts::new(
                    "postern_database_pool_wait_seconds",
                    "Time that work waited for a connection to PostgreSQL, by component.",
                )
                .const_label("component", component)
                .buckets(WAIT_BUCKETS.to_vec()),
            )?,
            timeouts: IntCounter::with_opts(
                Opts::new(
                    "postern_database_pool_timeouts_total",
                    "Work that got no connection in time, since all connections of the process were in use; by component.",
                )
                .const_label("component", component),
            )?,
        };
        registry.register(Box::new(metrics.clone()))?;
        Ok(metrics)
    }

    /// Counts the connections of this pool, too.
    pub(super) fn watch(&self, pool: &Pool) {
        self.pools.lock().unwrap_or_else(PoisonError::into_inner).push(pool.clone());
    }

    /// Somebody wanted a connection.
    pub(super) fn got(&self, got: &Result<Object, PoolError>, waited: Duration) {
        self.wait.observe(waited.as_secs_f64());
        match got {
            Ok(_) => self.up.set(1),
            // The pool is used up, which tells nothing of PostgreSQL.
            Err(PoolError::Timeout(TimeoutType::Wait)) => self.timeouts.inc(),
            Err(_) => self.up.set(0),
        }
    }

    fn count(&self) {
        let (mut used, mut idle, mut unopened) = (0, 0, 0);
        for pool in self.pools.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            let status = pool.status();
            idle += status.available;
            used += status.size.saturating_sub(status.available);
            unopened += status.max_size.saturating_sub(status.size);
        }
        for (state, count) in [("used", used), ("idle", idle), ("unopened", unopened)] {
            self.connections.with_label_values(&[state]).set(i64::try_from(count).unwrap_or(i64::MAX));
        }
    }
}

/// The pools are looked at whenever metrics are read.
impl Collector for PoolMetrics {
    fn desc(&self) -> Vec<&Desc> {
        [self.connections.desc(), self.up.desc(), self.wait.desc(), self.timeouts.desc()].concat()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        self.count();
        [self.connections.collect(), self.up.collect(), self.wait.collect(), self.timeouts.collect()].concat()
    }
}
