//! How many submissions wait, for how long, and when they will be done: by the numbers that were answered with 202 and
//! have not arrived at a worker. The broker is not asked.

use std::time::Duration;

use deadpool_postgres::Object;

use super::{StoreError, delivery_audit, sequence};

/// The time over which the rates are taken that say when the backlog will be done.
const RATES_OVER: Duration = Duration::from_secs(30);

/// A row of `answered` is told within seconds of its answers. One that was joined from those of a whole hour has the
/// times of all of them: then the end of the hour is meant. Without $2 nothing is late.
const LOOK: &str = "-- backlog::look
WITH came AS (
    SELECT instance, range_agg(numbers) AS numbers FROM arrived GROUP BY instance
), open AS (
    SELECT least(t.at, to_timestamp((t.hour + 1) * 3600)) AS at, t.numbers - coalesce(came.numbers, '{}') AS numbers
    FROM answered t LEFT JOIN came USING (instance) WHERE t.at > now() - $1::float8 * interval '1 hour'
), waiting AS (
    SELECT at, (SELECT coalesce(sum(upper(r) - lower(r)), 0) FROM unnest(numbers) AS r) AS leads,
        coalesce(at < now() - $2::float8 * interval '1 second', false) AS late
    FROM open WHERE NOT isempty(numbers)
)
SELECT coalesce(sum(leads) FILTER (WHERE NOT late), 0)::bigint, coalesce(sum(leads) FILTER (WHERE late), 0)::bigint,
    extract(epoch FROM now() - min(at) FILTER (WHERE NOT late))::float8,
    extract(epoch FROM now() - min(at) FILTER (WHERE late))::float8
FROM waiting";

const RATES: &str = "-- backlog::rates
SELECT (SELECT coalesce(sum(upper(r) - lower(r)), 0) FROM arrived, unnest(numbers) AS r
        WHERE at > now() - $1::float8 * interval '1 second')::float8 / $1,
    (SELECT coalesce(sum(upper(r) - lower(r)), 0) FROM answered, unnest(numbers) AS r
        WHERE at > now() - $1::float8 * interval '1 second')::float8 / $1";

/// What waits for a worker.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Backlog {
    /// Submissions that were answered with 202 and that no worker has executed yet.
    pub leads: i64,
    /// The age of the oldest of them; within an hour if it is older than that.
    pub oldest_s: f64,
    /// Submissions that workers executed in a second lately.
    pub executed_per_s: f64,
    /// Submissions that ingresses accepted in a second lately.
    pub accepted_per_s: f64,
}

impl Backlog {
    /// When nothing will wait any more, in seconds, if everything goes on as it does: infinite while the backlog does not
    /// become smaller.
    pub fn drained_in_s(&self) -> f64 {
        let rate = self.executed_per_s - self.accepted_per_s;
        match self.leads {
            0 => 0.0,
            #[expect(clippy::cast_precision_loss, reason = "an estimate")]
            leads if rate > 0.0 => leads as f64 / rate,
            _ => f64::INFINITY,
        }
    }
}

/// Looks at the numbers of the last week. What is lost does not wait.
pub async fn look(connection: &mut Object) -> Result<Backlog, StoreError> {
    let hours = delivery_audit::MAX_HOURS;
    let (lately, late_after) = {
        let snapshot = connection.build_transaction().read_only(true).start().await?;
        match sequence::late_after(&snapshot).await? {
            Some(seconds) => (Some(seconds), Some(seconds)),
            None => (None, sequence::late_by_last_arrival(&snapshot).await?),
        }
    };
    #[expect(clippy::cast_precision_loss, reason = "168")]
    let row = connection.query_one(LOOK, &[&(hours as f64), &late_after]).await?;
    let (recent, late): (i64, i64) = (row.get(0), row.get(1));
    let (oldest_recent, oldest_late): (Option<f64>, Option<f64>) = (row.get(2), row.get(3));
    // What should have come long ago may be in the spool, and else it is lost. Where nothing comes any more, what was late
    // before that does not wait: a quiet night is no backlog.
    let lost = match (late, lately) {
        (0, _) => 0,
        (_, Some(_)) => delivery_audit::lost(connection, hours).await?.unwrap_or_default(),
        (late, None) => late,
    };
    let late = (late - lost).max(0);
    let oldest = if late > 0 { oldest_late } else { oldest_recent };
    let rates = connection.query_one(RATES, &[&RATES_OVER.as_secs_f64()]).await?;
    Ok(Backlog {
        leads: recent + late,
        oldest_s: oldest.unwrap_or_default().max(0.0),
        executed_per_s: rates.get(0),
        accepted_per_s: rates.get(1),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_backlog_is_done_when_more_is_executed_than_accepted() {
        let of = |leads, executed_per_s, accepted_per_s| {
            Backlog { leads, oldest_s: 1.0, executed_per_s, accepted_per_s }.drained_in_s()
        };
        for (leads, executed, accepted, expected) in [
            (0, 0.0, 0.0, 0.0),
            (0, 10.0, 20.0, 0.0),
            (600, 30.0, 10.0, 30.0),
            (600, 10.0, 10.0, f64::INFINITY),
            (600, 0.0, 10.0, f64::INFINITY),
        ] {
            assert_eq!(of(leads, executed, accepted).to_string(), expected.to_string());
        }
    }
}
