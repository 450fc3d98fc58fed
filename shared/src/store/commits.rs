//! Whether commits pass. A connection is no proof: a primary that waits for its standbys answers everything and commits
//! nothing, and none of its time-outs ends that.

use std::time::Duration;

use tokio::time::timeout;

use super::listen::within;
use super::{Connection, Store, StoreError};

/// From so long on a commit hangs. A restart of a standby is shorter, and so is a slow disk.
pub const HANGS_AFTER: Duration = Duration::from_secs(5);

/// How long the question may take.
const ASK_LIMIT: Duration = Duration::from_secs(5);

/// Writes some bytes of log and nothing else. Everybody may call it.
const TRY: &str = "-- commits::try
SELECT pg_logical_emit_message(true, 'postern', '')";

/// Sessions of the same role: a role without further rights sees what no other one waits for.
const WAITING: &str = "-- commits::waiting
SELECT count(*) FILTER (WHERE wait_event = 'SyncRep'), count(*), current_setting('synchronous_standby_names')
FROM pg_stat_activity
WHERE usename = current_user AND state = 'active' AND state_change < now() - $1 * interval '1 s'
    AND (wait_event = 'SyncRep' OR query LIKE '-- commits::try%')";

/// What keeps commits from passing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Hang {
    /// Too few standbys confirm.
    #[error("commits wait for a synchronous standby, and too few answer (synchronous_standby_names is '{standbys}')")]
    Standbys {
        /// The setting of the server.
        standbys: String,
    },
    /// Anything else, such as a disk that stands still.
    #[error("a commit takes longer than {} s", HANGS_AFTER.as_secs())]
    Unknown,
}

/// Commits something, unless an earlier commit hangs: each that does takes a session of the server. Nothing = it passed.
pub async fn try_one(store: &Store) -> Result<Option<Hang>, StoreError> {
    let connection = store.connection().await?;
    if let Some(hang) = waiting(&connection).await? {
        return Ok(Some(hang));
    }
    match timeout(HANGS_AFTER, connection.execute(TRY, &[])).await {
        Ok(done) => {
            done?;
            Ok(None)
        }
        Err(_) => {
            // Nobody else may be given a connection on which something hangs.
            drop(Connection::take(connection));
            Ok(Some(waiting(&store.connection().await?).await?.unwrap_or(Hang::Unknown)))
        }
    }
}

async fn waiting(connection: &Connection) -> Result<Option<Hang>, StoreError> {
    // What was tried just now has hung for as long by the clock of this process.
    let seconds = HANGS_AFTER.as_secs_f64() * 0.8;
    let row = within(ASK_LIMIT, connection.query_one(WAITING, &[&seconds])).await?;
    let (for_standbys, all): (i64, i64) = (row.get(0), row.get(1));
    Ok(match (for_standbys, all) {
        (0, 0) => None,
        (0, _) => Some(Hang::Unknown),
        _ => Some(Hang::Standbys { standbys: row.get(2) }),
    })
}
