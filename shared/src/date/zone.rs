//! Names of time zones: those of the IANA database, `UTC`, and offsets such as `+03:00`.

use jiff::tz::{Offset, TimeZone};

use crate::message::{Message, StepFault};
use crate::suggestion::{Meant, did_you_mean};

/// The longest name of a zone.
const MAX_BYTES: usize = 64;

/// The zone of a name.
pub fn named(name: &str) -> Option<TimeZone> {
    let name = name.trim();
    match name {
        "Z" | "z" | "UTC" | "utc" | "GMT" => Some(TimeZone::UTC),
        _ if name.starts_with(['+', '-']) => offset(name).map(TimeZone::fixed),
        _ if name.is_empty() || name.len() > MAX_BYTES => None,
        _ => TimeZone::get(name).ok(),
    }
}

/// Letters of clocks that name no zone, and a zone with such a clock.
const LETTERS: [(&str, &str); 12] = [
    ("MSK", "Europe/Moscow"),
    ("МСК", "Europe/Moscow"),
    ("SAMT", "Europe/Samara"),
    ("YEKT", "Asia/Yekaterinburg"),
    ("CEST", "Europe/Berlin"),
    ("BST", "Europe/London"),
    ("EDT", "America/New_York"),
    ("CST", "America/Chicago"),
    ("CDT", "America/Chicago"),
    ("PST", "America/Los_Angeles"),
    ("PDT", "America/Los_Angeles"),
    ("IST", "Asia/Kolkata"),
];

/// What is said of a name that is no zone.
pub fn unknown(name: &str) -> Message {
    let names: Vec<String> = jiff::tz::db().available().map(|name| name.to_string()).collect();
    // People write the city alone.
    let is_city = |zone: &&String| zone.rsplit('/').next().is_some_and(|city| city.eq_ignore_ascii_case(name.trim()));
    let by_letters = LETTERS.iter().find(|(letters, _)| letters.eq_ignore_ascii_case(name.trim()));
    if let Some((_, zone)) = by_letters {
        return Message::from(StepFault::ZoneUnknown).meant(Meant::of([format!("`{zone}`")]));
    }
    let meant = match names.iter().find(|zone| zone.contains('/') && is_city(zone)) {
        Some(zone) => Meant::of([format!("`{zone}`")]),
        None => did_you_mean(name, names.iter().map(String::as_str)),
    };
    Message::from(StepFault::ZoneUnknown).meant(meant)
}

/// `+03:00`, `+0300` or `+03`.
fn offset(text: &str) -> Option<Offset> {
    let (sign, digits) = (if text.starts_with('-') { -1 } else { 1 }, text.get(1..)?.replace(':', ""));
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let (hours, minutes): (i32, i32) = match digits.len() {
        2 => (digits.parse().ok()?, 0),
        4 => (digits[..2].parse().ok()?, digits[2..].parse().ok()?),
        _ => return None,
    };
    if hours > 14 || minutes > 59 {
        return None;
    }
    Offset::from_seconds(sign * (hours * 3600 + minutes * 60)).ok()
}
