//! The store: the only SQL of Postern stands in this folder and in `migrations`. Every statement is a `const`
//! beside its row type whose first line names its function, so that `pg_stat_activity` reads well.

pub mod accounts;
pub mod audit_log;
pub mod backlog;
pub mod batch_receipts;
pub mod checkpoints;
pub mod claims;
pub mod comments;
pub mod commits;
mod conflicts;
pub mod connected_records;
mod connecting;
pub mod connection_checks;
pub mod connections;
mod connector;
mod copy;
pub mod counters;
pub mod dead_letters;
pub mod delivery_audit;
pub mod described_modules;
pub mod digest;
pub mod documents;
pub mod dry_runs;
mod error;
pub mod failure_groups;
pub mod finding;
pub mod forgetting;
pub mod handled_failures;
pub mod history;
pub mod jobs;
mod listen;
pub mod log_ins;
pub mod migrate;
pub mod modules;
pub mod notices;
pub mod outside_calls;
pub mod overview;
pub mod permissions;
mod pool_metrics;
pub mod posted;
pub mod processes;
pub mod receipts;
pub mod recent_names;
pub mod record_list;
pub mod records;
pub mod refused_bodies;
pub mod rejected_callers;
pub mod replayed;
pub mod responses;
pub mod retention;
pub mod roles;
pub mod run_actions;
pub mod run_effects;
pub mod run_results;
pub mod run_steps;
pub mod runs;
pub mod search;
pub mod second_factors;
pub mod secrets;
pub mod sequence;
pub mod servers;
mod session;
pub mod sessions;
pub mod set_up_keys;
pub mod settings;
mod shared_keys;
pub mod spool;
pub mod statistics;
pub mod test_calls;
pub mod texts;
pub mod tokens;
mod transaction;
pub mod triggers;
pub mod unmatched;
pub mod usage;
pub mod variables;
pub mod workflow_drafts;
pub mod workflows;

use std::time::{Duration, Instant};

use deadpool_postgres::{Manager, ManagerConfig, Pool, RecyclingMethod, Runtime, Timeouts};
pub use deadpool_postgres::{Object as Connection, Transaction};
use prometheus::Registry;
use serde_json::Value;
use tokio_postgres::Row;

use crate::options::DatabaseOptions;
pub use conflicts::Conflicts;
use connector::Connector;
pub use error::StoreError;
use pool_metrics::PoolMetrics;
use settings::Versioned;
pub use transaction::{FROZEN_AFTER, begin, commit, confirm_reads, end_frozen, give_back, roll_back, stay, time};

/// How long a new connection to PostgreSQL may take, and how long one waits for a free one.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// A pool of connections to PostgreSQL.
#[derive(Clone, Debug)]
pub struct Store {
    pool: Pool,
    connector: Connector,
    /// Opens connections to the server itself, where a pooler may be between.
    direct: Connector,
    /// Nothing where nobody looks.
    metrics: Option<PoolMetrics>,
}

impl Store {
    /// Prepares the pool; connects only when first used. Fails on a URL that cannot be read.
    pub fn new(options: &DatabaseOptions, application: &str) -> Result<Self, StoreError> {
        let DatabaseOptions { database_url, database_connections, other } = options;
        let file = other.database_url_file.as_deref();
        let connector = Connector::new(database_url, file, "DATABASE_URL", application)?;
        let direct = match &other.database_direct_url {
            Some(url) => {
                let file = other.database_direct_url_file.as_deref();
                Connector::new(url, file, "POSTERN_DATABASE_DIRECT_URL", application)?
            }
            None => connector.clone(),
        };
        Self::with(connector, direct, *database_connections, None)
    }

    /// The same store, whose pool is seen in the metrics, as are those that are made [`Self::beside`] it.
    ///
    /// # Errors
    /// The metrics are registered already.
    pub fn observed(mut self, registry: &Registry, component: &str) -> Result<Self, prometheus::Error> {
        let metrics = PoolMetrics::register(registry, component)?;
        metrics.watch(&self.pool);
        self.metrics = Some(metrics);
        Ok(self)
    }

    /// The same database by the server itself, where a pooler may be between.
    pub fn direct(&self, connections: usize) -> Result<Self, StoreError> {
        Self::with(self.direct.clone(), self.direct.clone(), connections, self.metrics.clone())
    }

    /// The same database with a pool of its own: whoever waits for a connection of one waits for nobody of the other.
    pub fn beside(&self, connections: usize) -> Result<Self, StoreError> {
        Self::with(self.connector.clone(), self.direct.clone(), connections, self.metrics.clone())
    }

    fn with(
        connector: Connector,
        direct: Connector,
        connections: usize,
        metrics: Option<PoolMetrics>,
    ) -> Result<Self, StoreError> {
        let config = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let manager = Manager::from_connect(tokio_postgres::Config::new(), connector.clone(), config);
        let (wait, create) = (Some(CONNECT_TIMEOUT), Some(connector.servers().limit()));
        let pool = Pool::builder(manager)
            .max_size(connections)
            .timeouts(Timeouts { wait, create, recycle: wait })
            .runtime(Runtime::Tokio1)
            .build()
            .map_err(|error| StoreError::Settings(error.to_string()))?;
        metrics.iter().for_each(|metrics| metrics.watch(&pool));
        Ok(Self { pool, connector, direct, metrics })
    }

    /// By what this database is known from others: its servers and its name, without user and password.
    pub fn database(&self) -> String {
        self.connector.servers().database()
    }

    /// A connection of the pool.
    pub async fn connection(&self) -> Result<Connection, StoreError> {
        let asked = Instant::now();
        let got = self.pool.get().await;
        if let Some(metrics) = &self.metrics {
            metrics.got(&got, asked.elapsed());
        }
        got.map_err(|error| connecting::without_connection(&error, &self.connector.servers()))
    }
}

/// Rows of (settings version, document or null).
fn documents(rows: Vec<Row>) -> Result<Versioned<Vec<Value>>, StoreError> {
    let mut loaded = Versioned { version: 0, value: Vec::new() };
    for row in rows {
        loaded.version = row.get(0);
        if let Some(text) = row.get::<_, Option<&str>>(1) {
            loaded.value.push(parsed(text)?);
        }
    }
    Ok(loaded)
}

/// JSON that the database gave; it was checked when it was stored.
fn parsed<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|error| StoreError::Refused(format!("stored JSON cannot be read: {error}")))
}
