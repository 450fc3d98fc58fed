//! The one reader of dates: fields, filters, conditions, searches and delays read a text by these rules.
//!
//! | text | is |
//! |---|---|
//! | `2026-05-01`, `2026/05/01`, `20260501` | a day |
//! | `01.05.2026`, `1.5.2026` | a day: with dots the day stands first |
//! | `13/05/2026`, `05/13/2026` | a day, as only one of the numbers can be a month; `5/1/2026` is refused |
//! | any of these, a blank, a comma or `T`, and `9:00`, `18:00:30` or `18:00:30.5` | a moment by the clock of the zone |
//! | the same with `Z`, `+03:00`, `+0300`, `UTC` or `Europe/Moscow` behind it | a moment |
//! | `Fri, 01 May 2026 10:00:00 +0300`, `Fri May 01 2026 10:00:00 GMT+0300 (…)` | a moment (RFC 2822, JavaScript) |
//! | 9 or 10 digits, also with a fraction; 12 or 13 digits | Unix seconds; Unix milliseconds |
//!
//! A clock time may end with `AM` or `PM`, and a day with `г.`.
//!
//! A clock time that the zone leaves out is the one behind the gap. Of one that comes twice, the first is meant.

mod zone;

use jiff::civil::{Date, DateTime, Time};
use jiff::fmt::rfc2822;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ZonedDateTime};

use crate::blank;

pub use zone::{named as named_zone, unknown as unknown_zone};

/// The longest text that is a date: that of JavaScript, with the name of a zone in any language.
const MAX_BYTES: usize = 160;

/// What a text says.
#[derive(Debug, Clone, PartialEq)]
pub enum Reading {
    /// A day without a time.
    Day(Date),
    /// A moment, by the clock of the zone with which it was read.
    Moment(ZonedDateTime),
}

impl Reading {
    /// The day by the clock of the zone.
    pub fn day(&self) -> Date {
        match self {
            Self::Day(day) => *day,
            Self::Moment(moment) => moment.date(),
        }
    }

    /// The moment; that of a day is its beginning in the zone.
    pub fn moment(self, zone: &TimeZone) -> Option<ZonedDateTime> {
        match self {
            Self::Day(day) => by_the_clock(day.to_datetime(Time::midnight()), zone),
            Self::Moment(moment) => Some(moment),
        }
    }
}

/// Reads a text, where clock times are those of a zone; nothing = it is no date.
pub fn read(text: &str, zone: &TimeZone) -> Option<Reading> {
    let text = without_year(blank::trim(text));
    if text.is_empty() || text.len() > MAX_BYTES || !text.contains(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let here = |moment: Timestamp| Some(Reading::Moment(moment.to_zoned_datetime(zone.clone())));
    if let Some(moment) = unix(text) {
        return here(moment);
    }
    if let Some((day, clock)) = civil(text) {
        return match clock {
            None => Some(Reading::Day(day)),
            Some(clock) => by_the_clock(day.to_datetime(clock), zone).map(Reading::Moment),
        };
    }
    if let Some(moment) = javascript(text) {
        return here(moment);
    }
    if let Ok(moment) = text.parse::<Timestamp>() {
        return here(moment);
    }
    if let Ok(moment) = text.parse::<ZonedDateTime>().or_else(|_| rfc2822::parse(text)) {
        return here(moment.timestamp());
    }
    let (rest, other) = split_zone(text)?;
    let (day, clock) = civil(rest)?;
    here(by_the_clock(day.to_datetime(clock?), &other)?.timestamp())
}

/// The moment at which the clock of a zone shows a time.
pub fn by_the_clock(time: DateTime, zone: &TimeZone) -> Option<ZonedDateTime> {
    zone.to_ambiguous_zoned_datetime(time).compatible().ok()
}

/// `31.12.2026 г.`
fn without_year(text: &str) -> &str {
    let ends = ["года", "г.", "г"];
    ends.iter().find_map(|end| text.strip_suffix(end)).map_or(text, |day| day.trim_end())
}

/// `Thu Dec 31 2026 10:30:00 GMT+0300 (Moscow Standard Time)`, as JavaScript writes a date.
fn javascript(text: &str) -> Option<Timestamp> {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let mut words = text.split(" (").next()?.split(' ');
    let (_weekday, month) = (words.next().filter(|word| word.len() == 3)?, words.next()?);
    let month = (1..).zip(MONTHS).find(|(_, name)| *name == month)?.0;
    let (day, year) = (number(words.next()?, 1..=2)?, number(words.next()?, 4..=4)?);
    let (clock, zone) = (clock(words.next()?)?, named_zone(words.next()?.strip_prefix("GMT")?)?);
    let day = Date::new(year, month, i8::try_from(day).ok()?).ok()?;
    Some(by_the_clock(day.to_datetime(clock), &zone)?.timestamp()).filter(|_| words.next().is_none())
}

/// `9:00`, `18:00`, `18:00:30`, `18:00:30.5` or `6:00 PM`.
pub fn clock(text: &str) -> Option<Time> {
    let (text, half) = match text.len().checked_sub(2).and_then(|at| text.split_at_checked(at)) {
        Some((clock, half)) if half.eq_ignore_ascii_case("am") => (clock.trim_end(), Some(0)),
        Some((clock, half)) if half.eq_ignore_ascii_case("pm") => (clock.trim_end(), Some(12)),
        _ => (text, None),
    };
    let (text, fraction) = text.split_once(['.', ',']).map_or((text, ""), |(text, fraction)| (text, fraction));
    let mut parts = text.split(':').map(|part| number(part, 1..=2));
    let (hour, minute, second) = (parts.next()??, parts.next()??, parts.next());
    if parts.next().is_some() || (!fraction.is_empty() && second.is_none()) {
        return None;
    }
    let digits: String = fraction.chars().chain("000000000".chars()).take(9).collect();
    let nanos = digits.parse().ok().filter(|_| fraction.bytes().all(|byte| byte.is_ascii_digit()))?;
    let hour = match half {
        Some(half) if (1..=12).contains(&hour) => hour % 12 + half,
        Some(_) => return None,
        None => hour,
    };
    let small = |number: i16| i8::try_from(number).ok();
    Time::new(small(hour)?, small(minute)?, small(second.unwrap_or(Some(0))?)?, nanos).ok()
}

/// Unix seconds from 1973 to 2286, or milliseconds of the same time: shorter numbers mean something else.
fn unix(text: &str) -> Option<Timestamp> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let are_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !are_digits(whole) || !are_digits(fraction) || (fraction.is_empty() && text.contains('.')) {
        return None;
    }
    let number: i64 = whole.parse().ok()?;
    match whole.len() {
        9 | 10 => {
            let nanos: String = fraction.chars().chain("000000000".chars()).take(9).collect();
            Timestamp::new(number, nanos.parse().ok()?).ok()
        }
        12 | 13 if fraction.is_empty() => Timestamp::from_millisecond(number).ok(),
        _ => None,
    }
}

/// A day, and the time behind it.
fn civil(text: &str) -> Option<(Date, Option<Time>)> {
    match text.split_once([' ', ',', 'T', '\u{a0}']) {
        None => Some((day(text)?, None)),
        Some((date, rest)) => {
            let rest = rest.trim_start_matches([' ', '\u{a0}']);
            Some((day(date)?, Some(clock(rest)?)))
        }
    }
}

fn day(text: &str) -> Option<Date> {
    if text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        let (year, month, day) = (text[..4].parse().ok()?, text[4..6].parse().ok()?, text[6..].parse().ok()?);
        return Date::new(year, month, day).ok().filter(|_| (1900..2200).contains(&year));
    }
    let separator = text.chars().find(|c| !c.is_ascii_digit()).filter(|c| matches!(c, '-' | '.' | '/'))?;
    let parts: Vec<&str> = text.split(separator).collect();
    let [first, second, third] = parts.as_slice() else { return None };
    let (year, month, day) = if first.len() == 4 {
        (number(first, 4..=4)?, number(second, 1..=2)?, number(third, 1..=2)?)
    } else {
        let (first, second) = (number(first, 1..=2)?, number(second, 1..=2)?);
        let (month, day) = match separator {
            '.' => (second, first),
            _ if first > 12 || first == second => (second, first),
            _ if second > 12 => (first, second),
            _ => return None,
        };
        (number(third, 4..=4)?, month, day)
    };
    Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}

fn number(text: &str, digits: std::ops::RangeInclusive<usize>) -> Option<i16> {
    let are_digits = digits.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    if are_digits { text.parse().ok() } else { None }
}

/// A time and the zone behind it: after a blank, or an offset at once.
fn split_zone(text: &str) -> Option<(&str, TimeZone)> {
    if let Some((rest, name)) = text.rsplit_once(' ')
        && let Some(zone) = zone::named(name)
    {
        return Some((rest.trim_end(), zone));
    }
    let clock = text.find(':')?;
    let at = clock + text[clock..].find(['+', '-', 'Z', 'z'])?;
    Some((text[..at].trim_end(), zone::named(&text[at..])?))
}

#[cfg(test)]
mod tests;
