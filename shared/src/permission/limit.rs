//! How many calls a permission takes: so many at once, and then evenly over the time.

use std::str::FromStr;
use std::time::Duration;

use crate::message::PermissionFault;

/// The most calls of a limit: more is no limit.
const MAX_CALLS: u32 = 100_000;

/// A limit such as `50/s`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// How many calls.
    pub calls: u32,
    /// In which time.
    pub per: Duration,
}

impl FromStr for Limit {
    type Err = PermissionFault;

    fn from_str(text: &str) -> Result<Self, PermissionFault> {
        let wrong = || PermissionFault::LimitForm { most: MAX_CALLS };
        let (calls, per) = text.split_once('/').ok_or_else(wrong)?;
        let seconds = match per.trim() {
            "s" => 1,
            "m" => 60,
            "h" => 3_600,
            _ => return Err(wrong()),
        };
        let calls = calls.trim().parse().map_err(|_| wrong())?;
        let limit = Self { calls, per: Duration::from_secs(seconds) };
        if (1..=MAX_CALLS).contains(&calls) { Ok(limit) } else { Err(wrong()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_a_number_of_calls_in_a_second_a_minute_or_an_hour() {
        for (text, calls, seconds) in [("50/s", 50, 1), ("1 / m", 1, 60), ("100000/h", 100_000, 3_600)] {
            assert_eq!(text.parse(), Ok(Limit { calls, per: Duration::from_secs(seconds) }), "{text}");
        }
        for text in ["", "50", "0/s", "-1/s", "100001/s", "50/d", "50/ms", "1.5/s", "/s", "50/s/s"] {
            assert_eq!(text.parse::<Limit>(), Err(PermissionFault::LimitForm { most: MAX_CALLS }), "{text}");
        }
    }
}
