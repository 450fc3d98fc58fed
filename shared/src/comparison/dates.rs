//! Two texts that are dates, by the one reader of dates ([`crate::date`]). A bare number is compared as the number or the
//! text that it is: `20260501` may be an order as well as a day.

use std::cmp::Ordering;

use jiff::tz::TimeZone;

use crate::blank;
use crate::date::{Reading, read};
use crate::number::as_number;

/// How two texts relate as dates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dates {
    /// Both are dates.
    Both(Ordering),
    /// One of them is a date, and the other one is none.
    One,
    /// They are no dates.
    Neither,
}

/// Two moments compare by the clock; a day compares with the day of a moment in the zone.
pub(super) fn compare(one: &str, other: &str, zone: &TimeZone) -> Dates {
    // Few texts look like a date: the reader need not see the others.
    if !looks_like_a_date(one) && !looks_like_a_date(other) {
        return Dates::Neither;
    }
    match (date(one, zone), date(other, zone)) {
        (Some(Reading::Moment(one)), Some(Reading::Moment(other))) => {
            Dates::Both(one.timestamp().cmp(&other.timestamp()))
        }
        (Some(one), Some(other)) => Dates::Both(one.day().cmp(&other.day())),
        (Some(_), None) | (None, Some(_)) => Dates::One,
        (None, None) => Dates::Neither,
    }
}

fn date(text: &str, zone: &TimeZone) -> Option<Reading> {
    if looks_like_a_date(text) && as_number(text).is_none() { read(text, zone) } else { None }
}

/// Whether a text begins with a number and a separator as a date does, or with a weekday (RFC 2822, JavaScript).
fn looks_like_a_date(text: &str) -> bool {
    let text = blank::trim(text).as_bytes();
    let is_digit = |at: usize| text.get(at).is_some_and(u8::is_ascii_digit);
    let is_letter = |at: usize| text.get(at).is_some_and(u8::is_ascii_alphabetic);
    // `1 May 2026`: behind the first digits of a phone number no letter stands.
    let separates = |at: usize| {
        matches!(text.get(at), Some(b'-' | b'.' | b'/')) || text.get(at) == Some(&b' ') && is_letter(at + 1)
    };
    match text {
        [first, ..] if first.is_ascii_digit() => {
            text.len() >= SHORTEST_BYTES && (separates(1) || (is_digit(1) && (separates(2) || separates(4))))
                || text.get(8) == Some(&b'T')
        }
        [_, _, _, b',', ..] => text.len() > SHORTEST_BYTES,
        [_, _, _, b' ', _, _, _, b' ', ..] => is_digit(8),
        _ => false,
    }
}

/// `1.5.2026`
const SHORTEST_BYTES: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_compare_by_day_and_moment_in_the_zone() {
        use Ordering::{Equal, Greater, Less};
        let moscow = TimeZone::get("Europe/Moscow").unwrap();
        for (one, other, expected) in [
            ("01.02.2027", "15.12.2026", Dates::Both(Greater)),
            ("01.05.2026", "2026-05-01", Dates::Both(Equal)),
            (" 1.5.2026 ", "2026/05/01", Dates::Both(Equal)),
            ("13/05/2026", "2026-05-12", Dates::Both(Greater)),
            // A stored datetime and the clock of Moscow.
            ("2026-11-29T18:30:00.000Z", "2026-11-29T19:49:00+03:00", Dates::Both(Greater)),
            ("2026-11-29T18:30:00.000Z", "29.11.2026 21:30", Dates::Both(Equal)),
            ("20261129T213000Z", "2026-11-29T21:30:00Z", Dates::Both(Equal)),
            ("Fri, 01 May 2026 10:30:00 +0300", "2026-05-01T07:30:00Z", Dates::Both(Equal)),
            ("01 May 2026 10:30:00 +0300", "2026-05-01T07:30:01Z", Dates::Both(Less)),
            // In Moscow it is the next day.
            ("2026-11-29T22:00:00Z", "2026-11-30", Dates::Both(Equal)),
            ("2026-11-29T22:00:00Z", "29.11.2026", Dates::Both(Greater)),
            ("2026-05-01", "31.12.26", Dates::One),
            ("2026-05-01", "soon", Dates::One),
            ("2026-05-01", "", Dates::One),
            ("2026-05-01", "20260501", Dates::One),
            ("20260501", "20260502", Dates::Neither),
            ("1777631400", "1777631400.25", Dates::Neither),
            ("2026-13-01", "2026-14-01", Dates::Neither),
            ("10.0.0.1", "10.0.0.2", Dates::Neither),
            ("1.10", "1.9", Dates::Neither),
            ("+7 999 123-45-67", "8 999 123-45-67", Dates::Neither),
            ("five", "six", Dates::Neither),
            ("", "", Dates::Neither),
        ] {
            assert_eq!(compare(one, other, &moscow), expected, "{one} {other}");
            let turned = match expected {
                Dates::Both(order) => Dates::Both(order.reverse()),
                other => other,
            };
            assert_eq!(compare(other, one, &moscow), turned, "{other} {one}");
        }
    }

    #[test]
    fn what_the_reader_reads_looks_like_a_date() {
        for text in [
            "2026-5-1",
            "2026.05.13",
            "13.5.2026",
            "05/13/2026",
            "2026-05-01T10:30:00[Europe/Berlin]",
            "2026-05-01 10:30:00+05",
            "1 May 2026 10:30:00 GMT",
            "Fri May 01 2026 10:30:00 GMT+0300 (Moscow Standard Time)",
        ] {
            assert!(looks_like_a_date(text) && read(text, &TimeZone::UTC).is_some(), "{text}");
        }
    }
}
