//! `delay`: leaves by `next` when its time has come. Only its own branch waits.

use jiff::civil::{DateTime, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{Span, SpanRelativeTo, Timestamp, ToSpan};

use crate::document::Reader;
use crate::expression::Template;
use crate::message::{Message, StepFault};
use crate::spec::{Kind, Setting, Spec};

/// The longest delay, in days: what waits longer than a quarter is a matter for a calendar.
pub const MAX_DELAY_DAYS: i32 = 90;

/// What stands in `delay`.
const DELAY: [Setting; 3] =
    [Setting::new("for", Kind::Delay), Setting::new("until", Kind::Time), Setting::new("zone", Kind::Zone).or("UTC")];

/// The task as it is described.
pub const SPEC: Spec = Spec {
    name: "delay",
    outputs: &["next"],
    settings: &[Setting::new("delay", Kind::Map("delay", &DELAY)).required()],
    example: r"wait:
  delay: {until: 'monday 9:00', zone: Europe/Moscow}
  next: remind
remind:
  set_env: {reminded: true}",
};

/// Settings of a `delay` step.
#[derive(Debug)]
pub struct Delay {
    /// For how long, or until when.
    pub until: Until,
    /// The time zone of clock times and weekdays.
    pub zone: TimeZone,
}

/// What a delay waits for. See [`after`] and [`at`] for what the texts may be.
#[derive(Debug)]
pub enum Until {
    /// A duration.
    After(Template),
    /// A moment.
    At(Template),
}

impl Delay {
    /// Reads `delay: {for: …}` or `delay: {until: …, zone: …}`. What stands fixed in the document is checked here.
    pub fn parse(reader: &mut Reader) -> Option<Self> {
        let mut inner = reader.inner(SPEC.name, &DELAY)?;
        let (duration, moment) = (inner.template("for"), inner.template("until"));
        let zone = inner.text("zone").and_then(|name| {
            let zone = TimeZone::get(&name).ok();
            if zone.is_none() {
                let names: Vec<String> = jiff::tz::db().available().map(|name| name.to_string()).collect();
                let meant = inner.did_you_mean(&name, names.iter().map(String::as_str));
                inner.report("zone", Message::from(StepFault::ZoneUnknown).meant(meant));
            }
            zone
        });
        let until = match (duration, moment) {
            (Some(duration), None) => Some(Until::After(duration)),
            (None, Some(moment)) => Some(Until::At(moment)),
            (None, None) if inner.is_misspelt("for") || inner.is_misspelt("until") => None,
            _ => {
                inner.report("", StepFault::DelayWhich);
                None
            }
        };
        if let (Some(until), Some(zone)) = (&until, &zone) {
            let (key, template) = until.template();
            if let Some(text) = template.fixed_text()
                && let Err(message) = until.moment(&text, zone, Timestamp::now())
            {
                inner.report(key, message);
            }
        }
        let reads = inner.reads().clone();
        inner.finish();
        reader.also_reads(&reads);
        Some(Self { until: until?, zone: zone? })
    }

    /// When the delay is over, by the text that its template gave. One that lies in the past is over at once.
    pub fn due_at(&self, text: &str, now: Timestamp) -> Result<Timestamp, Message> {
        self.until.moment(text, &self.zone, now)
    }
}

impl Until {
    /// The key and the text of what it waits for.
    pub fn template(&self) -> (&'static str, &Template) {
        match self {
            Self::After(template) => ("for", template),
            Self::At(template) => ("until", template),
        }
    }

    fn moment(&self, text: &str, zone: &TimeZone, now: Timestamp) -> Result<Timestamp, Message> {
        let moment = match self {
            Self::After(_) => after(text, now),
            Self::At(_) => at(text, zone, now),
        }?;
        let last = now.checked_add((i64::from(MAX_DELAY_DAYS) * 24).hours()).unwrap_or(Timestamp::MAX);
        if moment > last {
            return Err(Message::DelayTooLong { days: MAX_DELAY_DAYS });
        }
        Ok(moment)
    }
}

/// A duration from now: `90m`, `1h 30m`, `2 days`, `1w`, `PT90M`; a day has 24 hours.
fn after(text: &str, now: Timestamp) -> Result<Timestamp, Message> {
    let span: Span = text.trim().parse().map_err(|_| Message::NotADuration)?;
    let duration = span.to_duration(SpanRelativeTo::days_are_24_hours()).map_err(|_| Message::NotADuration)?;
    if duration.is_negative() {
        return Err(Message::DurationNegative);
    }
    now.checked_add(duration).map_err(|_| Message::DelayTooLong { days: MAX_DELAY_DAYS })
}

/// The next time that a clock shows `18:00`, that it is `monday` (0:00) or `monday 9:00`; or the moment itself:
/// RFC 3339, `2026-12-24 18:00` by the clock of the zone, or Unix seconds.
fn at(text: &str, zone: &TimeZone, now: Timestamp) -> Result<Timestamp, Message> {
    let text = text.trim();
    if let Ok(moment) = text.parse::<Timestamp>() {
        return Ok(moment);
    }
    // Unix seconds since 1973; a shorter number is more likely an hour that lacks its minutes.
    let seconds = if text.len() < 9 { None } else { text.parse().ok() };
    if let Some(moment) = seconds.and_then(|seconds| Timestamp::from_second(seconds).ok()) {
        return Ok(moment);
    }
    let by_the_clock = |time: DateTime| zone.to_ambiguous_timestamp(time).compatible().ok();
    let (day, clock) = match text.split_once(' ') {
        Some((day, clock)) => (weekday(day), time(clock)),
        None => (weekday(text), time(text)),
    };
    let is_lone_day = day.is_some() && !text.contains(' ');
    let next = match (day, clock) {
        (Some(day), clock) if clock.is_some() || is_lone_day => Some((Some(day), clock.unwrap_or(Time::midnight()))),
        (None, Some(clock)) if !text.contains(' ') => Some((None, clock)),
        _ => None,
    };
    if let Some((day, clock)) = next {
        let today = now.to_zoned_datetime(zone.clone()).date();
        // A week and a day: the same weekday may have passed today. A clock time may be left out on one day.
        let days = (0..9).filter_map(|n| today.checked_add(n.days()).ok());
        let moments = days
            .filter(|date| day.is_none_or(|day| date.weekday() == day))
            .filter_map(|date| by_the_clock(date.to_datetime(clock)));
        return moments.into_iter().find(|moment| *moment > now).ok_or(Message::TimePassed);
    }
    let date_time = text.parse::<DateTime>().or_else(|_| text.parse::<jiff::civil::Date>().map(DateTime::from));
    date_time.ok().and_then(by_the_clock).ok_or(Message::NotATime)
}

/// `9:00`, `18:00` or `18:00:30`.
fn time(text: &str) -> Option<Time> {
    let mut parts = text.trim().split(':').map(|part| part.parse::<i8>().ok().filter(|_| part.len() <= 2));
    let (hour, minute, second) = (parts.next()??, parts.next()??, parts.next().unwrap_or(Some(0))?);
    if parts.next().is_some() { None } else { Time::new(hour, minute, second, 0).ok() }
}

fn weekday(text: &str) -> Option<Weekday> {
    const DAYS: [(&str, Weekday); 7] = [
        ("monday", Weekday::Monday),
        ("tuesday", Weekday::Tuesday),
        ("wednesday", Weekday::Wednesday),
        ("thursday", Weekday::Thursday),
        ("friday", Weekday::Friday),
        ("saturday", Weekday::Saturday),
        ("sunday", Weekday::Sunday),
    ];
    let text = text.to_lowercase();
    DAYS.iter().find(|(name, _)| *name == text || name[..3] == text).map(|(_, day)| *day)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A Tuesday.
    const NOW: &str = "2026-11-24T12:00:00Z";

    fn now() -> Timestamp {
        NOW.parse().unwrap()
    }

    #[test]
    fn durations_are_added_to_now() {
        for (text, expected) in [
            ("90m", "2026-11-24T13:30:00Z"),
            ("1h 30m", "2026-11-24T13:30:00Z"),
            (" 45s ", "2026-11-24T12:00:45Z"),
            ("2 days", "2026-11-26T12:00:00Z"),
            ("1w", "2026-12-01T12:00:00Z"),
            ("PT1.5S", "2026-11-24T12:00:01.5Z"),
            ("250ms", "2026-11-24T12:00:00.25Z"),
            ("0s", NOW),
        ] {
            assert_eq!(after(text, now()), Ok(expected.parse().unwrap()), "{text}");
        }
        for text in ["", "90", "soon", "-5m", "1 month", "9:00"] {
            assert!(after(text, now()).is_err(), "{text}");
        }
    }

    #[test]
    fn a_clock_time_or_weekday_is_the_next_one_and_a_moment_is_itself() {
        for (text, zone, expected) in [
            ("18:00", "UTC", "2026-11-24T18:00:00Z"),
            ("12:00", "UTC", "2026-11-25T12:00:00Z"),
            ("9:00:30", "UTC", "2026-11-25T09:00:30Z"),
            ("18:00", "Europe/Moscow", "2026-11-24T15:00:00Z"),
            ("monday", "UTC", "2026-11-30T00:00:00Z"),
            ("Tue", "UTC", "2026-12-01T00:00:00Z"),
            ("tuesday 18:00", "UTC", "2026-11-24T18:00:00Z"),
            ("tuesday 9:00", "UTC", "2026-12-01T09:00:00Z"),
            ("2026-12-24T18:00:00+03:00", "UTC", "2026-12-24T15:00:00Z"),
            ("2026-12-24 18:00", "Europe/Moscow", "2026-12-24T15:00:00Z"),
            ("2026-12-24", "UTC", "2026-12-24T00:00:00Z"),
            ("2020-01-01", "UTC", "2020-01-01T00:00:00Z"),
            ("1800000000", "UTC", "2027-01-15T08:00:00Z"),
        ] {
            assert_eq!(at(text, &TimeZone::get(zone).unwrap(), now()), Ok(expected.parse().unwrap()), "{text} {zone}");
        }
        for text in ["", "soon", "25:00", "9", "monday soon", "18:00 monday", "24.12.2026"] {
            assert!(at(text, &TimeZone::UTC, now()).is_err(), "{text}");
        }
    }

    #[test]
    fn a_time_that_the_clock_leaves_out_is_the_one_behind_the_gap() {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let now = "2026-03-29T00:00:00Z".parse().unwrap();
        assert_eq!(at("2:30", &zone, now), Ok("2026-03-29T01:30:00Z".parse().unwrap()));
    }

    #[test]
    fn a_delay_has_a_longest_length() {
        let until = Until::After(Template::parse(&"".into()).unwrap());
        assert!(until.moment("90d", &TimeZone::UTC, now()).is_ok());
        let error = until.moment("91d", &TimeZone::UTC, now()).unwrap_err();
        assert_eq!(error, Message::DelayTooLong { days: MAX_DELAY_DAYS });
    }
}
