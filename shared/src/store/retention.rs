//! The end of the history's life: weeks that are due go whole, and what has outlived its week goes in small parts. The
//! functions of the owner do it (`migrations/0034_retention.sql`), each call a transaction of its own.

use std::collections::BTreeSet;
use std::time::{Duration, SystemTime};

use deadpool_postgres::Object;
use uuid::Uuid;

use super::StoreError;
use super::history::floor;
use crate::options::retention::{Keep, RetentionOptions};

/// Rows that one statement removes: it must not hold its locks for long.
const TOGETHER: i32 = 500;

/// Runs that have not ended and move at once when their week goes. They move under a lock that everybody waits for, so a
/// week with more of them stays until there are fewer.
const MAX_OPEN_RUNS: i64 = 10_000;

/// Between two looks at who reads a table: whoever is there both times would have to be waited for.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// In the order in which they may go: the runs of a week before everything else of the week.
const WEEKS: &str = "-- retention::weeks
SELECT relname::text, part, low, high, now() FROM pg_partitioned_table JOIN pg_class ON pg_class.oid = partrelid,
    LATERAL postern_weeks(relname::text)
WHERE relnamespace = current_schema()::regnamespace ORDER BY low, relname <> 'runs', relname";

const OPEN_RUNS: &str = "-- retention::open_runs
SELECT count(*) FROM (SELECT FROM runs WHERE receipt >= $1 AND receipt < $2
    AND state IN ('needs_attention', 'running', 'waiting', 'held') LIMIT $3) open";

/// The transactions that use a table now.
const USERS: &str = "-- retention::users
SELECT coalesce(array_agg(DISTINCT virtualtransaction), '{}') FROM pg_locks
WHERE relation = $1::text::regclass AND granted AND pid <> pg_backend_pid()
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";

const RETIRE: &str = "-- retention::retire
SELECT postern_retire($1, $2)";

const REAP: &str = "-- retention::reap
SELECT postern_reap($1, $2)";

const REAP_STEPS: &str = "-- retention::reap_steps
SELECT postern_reap_steps($1, $2)";

const UNMATCHED: &str = "-- retention::unmatched
DELETE FROM receipts WHERE unmatched
    AND id IN (SELECT id FROM receipts WHERE unmatched AND id < $1 ORDER BY id LIMIT $2)";

/// Letters are numbered as they are written.
const DEAD_LETTERS: &str = "-- retention::dead_letters
DELETE FROM dead_letters WHERE id IN (
    SELECT id FROM (SELECT id, created_at FROM dead_letters ORDER BY id LIMIT $2) oldest WHERE created_at < $1)";

/// They name receipts that are gone with the history.
const REPLAYED: &str = "-- retention::replayed
DELETE FROM replayed WHERE old IN (SELECT old FROM replayed WHERE at < $1 LIMIT $2)";

/// What is told of them is gone with the history.
const CONNECTED: &str = "-- retention::connected
DELETE FROM connected_records WHERE (connection, module, id) IN (
    SELECT connection, module, id FROM connected_records WHERE last_at < $1 ORDER BY last_at LIMIT $2)";

/// A week of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Week {
    /// The table.
    pub table: String,
    /// The partition.
    pub part: String,
    from: Uuid,
    to: Uuid,
}

/// What came of the removal of a week.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retired {
    /// It is gone. So many rows of what has not ended stay.
    Gone(i64),
    /// Somebody reads the table in a long transaction, or writes it: tried again later.
    InUse,
    /// Too many of its runs have not ended.
    Unfinished,
}

/// The partitions of the history by weeks.
#[derive(Debug)]
pub struct Weeks {
    /// The clock of the database.
    pub now: SystemTime,
    all: Vec<Week>,
}

impl Weeks {
    /// Those that are due, in the order in which they may go.
    pub fn due(&self, options: &RetentionOptions) -> impl Iterator<Item = &Week> {
        let floors = [options.keep_steps.min(options.keep_history), options.keep_history].map(|keep| self.floor(keep));
        self.all.iter().filter(move |week| {
            // Only the steps have a time of their own.
            let floor = if week.table == "run_steps" { floors[0] } else { floors[1] };
            floor.is_some_and(|floor| week.to <= floor)
        })
    }

    /// The end of what is made ahead, in seconds from now: of the table that has least.
    pub fn ahead_s(&self) -> i64 {
        let tables: BTreeSet<&str> = self.all.iter().map(|week| week.table.as_str()).collect();
        let last = |table| self.all.iter().filter(|week| week.table == table).map(|week| week.to).max();
        let least = tables.into_iter().filter_map(last).min().unwrap_or_default();
        let end = crate::id::ReceiptId::from(least).time();
        let ahead = end.duration_since(self.now).unwrap_or_default();
        i64::try_from(ahead.as_secs()).unwrap_or(i64::MAX)
    }

    /// The least receipt that is kept; none = all are.
    fn floor(&self, keep: Keep) -> Option<Uuid> {
        Some(floor(ago(self.now, keep)?))
    }
}

/// The moment before which things are too old; none = nothing is.
fn ago(now: SystemTime, keep: Keep) -> Option<SystemTime> {
    Some(now.checked_sub(keep.time()?).unwrap_or(SystemTime::UNIX_EPOCH))
}

/// All weeks, as they are at the moment `now`, or by the clock of the database.
pub async fn weeks(connection: &Object, now: Option<SystemTime>) -> Result<Weeks, StoreError> {
    let rows = connection.query(WEEKS, &[]).await?;
    let now = now.or_else(|| rows.first().map(|row| row.get(4))).unwrap_or_else(SystemTime::now);
    let week =
        |row: &tokio_postgres::Row| Week { table: row.get(0), part: row.get(1), from: row.get(2), to: row.get(3) };
    Ok(Weeks { now, all: rows.iter().map(week).collect() })
}

/// Removes a week but for what has not ended. Nobody waits for it longer than a second, and nobody at all while a long
/// transaction has the table.
pub async fn retire(connection: &Object, week: &Week) -> Result<Retired, StoreError> {
    let most = MAX_OPEN_RUNS + 1;
    let open: i64 = connection.query_one(OPEN_RUNS, &[&week.from, &week.to, &most]).await?.get(0);
    if open > MAX_OPEN_RUNS {
        return Ok(Retired::Unfinished);
    }
    let before = users(connection, &week.table).await?;
    if !before.is_empty() {
        tokio::time::sleep(LOOK_AGAIN).await;
        if !before.is_disjoint(&users(connection, &week.table).await?) {
            return Ok(Retired::InUse);
        }
    }
    match connection.query_one(RETIRE, &[&week.table, &week.part]).await.map_err(StoreError::from) {
        Ok(row) => Ok(Retired::Gone(row.get(0))),
        Err(StoreError::Conflict(_)) => Ok(Retired::InUse),
        Err(error) => Err(error),
    }
}

async fn users(connection: &Object, table: &str) -> Result<BTreeSet<String>, StoreError> {
    let users: Vec<String> = connection.query_one(USERS, &[&table]).await?.get(0);
    Ok(users.into_iter().collect())
}

/// Removes some of what has outlived its week and has ended since. Returns whether there may be more.
pub async fn reap(connection: &Object, now: SystemTime, options: &RetentionOptions) -> Result<bool, StoreError> {
    let Some(ended_before) = ago(now, options.keep_steps.min(options.keep_history)) else { return Ok(false) };
    let receipts: i64 = connection.query_one(REAP, &[&ended_before, &TOGETHER]).await?.get(0);
    let steps: i64 = connection.query_one(REAP_STEPS, &[&ended_before, &TOGETHER]).await?.get(0);
    Ok(receipts.max(steps) >= i64::from(TOGETHER))
}

/// Removes some of the submissions that started nothing and of the dead letters that are too old. Returns whether there
/// may be more.
pub async fn forget(connection: &Object, now: SystemTime, options: &RetentionOptions) -> Result<bool, StoreError> {
    let (most, mut removed) = (i64::from(TOGETHER), 0);
    if let Some(before) = ago(now, options.keep_unmatched) {
        removed = connection.execute(UNMATCHED, &[&floor(before), &most]).await?;
    }
    if let Some(before) = ago(now, options.keep_dead_letters) {
        removed = removed.max(connection.execute(DEAD_LETTERS, &[&before, &most]).await?);
    }
    if let Some(before) = ago(now, options.keep_history) {
        removed = removed.max(connection.execute(REPLAYED, &[&before, &most]).await?);
        removed = removed.max(connection.execute(CONNECTED, &[&before, &most]).await?);
    }
    Ok(i64::try_from(removed).unwrap_or(i64::MAX) >= most)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Duration = Duration::from_secs(24 * 3600);

    #[test]
    fn weeks_are_due_when_all_of_them_is_too_old_and_steps_sooner() {
        let now = SystemTime::UNIX_EPOCH + 1_000 * DAY;
        let week = |table: &str, ends: u32| Week {
            table: table.to_owned(),
            part: format!("{table}_{ends}"),
            from: floor(now - (ends + 7) * DAY),
            to: floor(now - ends * DAY),
        };
        let all =
            vec![week("runs", 180), week("run_steps", 30), week("runs", 30), week("run_steps", 29), week("runs", 0)];
        let weeks = Weeks { now, all };
        let due = |steps: &str, history: &str| {
            let options = RetentionOptions {
                keep_steps: steps.parse().unwrap(),
                keep_history: history.parse().unwrap(),
                keep_unmatched: Keep::Always,
                keep_dead_letters: Keep::Always,
            };
            weeks.due(&options).map(|week| week.part.clone()).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(due("30", "180"), "runs_180 run_steps_30");
        assert_eq!(due("31", "181"), "");
        assert_eq!(due("never", "30"), "runs_180 run_steps_30 runs_30");
        assert_eq!(due("never", "never"), "");
        assert_eq!(weeks.ahead_s(), 0);
    }
}
