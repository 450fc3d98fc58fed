//! Which lane a submission takes. A flow is what one permission posts for one target. While it comes as usual it takes
//! the default lane; when it comes in a burst it takes a lane of bursts, so that it waits behind itself and not before
//! the others. It is back in the default lane when it has been calm for a while, not with every submission that its rate
//! would allow: a burst stays together. Each ingress counts for itself; none has to ask anybody.

use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use crate::id::PermissionKey;
use crate::lane::Lane;
use crate::submission::Target;

/// Submissions of a flow a second that are as usual for any length of time. Forms and people are far below it; some such
/// flows together are still far below what a worker does.
const RATE: u64 = 20;

/// Submissions of a flow at once that are still no burst. They stand before others in the default lane: a worker does
/// them in a fraction of a second.
const BURST: u64 = 100;

/// Flows that are told apart; two that share a cell share its allowance. 32 KiB, whatever callers do.
const CELLS: usize = 4096;

/// Bytes of a submission for which it counts once more in its flow: it takes a worker and the database as long as a
/// usual one. Some of the largest are a burst.
const BYTES: usize = 32 * 1024;

/// What one submission takes of the allowance, in microseconds: after that it has come back.
const COST: u64 = 1_000_000 / RATE;

/// From this much on a flow is a burst.
const ALLOWANCE: u64 = BURST * COST;

/// More is not remembered: as long as the whole allowance takes to come back, a burst that is over is still one.
const MEMORY: u64 = 2 * ALLOWANCE;

/// How all flows come.
#[derive(Debug)]
pub struct BurstDetector {
    began: Instant,
    /// When all that a flow has taken will have come back, in microseconds since `began`.
    cells: Vec<AtomicU64>,
}

impl BurstDetector {
    /// All of them calm.
    #[expect(clippy::new_without_default, reason = "it looks at the clock")]
    pub fn new() -> Self {
        Self { began: Instant::now(), cells: std::iter::repeat_with(AtomicU64::default).take(CELLS).collect() }
    }

    /// Counts a submission of so many bytes, and says which lane it takes. Every ingress finds the same lane for the burst of a flow.
    pub fn lane(&self, permission: &PermissionKey, target: &Target, bytes: usize) -> Lane {
        // Without a key of its own, unlike that of a map: it is the same in every process.
        let hash = BuildHasherDefault::<DefaultHasher>::default().hash_one((permission, target));
        let now = u64::try_from(self.began.elapsed().as_micros()).unwrap_or(u64::MAX);
        // The cell by the upper half, the lane by the lower: who shares a cell need not share the lane.
        let cell = &self.cells[usize::try_from(hash >> 32).unwrap_or(0) % CELLS];
        let counted = cell.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |back| Some(count(back, now, bytes)));
        if is_burst(counted.unwrap_or_else(|back| back), now) { Lane::bulk(hash) } else { Lane::Default }
    }
}

/// When everything will have come back after one more submission of so many bytes.
fn count(back: u64, now: u64, bytes: usize) -> u64 {
    let times = u64::try_from(1 + bytes / BYTES).unwrap_or(u64::MAX);
    back.max(now).saturating_add(COST.saturating_mul(times)).min(now + MEMORY)
}

/// Whether a submission at this time is above the allowance.
fn is_burst(back: u64, now: u64) -> bool {
    back.saturating_sub(now) >= ALLOWANCE
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000;

    /// The lanes of submissions that come at these times: how many of them are no burst.
    fn usual(times: impl Iterator<Item = u64>, back: &mut u64) -> usize {
        let mut usual = 0;
        for now in times {
            usual += usize::from(!is_burst(*back, now));
            *back = count(*back, now, 500);
        }
        usual
    }

    #[test]
    fn a_flow_that_comes_as_usual_is_never_a_burst() {
        let mut back = 0;
        assert_eq!(usual((0..10_000).map(|n| n * COST), &mut back), 10_000);
        assert_eq!(usual(std::iter::repeat_n(3600 * SECOND, 100), &mut back), 100);
    }

    #[test]
    fn a_burst_stays_one_until_it_has_been_calm() {
        let mut back = 0;
        assert_eq!(usual(std::iter::repeat_n(0, 100_000), &mut back), 100);
        // What goes on faster than usual stays there for good.
        assert_eq!(usual((0..100_000).map(|n| n * COST / 2), &mut back), 0);
        let end = 100_000 * COST / 2;
        assert_eq!(usual(std::iter::once(end + 4 * SECOND), &mut back), 0);
        assert_eq!(usual(std::iter::repeat_n(end + 10 * SECOND, 200), &mut back), 100);
    }

    #[test]
    fn a_few_large_submissions_are_a_burst() {
        let mut back = 0;
        let usual = (0..60).filter(|_| {
            let before = back;
            back = count(back, 0, 900_000);
            !is_burst(before, 0)
        });
        assert_eq!(usual.count(), 4);
        assert_eq!(count(0, 0, usize::MAX), MEMORY);
    }

    #[test]
    fn a_burst_takes_no_allowance_of_another_flow_and_the_same_lane_everywhere() {
        let (flows, elsewhere) = (BurstDetector::new(), BurstDetector::new());
        let key = |key: &str| key.parse::<PermissionKey>().unwrap();
        let target = |id: i64| Target::Workflow(id.try_into().unwrap());
        let lanes =
            |flows: &BurstDetector| (0..200).map(|_| flows.lane(&key("a"), &target(1), 500)).collect::<Vec<_>>();
        let (here, there) = (lanes(&flows), lanes(&elsewhere));
        assert_eq!((here[0], here[99]), (Lane::Default, Lane::Default));
        assert!(here[199] != Lane::Default && here[199] == there[199], "{:?}", here[199]);
        assert_eq!(flows.lane(&key("b"), &target(1), 500), Lane::Default);
        assert_eq!(flows.lane(&key("a"), &target(2), 500), Lane::Default);
    }
}
