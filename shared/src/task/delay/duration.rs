//! Durations of delays in English and Russian: `90m`, `1h 30m`, `5 minutes`, `5 минут`, `2 дня`, `PT90M`.

use jiff::{Span, SpanRelativeTo, Timestamp};

use super::MAX_DELAY_DAYS;
use crate::message::Message;

/// Beginnings of Russian words for units, with the unit; longer ones first.
const UNITS: [(&str, &str); 16] = [
    ("миллисекунд", "ms"),
    ("мсек", "ms"),
    ("мс", "ms"),
    ("секунд", "s"),
    ("сек", "s"),
    ("минут", "m"),
    ("мин", "m"),
    ("час", "h"),
    ("день", "d"),
    ("дня", "d"),
    ("дней", "d"),
    ("дн", "d"),
    ("сутки", "d"),
    ("суток", "d"),
    ("недел", "w"),
    ("нед", "w"),
];

/// Units of one letter.
const SHORT: [(&str, &str); 5] = [("с", "s"), ("м", "m"), ("ч", "h"), ("д", "d"), ("н", "w")];

/// A duration from now; a day has 24 hours.
pub(super) fn after(text: &str, now: Timestamp) -> Result<Timestamp, Message> {
    let english = english(text.trim());
    // `18:00:00` is a time of the clock.
    if english.contains(':') {
        return Err(Message::NotADuration);
    }
    let span: Span = english.parse().map_err(|_| Message::NotADuration)?;
    let duration = span.to_duration(SpanRelativeTo::days_are_24_hours()).map_err(|_| Message::NotADuration)?;
    if duration.is_negative() {
        return Err(Message::DurationNegative);
    }
    now.checked_add(duration).map_err(|_| Message::DelayTooLong { days: MAX_DELAY_DAYS })
}

/// The same with English units, without `and`, `in` and their Russian words.
fn english(text: &str) -> String {
    let text = text.to_lowercase();
    match text.as_str() {
        "полчаса" | "half an hour" => return "30m".to_owned(),
        "час" | "an hour" | "a hour" => return "1h".to_owned(),
        "день" | "сутки" | "a day" => return "1d".to_owned(),
        "неделя" | "неделю" | "a week" => return "1w".to_owned(),
        "минута" | "минуту" | "a minute" => return "1m".to_owned(),
        // ISO 8601 has its own letters.
        _ if text.starts_with('p') => return text,
        _ => {}
    }
    let text = text.strip_prefix("через ").or_else(|| text.strip_prefix("in ")).unwrap_or(&text);
    let mut words = Vec::new();
    // A number and its unit may stand together or apart.
    let apart = text.chars().zip(text.chars().skip(1).chain([' ']));
    let spaced: String = apart
        .flat_map(|(c, next)| {
            let is_end = c.is_ascii_digit() != next.is_ascii_digit() && (c.is_alphabetic() || next.is_alphabetic());
            [Some(c), is_end.then_some(' ')]
        })
        .flatten()
        .collect();
    for word in spaced.split([' ', '\u{a0}']).map(|word| word.trim_end_matches([',', '.'])) {
        let unit = UNITS.iter().find(|(begins, _)| word.starts_with(begins));
        let unit = unit.or_else(|| SHORT.iter().find(|(short, _)| *short == word));
        match (word, unit) {
            ("" | "and" | "и", _) => {}
            (_, Some((_, unit))) => words.push((*unit).to_owned()),
            (word, None) => words.push(word.replace(',', ".")),
        }
    }
    words.join(" ")
}
