//! The partitions of the history, one a week, made ahead of the receipts that fall into them: which times they hold. A
//! receipt of another time cannot be kept.

use std::fmt;
use std::time::SystemTime;

use deadpool_postgres::{GenericClient, Object};
use uuid::Uuid;

use super::StoreError;
use crate::id::ReceiptId;

/// How many weeks ahead the partitions of the history are made: workers may be away for a month before a receipt has no
/// home.
const WEEKS_AHEAD: i32 = 4;

const MAKE_AHEAD: &str = "-- history::make_ahead
SELECT postern_make_partitions($1)";

/// The bounds that all of the tables have: a run needs its receipt, and both need the steps.
const HELD: &str = "-- history::held
SELECT now(), coalesce(array_agg(low ORDER BY low), '{}'), coalesce(array_agg(high ORDER BY low), '{}') FROM (
    SELECT bounds[1]::uuid AS low, bounds[2]::uuid AS high FROM (
        SELECT regexp_match(pg_get_expr(c.relpartbound, c.oid), $$FROM \\('([0-9a-f-]+)'\\) TO \\('([0-9a-f-]+)'\\)$$) AS bounds
        FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent IN ('receipts'::regclass, 'runs'::regclass, 'run_steps'::regclass) AND NOT i.inhdetachpending
    ) p WHERE bounds IS NOT NULL GROUP BY bounds HAVING count(*) = 3
) b";

/// Makes the partitions that are missing.
pub async fn make_ahead(connection: &Object) -> Result<(), StoreError> {
    connection.execute(MAKE_AHEAD, &[&WEEKS_AHEAD]).await?;
    Ok(())
}

/// The times that can be kept, as they were at a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct History {
    /// The clock of the database at that moment.
    pub now: SystemTime,
    /// In order; those that touch are one. The end is outside.
    spans: Vec<(SystemTime, SystemTime)>,
}

impl History {
    /// Of partitions in order.
    pub fn new(now: SystemTime, partitions: impl IntoIterator<Item = (SystemTime, SystemTime)>) -> Self {
        let mut spans: Vec<(SystemTime, SystemTime)> = Vec::new();
        for (low, high) in partitions {
            match spans.last_mut() {
                Some((_, end)) if low <= *end => *end = high.max(*end),
                _ => spans.push((low, high)),
            }
        }
        Self { now, spans }
    }

    /// Whether a receipt of this time can be kept.
    pub fn holds(&self, moment: SystemTime) -> bool {
        self.spans.iter().any(|(low, high)| *low <= moment && moment < *high)
    }

    /// The least receipt of each span, and the least one behind each.
    pub(super) fn bounds(&self) -> (Vec<Uuid>, Vec<Uuid>) {
        self.spans.iter().map(|(low, high)| (floor(*low), floor(*high))).unzip()
    }
}

impl fmt::Display for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.spans.is_empty() {
            return f.write_str("no time at all");
        }
        for (at, (low, high)) in self.spans.iter().enumerate() {
            let and = if at == 0 { "" } else { ", " };
            write!(f, "{and}{} to {}", second(*low), second(*high))?;
        }
        Ok(())
    }
}

/// A moment to the second, in UTC, as the history and the clocks are compared by people.
pub fn second(moment: SystemTime) -> String {
    jiff::Timestamp::try_from(moment)
        .map(|at| format!("{at:.0}"))
        .unwrap_or_else(|_| "a time beyond the calendar".into())
}

/// The least receipt of a moment.
pub(super) fn floor(moment: SystemTime) -> Uuid {
    let since = moment.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Uuid::from_u128(since.as_millis() << 80)
}

/// The times that can be kept now.
pub async fn held(client: &impl GenericClient) -> Result<History, StoreError> {
    let row = client.query_one(HELD, &[]).await?;
    let time = |id: Uuid| ReceiptId::from(id).time();
    let (lows, highs): (Vec<Uuid>, Vec<Uuid>) = (row.get(1), row.get(2));
    Ok(History::new(row.get(0), lows.into_iter().map(time).zip(highs.into_iter().map(time))))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn week(number: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(number * 7 * 24 * 3600)
    }

    #[test]
    fn a_time_is_held_by_partitions_with_and_without_a_gap() {
        let second = Duration::from_secs(1);
        let history = History::new(week(10), [(10, 11), (11, 12), (20, 21)].map(|(low, high)| (week(low), week(high))));
        let expected = [
            (week(10) - second, false),
            (week(10), true),
            (week(11), true),
            (week(12) - second, true),
            (week(12), false),
            (week(19), false),
            (week(20), true),
            (week(21), false),
        ];
        for (moment, held) in expected {
            assert_eq!(history.holds(moment), held, "{moment:?}");
        }
        let told = "1970-03-12T00:00:00Z to 1970-03-26T00:00:00Z, 1970-05-21T00:00:00Z to 1970-05-28T00:00:00Z";
        assert_eq!(history.to_string(), told);
        assert_eq!(History::new(week(10), []).to_string(), "no time at all");
        assert!(!History::new(week(10), []).holds(week(10)));
    }
}
