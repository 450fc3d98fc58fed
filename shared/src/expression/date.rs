//! `$[Now]` and PHP's date letters (<https://www.php.net/manual/en/datetime.format.php>).

use std::fmt::Write;

use jiff::{ToSpan, ZonedDateTime};

use super::{Local, SyntaxError};
use crate::message::{CalculationFault, ExpressionFault};

/// Days that `$[Now,…]` may lie away: a century.
const MAX_DAYS: i64 = 36_525;

/// How `$[Now]` writes a date unless told otherwise: as databases do.
const DEFAULT_FORMAT: &str = "Y-m-d";

/// `$[Now,days,'format']`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Now {
    /// Days from today.
    pub(super) days: i64,
    /// PHP's date letters.
    pub(super) format: String,
}

impl Now {
    /// A date at most a century away.
    pub(super) fn new(days: i64, format: Option<String>) -> Result<Self, SyntaxError> {
        if days.unsigned_abs() > MAX_DAYS.unsigned_abs() {
            return Err(ExpressionFault::NowTooFar { days, most: MAX_DAYS }.into());
        }
        Ok(Self { days, format: format.unwrap_or_else(|| DEFAULT_FORMAT.to_owned()) })
    }

    /// The date as text, by the clock of the step.
    pub(super) fn text(&self, local: &Local) -> String {
        let now = local.clock();
        // A clock within a century of the year 9999 keeps its own date.
        let then = now.checked_add(self.days.days()).unwrap_or(now);
        format(&then, &self.format)
    }
}

/// A time in PHP's date letters; a backslash keeps the next character, and what is no letter stays as it is.
pub(super) fn format(time: &ZonedDateTime, letters: &str) -> String {
    let mut text = String::new();
    let mut letters = letters.chars();
    while let Some(letter) = letters.next() {
        if letter == '\\' {
            text.extend(letters.next());
        } else if write_day(&mut text, time, letter).is_none() && write_time(&mut text, time, letter).is_none() {
            text.push(letter);
        }
    }
    text
}

/// The letters that [`format`] replaces.
const LETTERS: &str = "dDjlNSwzWFmMntLoYyaAgGhHisvueTIZOPpUcr";

/// A part that shows that a format is that of another program: `YYYY-MM-DD` or `%Y-%m-%d`.
pub(super) fn foreign_format(letters: &str) -> Option<CalculationFault> {
    let (mut before, mut is_escaped) = (None, false);
    for letter in letters.chars() {
        let is_sign = before == Some('%') && letter.is_ascii_alphabetic();
        let is_twice = before == Some(letter) && LETTERS.contains(letter);
        match before {
            Some(before) if is_sign || is_twice => {
                return Some(CalculationFault::DateFormat { part: format!("{before}{letter}") });
            }
            _ => {}
        }
        let begins_escape = !is_escaped && letter == '\\';
        before = (!is_escaped && !begins_escape).then_some(letter);
        is_escaped = begins_escape;
    }
    None
}

const DAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// Writes days, weeks, months and years; nothing = another letter. Writing to a String cannot fail.
fn write_day(text: &mut String, time: &ZonedDateTime, letter: char) -> Option<()> {
    let weekday = time.weekday().to_monday_zero_offset();
    let day_name = DAYS[usize::try_from(weekday).ok()? % DAYS.len()];
    let month_name = MONTHS[usize::try_from(time.month() - 1).ok()? % MONTHS.len()];
    let week = time.date().iso_week_date();
    let written = match letter {
        'd' => write!(text, "{:02}", time.day()),
        'D' => write!(text, "{}", &day_name[..3]),
        'j' => write!(text, "{}", time.day()),
        'l' => write!(text, "{day_name}"),
        'N' => write!(text, "{}", weekday + 1),
        'S' => write!(text, "{}", ordinal_suffix(time.day())),
        'w' => write!(text, "{}", time.weekday().to_sunday_zero_offset()),
        'z' => write!(text, "{}", time.day_of_year() - 1),
        'W' => write!(text, "{:02}", week.week()),
        'F' => write!(text, "{month_name}"),
        'm' => write!(text, "{:02}", time.month()),
        'M' => write!(text, "{}", &month_name[..3]),
        'n' => write!(text, "{}", time.month()),
        't' => write!(text, "{}", time.days_in_month()),
        'L' => write!(text, "{}", u8::from(time.in_leap_year())),
        'o' => write!(text, "{}", week.year()),
        'Y' => write!(text, "{:04}", time.year()),
        'y' => write!(text, "{:02}", time.year().rem_euclid(100)),
        _ => return None,
    };
    written.ok()
}

/// Writes hours, zones and whole times; nothing = another letter.
fn write_time(text: &mut String, time: &ZonedDateTime, letter: char) -> Option<()> {
    let hour = time.hour();
    let hour12 = if hour % 12 == 0 { 12 } else { hour % 12 };
    let written = match letter {
        'a' => write!(text, "{}", if hour < 12 { "am" } else { "pm" }),
        'A' => write!(text, "{}", if hour < 12 { "AM" } else { "PM" }),
        'g' => write!(text, "{hour12}"),
        'G' => write!(text, "{hour}"),
        'h' => write!(text, "{hour12:02}"),
        'H' => write!(text, "{hour:02}"),
        'i' => write!(text, "{:02}", time.minute()),
        's' => write!(text, "{:02}", time.second()),
        'v' => write!(text, "{:03}", time.millisecond()),
        'u' => write!(text, "{:06}", time.subsec_nanosecond() / 1_000),
        'e' => write!(text, "{}", time.time_zone().iana_name().map_or_else(|| offset(time, ":"), str::to_owned)),
        'T' => write!(text, "{}", abbreviation(time)),
        'I' => write!(text, "{}", u8::from(time.time_zone().to_offset_info(time.timestamp()).dst().is_dst())),
        'Z' => write!(text, "{}", time.offset().seconds()),
        'O' => write!(text, "{}", offset(time, "")),
        'P' => write!(text, "{}", offset(time, ":")),
        'p' if time.offset().is_zero() => write!(text, "Z"),
        'p' => write!(text, "{}", offset(time, ":")),
        'U' => write!(text, "{}", time.timestamp().as_second()),
        'c' => write!(text, "{}", format(time, "Y-m-d\\TH:i:sP")),
        'r' => write!(text, "{}", format(time, "D, d M Y H:i:s O")),
        _ => return None,
    };
    written.ok()
}

/// `+03:00`, or `+0300` without a separator.
fn offset(time: &ZonedDateTime, separator: &str) -> String {
    let minutes = time.offset().seconds() / 60;
    let sign = if minutes < 0 { '-' } else { '+' };
    format!("{sign}{:02}{separator}{:02}", minutes.abs() / 60, minutes.abs() % 60)
}

/// `MSK`, `CEST` or `UTC`; the offset of a zone without such letters.
fn abbreviation(time: &ZonedDateTime) -> String {
    let info = time.time_zone().to_offset_info(time.timestamp());
    let letters = info.abbreviation();
    if letters.starts_with(|c: char| c.is_ascii_alphabetic()) { letters.to_owned() } else { offset(time, ":") }
}

fn ordinal_suffix(day: i8) -> &'static str {
    match day {
        11..=13 => "th",
        _ if day % 10 == 1 => "st",
        _ if day % 10 == 2 => "nd",
        _ if day % 10 == 3 => "rd",
        _ => "th",
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use jiff::tz::TimeZone;

    use super::*;
    use crate::date::read;

    fn at(letters: &str, time: &str, zone: &str) -> String {
        let zone = TimeZone::get(zone).unwrap();
        format(&read(time, &zone).unwrap().moment(&zone).unwrap(), letters)
    }

    #[test]
    fn php_letters_write_dates() {
        let cases = [
            ("d.m.Y", "01.02.2024"),
            ("j.n.y", "1.2.24"),
            ("H:i:s G", "04:05:06 4"),
            ("g a, h A", "4 am, 04 AM"),
            ("D l N w", "Thu Thursday 4 4"),
            ("M F t L z", "Feb February 29 1 31"),
            ("jS", "1st"),
            ("o-W", "2024-05"),
            ("U", "1706760306"),
            ("c", "2024-02-01T04:05:06+00:00"),
            ("r", "Thu, 01 Feb 2024 04:05:06 +0000"),
            ("T e P p O Z I", "UTC UTC +00:00 Z +0000 0 0"),
            ("v u", "000 000000"),
            (r"\Y\\Y x ä \", r"Y\2024 x ä "),
        ];
        for (letters, expected) in cases {
            assert_eq!(at(letters, "2024-02-01T05:05:06+01:00", "UTC"), expected, "{letters}");
        }
        assert_eq!(at("g A", "2024-02-01 00:00", "UTC"), "12 AM");
        assert_eq!(at("jS jS jS", "2024-02-22", "UTC"), "22nd 22nd 22nd");
        assert_eq!(at("jS", "2024-02-12", "UTC"), "12th");
    }

    #[test]
    fn the_format_of_another_program_is_told_apart() {
        for (letters, part) in [
            ("YYYY-MM-DD", Some("YY")),
            ("dd.MM.yyyy", Some("dd")),
            ("%Y-%m-%d", Some("%Y")),
            ("d.m.Y HH:mm", Some("HH")),
            ("Y-m-d", None),
            ("d.m.Y H:i:s", None),
            ("100%", None),
            (r"\Y\Y\d\dY", None),
            (r"Y\YY", None),
            ("xx -- d", None),
        ] {
            let found = foreign_format(letters);
            let expected = part.map(|part| CalculationFault::DateFormat { part: part.to_owned() });
            assert_eq!(found, expected, "{letters}");
        }
    }

    #[test]
    fn letters_of_zones_are_those_of_the_zone() {
        for (time, zone, expected) in [
            ("2026-07-01 12:00", "Europe/Berlin", "CEST Europe/Berlin +02:00 +02:00 +0200 7200 1"),
            ("2026-01-01 12:00", "Europe/Berlin", "CET Europe/Berlin +01:00 +01:00 +0100 3600 0"),
            ("2026-01-01 12:00", "America/St_Johns", "NST America/St_Johns -03:30 -03:30 -0330 -12600 0"),
            ("2026-01-01 12:00", "Asia/Kathmandu", "+05:45 Asia/Kathmandu +05:45 +05:45 +0545 20700 0"),
        ] {
            assert_eq!(at("T e P p O Z I", time, zone), expected, "{time} {zone}");
        }
    }

    #[test]
    fn now_counts_days_over_months_and_leap_days_by_the_clock_of_the_zone() {
        let now: Timestamp = "2024-02-28T23:59:59Z".parse().unwrap();
        let text = |days, format: Option<&str>, zone: &str| {
            let local = Local::new(TimeZone::get(zone).unwrap(), now, "");
            Now::new(days, format.map(str::to_owned)).unwrap().text(&local)
        };
        assert_eq!(text(0, None, "UTC"), "2024-02-28");
        assert_eq!(text(1, None, "UTC"), "2024-02-29");
        assert_eq!(text(2, Some("d.m.Y H:i"), "UTC"), "01.03.2024 23:59");
        assert_eq!(text(-59, None, "UTC"), "2023-12-31");
        assert_eq!(text(0, Some("d H"), "Europe/Moscow"), "29 02");
        assert!(Now::new(MAX_DAYS + 1, None).is_err());
        assert!(Now::new(i64::MIN, None).is_err());
    }
}
