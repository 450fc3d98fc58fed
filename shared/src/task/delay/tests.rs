//! What people write, and when it is over.

use super::duration::after;
use super::moment::at;
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
        ("5 minutes", "2026-11-24T12:05:00Z"),
        ("in 2 hours", "2026-11-24T14:00:00Z"),
        ("1 hour and 30 minutes", "2026-11-24T13:30:00Z"),
        ("1.5 hours", "2026-11-24T13:30:00Z"),
        ("5 минут", "2026-11-24T12:05:00Z"),
        ("через 2 часа", "2026-11-24T14:00:00Z"),
        ("1 час 30 минут", "2026-11-24T13:30:00Z"),
        ("1 ч 30 мин.", "2026-11-24T13:30:00Z"),
        ("1ч30м", "2026-11-24T13:30:00Z"),
        ("1,5 часа", "2026-11-24T13:30:00Z"),
        ("полчаса", "2026-11-24T12:30:00Z"),
        ("3 дня", "2026-11-27T12:00:00Z"),
        ("2 недели", "2026-12-08T12:00:00Z"),
        ("10 сек", "2026-11-24T12:00:10Z"),
    ] {
        assert_eq!(after(text, now()), Ok(expected.parse().unwrap()), "{text}");
    }
    for text in ["", "90", "soon", "-5m", "1 month", "9:00", "18:00:00", "1h 30:00"] {
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
        ("1800000000000", "UTC", "2027-01-15T08:00:00Z"),
        ("24.12.2026", "UTC", "2026-12-24T00:00:00Z"),
        ("24.12.2026 18:00", "Europe/Moscow", "2026-12-24T15:00:00Z"),
        ("Thu, 24 Dec 2026 18:00:00 +0300", "UTC", "2026-12-24T15:00:00Z"),
        ("понедельник 9:00", "Europe/Moscow", "2026-11-30T06:00:00Z"),
        ("в среду в 9:00", "UTC", "2026-11-25T09:00:00Z"),
        ("пт", "UTC", "2026-11-27T00:00:00Z"),
        ("в 18:00", "UTC", "2026-11-24T18:00:00Z"),
        ("tomorrow", "UTC", "2026-11-25T00:00:00Z"),
        ("завтра в 9:00", "Europe/Moscow", "2026-11-25T06:00:00Z"),
        ("today 9:00", "UTC", "2026-11-24T09:00:00Z"),
    ] {
        assert_eq!(at(text, &TimeZone::get(zone).unwrap(), now()), Ok(expected.parse().unwrap()), "{text} {zone}");
    }
    for text in ["", "soon", "25:00", "9", "monday soon", "18:00 monday", "5/1/2026", "понедельникк9"] {
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

#[test]
fn a_weekday_is_by_the_clock_of_the_zone_at_changes_of_the_clock() {
    const ROWS: [(&str, &str, &str, &str); 16] = [
        ("2026-03-27T12:00:00Z", "sunday 2:30", "Europe/Berlin", "2026-03-29T01:30:00Z"),
        ("2026-03-29T00:30:00Z", "2:00", "Europe/Berlin", "2026-03-29T01:00:00Z"),
        ("2026-03-29T00:59:59Z", "3:00", "Europe/Berlin", "2026-03-29T01:00:00Z"),
        ("2026-03-29T01:00:00Z", "3:00", "Europe/Berlin", "2026-03-30T01:00:00Z"),
        ("2026-03-28T20:00:00Z", "sunday", "Europe/Berlin", "2026-03-28T23:00:00Z"),
        ("2026-03-28T23:00:00Z", "sunday", "Europe/Berlin", "2026-04-04T22:00:00Z"),
        ("2026-10-24T12:00:00Z", "sunday 2:30", "Europe/Berlin", "2026-10-25T00:30:00Z"),
        ("2026-10-25T00:45:00Z", "2:30", "Europe/Berlin", "2026-10-26T01:30:00Z"),
        ("2026-10-24T12:00:00Z", "monday 9:00", "Europe/Berlin", "2026-10-26T08:00:00Z"),
        ("2026-10-23T12:00:00Z", "saturday 9:00", "Europe/Berlin", "2026-10-24T07:00:00Z"),
        ("2026-03-07T12:00:00Z", "sunday 2:30", "America/New_York", "2026-03-08T07:30:00Z"),
        ("2026-10-31T12:00:00Z", "sunday 1:30", "America/New_York", "2026-11-01T05:30:00Z"),
        ("2026-11-24T22:00:00Z", "wednesday", "Europe/Moscow", "2026-12-01T21:00:00Z"),
        ("2026-11-24T20:59:59Z", "wednesday", "Europe/Moscow", "2026-11-24T21:00:00Z"),
        ("2026-12-31T22:00:00Z", "friday 0:30", "Asia/Vladivostok", "2027-01-07T14:30:00Z"),
        ("2026-04-04T00:00:00Z", "sunday 2:30", "Australia/Sydney", "2026-04-04T15:30:00Z"),
    ];
    for (now, text, zone, expected) in ROWS {
        let zone = TimeZone::get(zone).unwrap();
        let found = at(text, &zone, now.parse().unwrap());
        assert_eq!(found, Ok(expected.parse().unwrap()), "{text} at {now}");
    }
}

#[test]
fn a_delay_may_be_a_text_of_either_kind() {
    let parse = |text: &str| {
        let document = serde_json::json!({"delay": text});
        let mut findings = Vec::new();
        let mut reader = Reader::new("", &document, SPEC.settings, &mut findings).unwrap();
        let delay = Delay::parse(&mut reader);
        (delay, findings.into_iter().map(|one| one.message.to_string()).collect::<Vec<_>>())
    };
    for (text, expected) in [
        ("5 minutes", "2026-11-24T12:05:00Z"),
        ("5 минут", "2026-11-24T12:05:00Z"),
        ("18:00", "2026-11-24T15:00:00Z"),
        ("monday 9:00", "2026-11-30T06:00:00Z"),
        ("24.12.2026 18:00", "2026-12-24T15:00:00Z"),
    ] {
        let (delay, findings) = parse(text);
        assert_eq!(findings, [""; 0], "{text}");
        let due_at = delay.unwrap().due_at(text, &TimeZone::get("Europe/Moscow").unwrap(), now());
        assert_eq!(due_at, Ok(expected.parse().unwrap()), "{text}");
    }
    for (text, expected) in [
        ("soon", "must be a duration such as 5 minutes, or a time such as 18:00, monday 9:00 or 2026-12-24 18:00"),
        ("5", "did you mean `5 minutes`?"),
        ("100 days", "90"),
    ] {
        let (_, findings) = parse(text);
        assert!(findings.len() == 1 && findings[0].contains(expected), "{text}: {findings:?}");
    }
}
