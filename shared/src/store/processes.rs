//! The ingresses and workers that are up, by the rows that they renew: which version of the settings each holds, and how
//! many secrets it cannot decrypt.

use std::collections::BTreeSet;
use std::time::{Duration, SystemTime};

use deadpool_postgres::Object;
use tokio_postgres::Row;

use super::StoreError;

/// How often a process renews its row.
pub const BEAT: Duration = Duration::from_secs(2);

/// A process that was not heard from for longer is not waited for: it stands still, was killed, or is cut off.
const UP_FOR: Duration = Duration::from_secs(10);

/// For so long a process is named that is not heard from: it may still answer callers by the settings that it holds.
const NAMED_FOR: Duration = Duration::from_secs(10 * 60);

/// After this a row is removed by the next process that begins.
const KEEP_DAYS: i32 = 1;

const BEGIN: &str = "-- processes::begin
DELETE FROM processes WHERE (service, name) = ($2, $3) AND instance <> $1
    OR seen_at < now() - make_interval(days => $4)";

const TELL: &str = "-- processes::tell
INSERT INTO processes (instance, service, name, settings_version, unopened_secrets, away)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (instance) DO UPDATE SET settings_version = excluded.settings_version,
    unopened_secrets = excluded.unopened_secrets, away = excluded.away, seen_at = now()";

const LEAVE: &str = "-- processes::leave
DELETE FROM processes WHERE instance = $1";

const BEHIND: &str = "-- processes::behind
SELECT name, seen_at, seen_at > now() - $2::float8 * interval '1 second' FROM processes
WHERE service = 'ingress' AND settings_version < $1 AND seen_at > now() - $3::float8 * interval '1 second'
ORDER BY name";

const LIST: &str = "-- processes::list
SELECT service, name, settings_version, unopened_secrets, seen_at, seen_at > now() - $1::float8 * interval '1 second', away
FROM processes WHERE seen_at > now() - $2::float8 * interval '1 second' ORDER BY service, name";

/// What runs in a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    /// The public door.
    Ingress,
    /// What executes workflows.
    Worker,
}

impl Service {
    /// Its name.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Ingress => "ingress",
            Self::Worker => "worker",
        }
    }
}

/// A process.
#[derive(Debug, Clone)]
pub struct Process {
    /// A random number: each start of a process has its own.
    pub instance: i64,
    /// What runs in it.
    pub service: Service,
    /// The host and the address of its listener.
    pub name: String,
}

/// What a process holds of the settings.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Held {
    /// The version; 0 = none yet.
    pub version: i64,
    /// How many secrets it cannot decrypt.
    pub unopened: i32,
}

/// An ingress that does not hold the newest settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Behind {
    /// The host and the address of its listener.
    pub name: String,
    /// When it was heard from.
    pub seen_at: SystemTime,
    /// Whether that was just now.
    pub is_up: bool,
}

/// A process as others see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// `ingress` or `worker`.
    pub service: String,
    /// The host and the address of its listener.
    pub name: String,
    /// What it holds of the settings.
    pub held: Held,
    /// When it was heard from.
    pub seen_at: SystemTime,
    /// Whether that was just now.
    pub is_up: bool,
    /// The connections whose systems do not answer it.
    pub away: Vec<String>,
}

/// The connections whose systems do not answer a process that is up, in order.
pub fn away(processes: &[Seen]) -> BTreeSet<&str> {
    let up = processes.iter().filter(|one| one.is_up);
    up.flat_map(|one| one.away.iter().map(String::as_str)).collect()
}

impl Seen {
    /// Whether it is up and cannot decrypt secrets.
    pub fn lacks_a_key(&self) -> bool {
        self.is_up && self.held.unopened > 0
    }
}

/// A process begins: the row of its predecessor at the same place goes.
pub async fn begin(connection: &Object, process: &Process) -> Result<(), StoreError> {
    let Process { instance, service, name } = process;
    connection.execute(BEGIN, &[instance, &service.word(), name, &KEEP_DAYS]).await?;
    Ok(())
}

/// A process is up, and holds this. `away` names the connections whose systems do not answer it.
pub async fn tell(connection: &Object, process: &Process, held: Held, away: &[String]) -> Result<(), StoreError> {
    let Process { instance, service, name } = process;
    let statement = connection.prepare_cached(TELL).await?;
    connection.execute(&statement, &[instance, &service.word(), name, &held.version, &held.unopened, &away]).await?;
    Ok(())
}

/// A process ends.
pub async fn leave(connection: &Object, process: &Process) -> Result<(), StoreError> {
    connection.execute(LEAVE, &[&process.instance]).await?;
    Ok(())
}

/// The ingresses that hold older settings than this version, in the order of their names.
pub async fn behind(connection: &Object, version: i64) -> Result<Vec<Behind>, StoreError> {
    let statement = connection.prepare_cached(BEHIND).await?;
    let rows = connection.query(&statement, &[&version, &UP_FOR.as_secs_f64(), &NAMED_FOR.as_secs_f64()]).await?;
    let behind = |row: &Row| Behind { name: row.get(0), seen_at: row.get(1), is_up: row.get(2) };
    Ok(rows.iter().map(behind).collect())
}

/// The processes that are up, and those that were lately, in the order of their services and names.
pub async fn list(connection: &Object) -> Result<Vec<Seen>, StoreError> {
    let statement = connection.prepare_cached(LIST).await?;
    let rows = connection.query(&statement, &[&UP_FOR.as_secs_f64(), &NAMED_FOR.as_secs_f64()]).await?;
    let seen = |row: &Row| Seen {
        service: row.get(0),
        name: row.get(1),
        held: Held { version: row.get(2), unopened: row.get(3) },
        seen_at: row.get(4),
        is_up: row.get(5),
        away: row.get(6),
    };
    Ok(rows.iter().map(seen).collect())
}
