//! Moments of delays: a clock time, a weekday or a day in words, in English and Russian, or a date as [`crate::date`] reads
//! it.

use jiff::civil::{Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use crate::date::{by_the_clock, clock, read};
use crate::message::Message;

/// Weekdays by the beginnings of their names, and by their short names.
const WEEKDAYS: [(Weekday, &str, &str, &str, &str); 7] = [
    (Weekday::Monday, "monday", "mon", "понедельник", "пн"),
    (Weekday::Tuesday, "tuesday", "tue", "вторник", "вт"),
    (Weekday::Wednesday, "wednesday", "wed", "сред", "ср"),
    (Weekday::Thursday, "thursday", "thu", "четверг", "чт"),
    (Weekday::Friday, "friday", "fri", "пятниц", "пт"),
    (Weekday::Saturday, "saturday", "sat", "суббот", "сб"),
    (Weekday::Sunday, "sunday", "sun", "воскресень", "вс"),
];

/// The day on which a clock time is meant.
#[derive(Clone, Copy)]
enum Day {
    /// The next one on which it has not passed.
    Any,
    Weekday(Weekday),
    /// So many days from today.
    In(i64),
}

/// The next time that a clock shows `18:00`, that it is `monday` (0:00), `monday 9:00` or `tomorrow 9:00`; or the moment that
/// a date names.
pub(super) fn at(text: &str, zone: &TimeZone, now: Timestamp) -> Result<Timestamp, Message> {
    let lower = text.trim().to_lowercase();
    let words: Vec<&str> = lower.split_whitespace().filter(|word| !["в", "во", "at", "on"].contains(word)).collect();
    let next = match words.as_slice() {
        [one] => clock(one).map(|clock| (Day::Any, clock)).or_else(|| Some((day(one)?, Time::midnight()))),
        [one, other] => day(one).and_then(|day| Some((day, clock(other)?))),
        _ => None,
    };
    if let Some((day, clock)) = next {
        let today = now.to_zoned_datetime(zone.clone()).date();
        // A week and a day: the same weekday may have passed today. A clock time may be left out on one day.
        let days = match day {
            Day::In(days) => days..days + 1,
            Day::Any | Day::Weekday(_) => 0..9,
        };
        let is_meant = |one: Weekday| !matches!(day, Day::Weekday(meant) if meant != one);
        let dates = days.filter_map(|n| today.checked_add(n.days()).ok()).filter(|date| is_meant(date.weekday()));
        let mut moments = dates.filter_map(|date| Some(by_the_clock(date.to_datetime(clock), zone)?.timestamp()));
        return moments.find(|moment| *moment > now || matches!(day, Day::In(_))).ok_or(Message::TimePassed);
    }
    let reading = read(text, zone).and_then(|reading| reading.moment(zone));
    reading.map(|moment| moment.timestamp()).ok_or(Message::NotATime)
}

fn day(word: &str) -> Option<Day> {
    match word {
        "today" | "сегодня" => return Some(Day::In(0)),
        "tomorrow" | "завтра" => return Some(Day::In(1)),
        "послезавтра" => return Some(Day::In(2)),
        _ => {}
    }
    let named = WEEKDAYS.iter().find(|(_, english, short, russian, letters)| {
        [*english, *short, *letters].contains(&word) || is_form(word, russian)
    });
    named.map(|(weekday, ..)| Day::Weekday(*weekday))
}

/// `среда`, `среду`: one letter more at most.
fn is_form(word: &str, begins: &str) -> bool {
    word.strip_prefix(begins).is_some_and(|ending| ending.chars().count() <= 1)
}
