//! Nothing is lost: where the submissions of each hour are. What was answered with 202 is counted by the ingresses; where
//! it is, by looking there. All of it is read from one snapshot, so the sums agree.

use std::collections::{BTreeMap, BTreeSet};

use deadpool_postgres::{Object, Transaction};
use tokio_postgres::IsolationLevel;
use uuid::Uuid;

use super::StoreError;
use super::sequence::{self, Gap};
use crate::submission::{self, SUBMISSIONS_V1, Ticket};

/// The most hours that one audit looks at: it must end well within the time-out of a statement.
pub const MAX_HOURS: i64 = 7 * 24;

/// Rows of the spool that are read at a time: 50 MiB if all are as large as can be expected.
const SPOOL_PAGE: i64 = 200;

/// Rows of the spool that one audit reads; of a longer one it is not told what is lost, since it may be there.
const MAX_SPOOL_ROWS: usize = 20_000;

/// Where a submission can be. It is in one of these.
pub const PLACES: [&str; 14] = [
    "queued",
    "spooled",
    "running",
    "waiting",
    "held",
    "needs_attention",
    "finished",
    "failed",
    "unmatched",
    "duplicate",
    "dead_letter",
    "discarded",
    "replayed",
    "lost",
];

const HOUR: &str = "-- delivery_audit::hour
SELECT floor(extract(epoch FROM now()) / 3600)::bigint";

/// Of a run and its replays the last one counts, a failure that was handled counts as finished, and of the runs of a receipt the one that counts in
/// [`super::runs::State::of_all`].
const TAKEN: &str = "-- delivery_audit::taken
WITH bounds AS (
    SELECT postern_uuid_floor(to_timestamp($1::bigint * 3600)) AS low,
        postern_uuid_floor(to_timestamp(($1::bigint + 1) * 3600)) AS high
), counted AS (
    SELECT receipt, CASE WHEN handled_by IS NULL THEN state ELSE 'finished' END AS state
    FROM runs, bounds WHERE receipt >= low AND receipt < high AND replaced_by IS NULL
), ended AS (
    SELECT receipt, coalesce(min(state) FILTER (WHERE state NOT IN ('failed', 'finished')), min(state)) AS state
    FROM counted GROUP BY receipt
)
SELECT CASE WHEN duplicate_of IS NOT NULL THEN 'duplicate' ELSE coalesce(state::text, 'unmatched') END, count(*)
FROM receipts CROSS JOIN bounds LEFT JOIN ended ON receipt = id WHERE id >= low AND id < high GROUP BY 1
UNION ALL
SELECT 'dead_letter', count(DISTINCT receipt) FROM dead_letters d, bounds WHERE receipt >= low AND receipt < high
    AND NOT EXISTS (SELECT FROM receipts r WHERE r.id = d.receipt)
UNION ALL
SELECT 'discarded', count(DISTINCT key) FROM audit_log, bounds
WHERE kind = 'dead_letter' AND action = 'discard' AND key >= low::text AND key < high::text AND length(key) = 36
    AND NOT EXISTS (SELECT FROM receipts r WHERE r.id::text = key)
    AND NOT EXISTS (SELECT FROM dead_letters d WHERE d.receipt::text = key)
UNION ALL
SELECT 'replayed', count(*) FROM replayed, bounds WHERE old >= low AND old < high
    AND NOT EXISTS (SELECT FROM dead_letters d WHERE d.receipt = old)";

/// How many receipts of an hour took the place of others: no ingress answered with them.
const NEW: &str = "-- delivery_audit::new
SELECT count(*) FROM replayed
WHERE new >= postern_uuid_floor(to_timestamp($1::bigint * 3600))
    AND new < postern_uuid_floor(to_timestamp(($1::bigint + 1) * 3600))";

const SPOOL: &str = "-- delivery_audit::spool
SELECT id, body FROM spool WHERE id > $1 AND kind = $2 ORDER BY id LIMIT $3";

const KNOWN: &str = "-- delivery_audit::known
SELECT id FROM unnest($1::uuid[]) AS s (id) WHERE EXISTS (SELECT FROM receipts r WHERE r.id = s.id)
    OR EXISTS (SELECT FROM dead_letters d WHERE d.receipt = s.id)";

/// What an audit found.
#[derive(Debug)]
pub struct Audit {
    /// The hours, the current one last.
    pub hours: Vec<Hour>,
    /// What is lost; none = it cannot be told now, since nothing has arrived lately or the spool is too long.
    pub losses: Option<Vec<Gap>>,
}

/// Where the submissions of an hour are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Hour {
    /// Hours since 1970 (UTC), by the receipts.
    pub hour: i64,
    /// How many were answered with 202, as their ingresses say, and how many were replayed under new receipts.
    pub answered: i64,
    /// How many are in each of [`PLACES`].
    pub places: [i64; PLACES.len()],
}

impl Hour {
    /// How many more are somewhere than were answered with 202: their callers got no answer, or their ingress was
    /// killed before it said so. Below zero: so many are nowhere to be found and not known to be lost; for a moment
    /// those are dead letters that were put back into the broker.
    pub fn unanswered(&self) -> i64 {
        self.places.iter().sum::<i64>() - self.answered
    }

    fn add(&mut self, place: &str, count: i64) {
        if let Some(at) = PLACES.iter().position(|known| *known == place) {
            self.places[at] += count;
        }
    }
}

/// Looks where the submissions of the last hours are.
pub async fn audit(connection: &mut Object, hours: i64) -> Result<Audit, StoreError> {
    let snapshot = snapshot(connection).await?;
    let now: i64 = snapshot.query_one(HOUR, &[]).await?.get(0);
    let from = now - hours.clamp(1, MAX_HOURS) + 1;
    let mut found: BTreeMap<i64, Hour> = (from..=now).map(|hour| (hour, Hour { hour, ..Hour::default() })).collect();
    for (hour, answered) in sequence::count(&snapshot, from).await? {
        found.entry(hour).and_modify(|hour| hour.answered = answered);
    }
    for (hour, places) in &mut found {
        places.answered += snapshot.query_one(NEW, &[hour]).await?.get::<_, i64>(0);
        for row in snapshot.query(TAKEN, &[hour]).await? {
            places.add(row.get(0), row.get(1));
        }
    }
    let mut add = |hour: i64, place: &str, count: i64| {
        found.entry(hour).and_modify(|hour| hour.add(place, count));
    };
    let spooled = Spooled::read(&snapshot).await?;
    spooled.hours.iter().for_each(|(hour, count)| add(*hour, "spooled", *count));
    let (losses, queued) = Missing::read(&snapshot, from).await?.without(&spooled);
    losses.iter().flatten().for_each(|gap| add(gap.hour, "lost", gap.len()));
    queued.iter().for_each(|gap| add(gap.hour, "queued", gap.len()));
    Ok(Audit { hours: found.into_values().collect(), losses })
}

/// How many submissions of the last hours are lost, if that can be told.
pub async fn lost(connection: &mut Object, hours: i64) -> Result<Option<i64>, StoreError> {
    let snapshot = snapshot(connection).await?;
    let now: i64 = snapshot.query_one(HOUR, &[]).await?.get(0);
    let missing = Missing::read(&snapshot, now - hours + 1).await?;
    if !missing.gaps.iter().any(|gap| gap.late) {
        return Ok(missing.can_be_late.then_some(0));
    }
    let (losses, _) = missing.without(&Spooled::read(&snapshot).await?);
    Ok(losses.map(|losses| losses.iter().map(Gap::len).sum()))
}

async fn snapshot(connection: &mut Object) -> Result<Transaction<'_>, StoreError> {
    let snapshot = connection.build_transaction().isolation_level(IsolationLevel::RepeatableRead).read_only(true);
    Ok(snapshot.start().await?)
}

struct Missing {
    gaps: Vec<Gap>,
    /// Whether any could be called late.
    can_be_late: bool,
}

impl Missing {
    async fn read(snapshot: &Transaction<'_>, from: i64) -> Result<Self, StoreError> {
        let late_after = sequence::late_after(snapshot).await?;
        let gaps = sequence::missing(snapshot, from, late_after).await?;
        Ok(Self { gaps, can_be_late: late_after.is_some() })
    }

    /// What is lost, if that can be told, and what is on its way.
    fn without(self, spooled: &Spooled) -> (Option<Vec<Gap>>, Vec<Gap>) {
        let parts = self.gaps.iter().flat_map(|gap| gap.without(&spooled.tickets));
        if !self.can_be_late || !spooled.is_whole {
            return (None, parts.collect());
        }
        let (lost, queued) = parts.partition(|gap| gap.late);
        (Some(lost), queued)
    }
}

impl Gap {
    /// How many numbers it holds.
    #[expect(clippy::len_without_is_empty, reason = "there is none without a number")]
    pub fn len(&self) -> i64 {
        self.last - self.first + 1
    }

    /// What is left of it without these numbers.
    fn without(self, tickets: &BTreeSet<Ticket>) -> Vec<Self> {
        let ticket = |number| Ticket { instance: self.instance, number };
        let (mut parts, mut first) = (Vec::new(), self.first);
        for Ticket { number, .. } in tickets.range(ticket(self.first)..=ticket(self.last)) {
            parts.push(Self { first, last: number - 1, ..self });
            first = number + 1;
        }
        parts.push(Self { first, ..self });
        parts.retain(|part| part.first <= part.last);
        parts
    }
}

/// The submissions in the spool that no worker has taken.
struct Spooled {
    tickets: BTreeSet<Ticket>,
    /// By the hours of their receipts.
    hours: BTreeMap<i64, i64>,
    /// Whether all of the spool was read.
    is_whole: bool,
}

impl Spooled {
    async fn read(snapshot: &Transaction<'_>) -> Result<Self, StoreError> {
        let mut spooled = Self { tickets: BTreeSet::new(), hours: BTreeMap::new(), is_whole: true };
        let (mut behind, mut seen, mut rows) = (0_i64, BTreeSet::new(), 0);
        loop {
            let page = snapshot.query(SPOOL, &[&behind, &SUBMISSIONS_V1, &SPOOL_PAGE]).await?;
            let Some(last) = page.last() else { break };
            behind = last.get(0);
            rows += page.len();
            // What cannot be read will be a dead letter.
            let submissions = page.iter().flat_map(|row| submission::unbundle(row.get(1)).unwrap_or_default());
            let new: Vec<_> = submissions.filter(|one| seen.insert(one.receipt)).collect();
            let ids: Vec<Uuid> = new.iter().map(|one| one.receipt.uuid()).collect();
            let known = snapshot.query(KNOWN, &[&ids]).await?;
            let known: BTreeSet<Uuid> = known.iter().map(|row| row.get(0)).collect();
            for one in new.iter().filter(|one| !known.contains(&one.receipt.uuid())) {
                *spooled.hours.entry(one.receipt.hour()).or_default() += 1;
                spooled.tickets.extend(one.ticket);
            }
            if rows >= MAX_SPOOL_ROWS {
                spooled.is_whole = false;
                break;
            }
        }
        Ok(spooled)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_gap_is_left_what_is_not_in_the_spool() {
        let parts = |spooled: &[(i64, i64)]| {
            let tickets = spooled.iter().map(|(instance, number)| Ticket { instance: *instance, number: *number });
            let gap = Gap { instance: 7, hour: 1, first: 5, last: 9, late: true };
            gap.without(&tickets.collect()).iter().map(|part| (part.first, part.last)).collect::<Vec<_>>()
        };
        assert_eq!(parts(&[]), [(5, 9)]);
        assert_eq!(parts(&[(6, 7), (8, 7)]), [(5, 9)]);
        assert_eq!(parts(&[(7, 5), (7, 9)]), [(6, 8)]);
        assert_eq!(parts(&[(7, 4), (7, 6), (7, 7), (7, 10)]), [(5, 5), (8, 9)]);
        assert_eq!(parts(&[(7, 5), (7, 6), (7, 7), (7, 8), (7, 9)]), []);
    }
}
