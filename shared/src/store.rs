//! The store: the only SQL of Postern stands in this folder and in `migrations`. Every statement is a `const`
//! beside its row type whose first line names its function, so that `pg_stat_activity` reads well.

pub mod accounts;
pub mod audit_log;
pub mod batch_receipts;
pub mod checkpoints;
pub mod claims;
pub mod comments;
mod conflicts;
mod connecting;
pub mod connection_checks;
pub mod connections;
mod copy;
pub mod dead_letters;
pub mod delivery_audit;
pub mod digest;
pub mod documents;
mod error;
pub mod failure_groups;
pub mod finding;
pub mod forgetting;
pub mod history;
pub mod jobs;
mod listen;
pub mod log_ins;
pub mod migrate;
pub mod modules;
pub mod outside_calls;
pub mod overview;
pub mod permissions;
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
pub mod secrets;
pub mod sequence;
pub mod sessions;
pub mod set_up_keys;
pub mod settings;
pub mod spool;
pub mod statistics;
pub mod texts;
pub mod tokens;
mod transaction;
pub mod triggers;
pub mod unmatched;
pub mod usage;
pub mod variables;
pub mod workflow_drafts;
pub mod workflows;

use std::sync::Arc;
use std::time::Duration;

use deadpool_postgres::{Manager, ManagerConfig, Pool, RecyclingMethod, Runtime, Timeouts};
pub use deadpool_postgres::{Object as Connection, Transaction};
use serde_json::Value;
use tokio_postgres::{NoTls, Row};

use crate::options::DatabaseOptions;
pub use conflicts::Conflicts;
pub use error::StoreError;
use settings::Versioned;
pub use transaction::{FROZEN_AFTER, begin, commit, end_frozen, give_back, stay, time};

/// How long a new connection to PostgreSQL may take, and how long one waits for a free one.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// What every session sets, so that a frozen peer frees its locks and nothing waits for ever. A waiting
/// statement outlives an idle transaction: the lock of a frozen worker is gone before those behind it give up. Whoever
/// froze in a COPY is ended by [`end_frozen`]. Statements are short: compiling one takes longer than it does.
const SESSION: &str = "-c idle_in_transaction_session_timeout=10s -c lock_timeout=20s -c statement_timeout=30s \
                       -c default_transaction_isolation=read\\ committed -c jit=off";

/// A pool of connections to PostgreSQL.
#[derive(Clone, Debug)]
pub struct Store {
    pool: Pool,
    config: tokio_postgres::Config,
    /// Where it connects to, for messages.
    servers: Arc<str>,
}

impl Store {
    /// Prepares the pool; connects only when first used. Fails on a URL that cannot be read.
    pub fn new(options: &DatabaseOptions, application: &str) -> Result<Self, StoreError> {
        let mut config: tokio_postgres::Config =
            options.database_url.parse().map_err(|_| StoreError::Settings("DATABASE_URL cannot be read".into()))?;
        config
            .application_name(application)
            .connect_timeout(CONNECT_TIMEOUT)
            .keepalives_idle(Duration::from_secs(5))
            .keepalives_interval(Duration::from_secs(2))
            .keepalives_retries(3)
            .tcp_user_timeout(Duration::from_secs(10))
            .options(SESSION);
        Self::with(config, options.database_connections)
    }

    /// The same database with a pool of its own: whoever waits for a connection of one waits for nobody of the other.
    pub fn beside(&self, connections: usize) -> Result<Self, StoreError> {
        Self::with(self.config.clone(), connections)
    }

    fn with(config: tokio_postgres::Config, connections: usize) -> Result<Self, StoreError> {
        let manager =
            Manager::from_config(config.clone(), NoTls, ManagerConfig { recycling_method: RecyclingMethod::Fast });
        let wait = Some(CONNECT_TIMEOUT);
        let pool = Pool::builder(manager)
            .max_size(connections)
            .timeouts(Timeouts { wait, create: wait, recycle: wait })
            .runtime(Runtime::Tokio1)
            .build()
            .map_err(|error| StoreError::Settings(error.to_string()))?;
        let servers = connecting::servers(&config).into();
        Ok(Self { pool, config, servers })
    }

    /// A connection of the pool.
    pub async fn connection(&self) -> Result<Connection, StoreError> {
        self.pool.get().await.map_err(|error| connecting::without_connection(&error, &self.servers))
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
