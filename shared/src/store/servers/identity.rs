//! Which PostgreSQL a connection leads to, and how far its history goes. After a failover the old primary may come back
//! beside the new one: whatever is behind what this process has seen is not worked with.

use tokio_postgres::{SimpleQueryMessage, SimpleQueryRow};

/// What is asked of each new connection, in one round trip. Everybody may call these functions.
pub(super) const ASK: &str = "-- identity::ask
SELECT system_identifier, pg_is_in_recovery() OR current_setting('transaction_read_only') = 'on',
    CASE WHEN NOT pg_is_in_recovery() THEN pg_walfile_name(pg_current_wal_flush_lsn()) END,
    CASE WHEN NOT pg_is_in_recovery() THEN pg_current_wal_flush_lsn() - '0/0' END, pg_postmaster_start_time()
FROM pg_control_system()";

/// What a server answers.
#[derive(Debug, Default)]
pub(super) struct Answer {
    pub only_reads: bool,
    /// None of a server that follows another one.
    pub position: Option<Position>,
    /// When the server was started, in its own words.
    pub started: String,
}

/// How far the history of a primary goes. Ordered: of two primaries of one system, the greater is the newer one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Position {
    system: u64,
    /// One more with each promotion.
    timeline: u32,
    /// Bytes of the log that are on its disk.
    flushed: u64,
}

/// Why a server is not worked with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Stale {
    #[error("it is another database system than before ({was} was worked with, this is {is}); a restart accepts it")]
    OtherSystem { was: u64, is: u64 },
    #[error("it is an old primary: its timeline is {is}, and timeline {was} was worked with; fence it off")]
    OlderTimeline { was: u32, is: u32 },
    #[error("it is an older copy: it lacks the last {bytes} bytes of the log; a restart accepts it")]
    Behind { bytes: u64 },
}

impl Answer {
    /// What the rows say: nothing if they are not what was asked for.
    pub fn of(rows: &[SimpleQueryMessage]) -> Self {
        let row = rows.iter().find_map(|message| match message {
            SimpleQueryMessage::Row(row) => Some(row),
            _ => None,
        });
        row.and_then(Self::of_row).unwrap_or_default()
    }

    fn of_row(row: &SimpleQueryRow) -> Option<Self> {
        let system = row.get(0)?.parse::<i64>().ok()?.cast_unsigned();
        let position = row.get(2).zip(row.get(3)).and_then(|(file, flushed)| {
            let timeline = u32::from_str_radix(file.get(..8)?, 16).ok()?;
            Some(Position { system, timeline, flushed: flushed.parse().ok()? })
        });
        Some(Self { only_reads: row.get(1)? == "t", position, started: row.get(4)?.to_owned() })
    }
}

impl Position {
    /// Whether this server was promoted after that position of the same system.
    pub const fn succeeds(&self, seen: &Self) -> bool {
        self.system == seen.system && self.timeline > seen.timeline
    }

    /// Whether it may come after what was seen before it was asked for.
    pub fn check(&self, seen: &Self) -> Result<(), Stale> {
        if self.system != seen.system {
            return Err(Stale::OtherSystem { was: seen.system, is: self.system });
        }
        if self.timeline < seen.timeline {
            return Err(Stale::OlderTimeline { was: seen.timeline, is: self.timeline });
        }
        // A standby that is promoted may lack the end of the timeline before.
        match seen.flushed.checked_sub(self.flushed) {
            Some(bytes) if bytes > 0 && self.timeline == seen.timeline => Err(Stale::Behind { bytes }),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_behind_is_told_from_what_goes_on() {
        let at = |system, timeline, flushed| Position { system, timeline, flushed };
        let seen = at(1, 2, 500);
        for (now, expected) in [
            (at(1, 2, 500), Ok(())),
            (at(1, 2, 501), Ok(())),
            (at(1, 3, 400), Ok(())),
            (at(1, 2, 499), Err(Stale::Behind { bytes: 1 })),
            (at(1, 1, 900), Err(Stale::OlderTimeline { was: 2, is: 1 })),
            (at(7, 9, 900), Err(Stale::OtherSystem { was: 1, is: 7 })),
        ] {
            assert_eq!(now.check(&seen), expected, "{now:?}");
        }
        assert!(at(1, 3, 400) > seen && at(1, 3, 400).succeeds(&seen));
        assert!(!at(1, 2, 900).succeeds(&seen) && !at(7, 3, 900).succeeds(&seen));
    }
}
