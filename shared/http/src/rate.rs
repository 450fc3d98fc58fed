//! How often somebody may do something: so often at once, and once more after each interval (the generic cell rate
//! algorithm, ITU-T I.371).

use std::collections::HashMap;
use std::hash::Hash;
use std::time::{Duration, Instant};

/// An allowance.
#[derive(Debug, Clone, Copy)]
pub struct Rate {
    /// How often at once.
    pub burst: u32,
    /// The interval after which one is given back.
    pub each: Duration,
}

/// What somebody has taken of an allowance: when all of it will have come back; none = nothing was taken.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Taken(Option<Instant>);

impl Rate {
    /// Takes one.
    ///
    /// # Errors
    /// How long it takes until there is one.
    pub fn take(&self, taken: &mut Taken, now: Instant) -> Result<(), Duration> {
        let back = taken.0.map_or(now, |back| back.max(now));
        let allowed = now + self.each * self.burst.saturating_sub(1);
        if let Some(wait) = back.checked_duration_since(allowed).filter(|wait| !wait.is_zero()) {
            return Err(wait);
        }
        taken.0 = Some(back + self.each);
        Ok(())
    }

    /// Takes one in any case, and returns how long whoever took it has to wait so that all keep to the allowance: `most`
    /// at the longest.
    pub fn pace(&self, taken: &mut Taken, now: Instant, most: Duration) -> Duration {
        let wait = self.wait(*taken, now, most);
        if wait < most {
            taken.0 = Some(taken.0.map_or(now, |back| back.max(now)) + self.each);
        }
        wait
    }

    /// How long whoever takes the next one would have to wait: `most` at the longest.
    pub fn wait(&self, taken: Taken, now: Instant, most: Duration) -> Duration {
        let back = taken.0.map_or(now, |back| back.max(now));
        back.saturating_duration_since(now + self.each * self.burst.saturating_sub(1)).min(most)
    }

    /// Gives one back that was taken.
    pub fn give_back(&self, taken: &mut Taken) {
        taken.0 = taken.0.and_then(|back| back.checked_sub(self.each));
    }
}

/// Makes room for a key in a map of at most `most` keys: the value that weighs least is forgotten.
pub fn make_room<K: Clone + Eq + Hash, V, W: Ord>(
    map: &mut HashMap<K, V>,
    key: &K,
    most: usize,
    weight: impl Fn(&V) -> W,
) {
    if map.len() >= most && !map.contains_key(key) {
        let least = map.iter().min_by_key(|(_, value)| weight(value)).map(|(key, _)| key.clone());
        least.map(|least| map.remove(&least));
    }
}

/// Seconds for `Retry-After`: never less than the wait.
pub fn seconds(wait: Duration) -> u32 {
    u32::try_from(wait.as_millis().div_ceil(1000)).unwrap_or(u32::MAX).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_taken_at_once_and_then_one_after_each_interval() {
        let rate = Rate { burst: 3, each: Duration::from_secs(10) };
        let (mut taken, now) = (Taken::default(), Instant::now());
        let at = |seconds| now + Duration::from_secs(seconds);
        for (seconds, expected) in [(0, Ok(())), (0, Ok(())), (0, Ok(())), (0, Err(10)), (9, Err(1)), (10, Ok(()))] {
            assert_eq!(rate.take(&mut taken, at(seconds)).map_err(|wait| wait.as_secs()), expected, "{seconds}");
        }
        rate.give_back(&mut taken);
        assert_eq!(rate.take(&mut taken, at(10)), Ok(()));
        assert!(rate.take(&mut taken, at(10)).is_err());
        assert!((0..3).all(|_| rate.take(&mut taken, at(1_000)).is_ok()) && rate.take(&mut taken, at(1_000)).is_err());
    }

    #[test]
    fn beyond_a_burst_each_waits_an_interval_longer_up_to_a_limit() {
        let rate = Rate { burst: 2, each: Duration::from_secs(10) };
        let (mut taken, now) = (Taken::default(), Instant::now());
        let at = |seconds| now + Duration::from_secs(seconds);
        for (seconds, expected) in [(0, 0), (0, 0), (0, 10), (0, 20), (0, 25), (0, 25), (20, 10), (1_000, 0)] {
            let wait = rate.pace(&mut taken, at(seconds), Duration::from_secs(25));
            assert_eq!(wait.as_secs(), expected, "{seconds}");
        }
    }

    #[test]
    fn a_full_map_forgets_what_weighs_least() {
        let mut map = HashMap::from([("a", 3), ("b", 1), ("c", 2)]);
        make_room(&mut map, &"a", 3, |value| *value);
        assert_eq!(map.len(), 3);
        make_room(&mut map, &"d", 3, |value| *value);
        assert_eq!(map, HashMap::from([("a", 3), ("c", 2)]));
    }

    #[test]
    fn a_wait_is_told_in_whole_seconds_that_are_enough() {
        for (millis, expected) in [(0, 1), (1, 1), (1_000, 1), (1_001, 2), (9_999, 10)] {
            assert_eq!(seconds(Duration::from_millis(millis)), expected);
        }
    }
}
