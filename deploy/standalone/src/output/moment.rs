//! Moments: as people write them on the command line, and as they are shown on a terminal.

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use postern_control::operation::field::{Moment, Text};

/// Seconds of the units in which the time since something is written.
const UNITS: [(char, i64); 5] = [('s', 1), ('m', 60), ('h', 3_600), ('d', 86_400), ('w', 604_800)];

/// A moment as it is written on the command line: a time ago such as `90m` or `2d`, a date or a date with a time of the
/// zone of this machine, or a time with a zone.
pub fn parse(text: &str) -> Result<Timestamp, String> {
    read(text, Timestamp::now()).ok_or_else(|| {
        "write a time ago (90m, 2h, 3d, 1w), a date (2026-11-24), or a time (2026-11-24T13:45:00Z)".to_owned()
    })
}

/// A moment as operations take it.
pub fn named(moment: Option<Timestamp>) -> Option<Text<Moment>> {
    moment.and_then(|moment| Some(Text(Moment(moment.try_into().ok()?))))
}

fn read(text: &str, now: Timestamp) -> Option<Timestamp> {
    if let Some(seconds) = seconds_ago(text) {
        return now.checked_sub(SignedDuration::from_secs(seconds)).ok();
    }
    if let Ok(moment) = text.parse::<Timestamp>() {
        return Some(moment);
    }
    let time = text.parse::<Date>().map(|date| date.at(0, 0, 0, 0)).or_else(|_| text.parse::<DateTime>());
    TimeZone::system().to_timestamp(time.ok()?).ok()
}

fn seconds_ago(text: &str) -> Option<i64> {
    let unit = text.chars().last()?;
    let (_, seconds) = UNITS.iter().find(|(name, _)| *name == unit)?;
    let count: u32 = text[..text.len() - unit.len_utf8()].parse().ok()?;
    i64::from(count).checked_mul(*seconds)
}

/// The time since a moment that the API has written, such as `5m ago`; other texts stay as they are.
pub fn relative(text: &str, now: Timestamp) -> String {
    let Ok(moment) = text.parse::<Timestamp>() else { return text.to_owned() };
    let seconds = now.duration_since(moment).as_secs();
    let (name, size) = match seconds.unsigned_abs() {
        0..120 => ('s', 1),
        120..7_200 => ('m', 60),
        7_200..172_800 => ('h', 3_600),
        _ => ('d', 86_400),
    };
    let count = seconds.unsigned_abs() / size;
    if seconds < 0 { format!("in {count}{name}") } else { format!("{count}{name} ago") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        "2026-11-24T12:00:00Z".parse().unwrap()
    }

    #[test]
    fn a_moment_is_a_time_ago_a_date_or_a_time() {
        for (text, expected) in [
            ("90m", Some("2026-11-24T10:30:00Z")),
            ("2d", Some("2026-11-22T12:00:00Z")),
            ("1w", Some("2026-11-17T12:00:00Z")),
            ("2026-11-24T13:45:00Z", Some("2026-11-24T13:45:00Z")),
            ("2026-11-24T13:45:00+03:00", Some("2026-11-24T10:45:00Z")),
            ("", None),
            ("m", None),
            ("5x", None),
            ("-5m", None),
            ("yesterday", None),
            ("5я", None),
        ] {
            let expected = expected.map(|text| text.parse::<Timestamp>().unwrap());
            assert_eq!(read(text, now()), expected, "{text}");
        }
        assert!(read("2026-11-24", now()).is_some() && read("2026-11-24T10:00", now()).is_some());
    }

    #[test]
    fn a_time_is_shown_in_the_largest_unit_that_still_tells_it() {
        for (text, expected) in [
            ("2026-11-24T11:59:30.500Z", "29s ago"),
            ("2026-11-24T11:50:00Z", "10m ago"),
            ("2026-11-24T07:00:00Z", "5h ago"),
            ("2026-11-04T12:00:00Z", "20d ago"),
            ("2026-11-24T12:05:00Z", "in 5m"),
            ("", ""),
        ] {
            assert_eq!(relative(text, now()), expected, "{text}");
        }
    }
}
