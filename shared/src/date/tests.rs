//! What people and programs write, by the clock of Moscow and of Berlin.

use super::*;

fn zone(name: &str) -> TimeZone {
    TimeZone::get(name).unwrap()
}

fn shown(text: &str, zone_name: &str) -> Option<String> {
    match read(text, &zone(zone_name))? {
        Reading::Day(day) => Some(day.to_string()),
        Reading::Moment(moment) => Some(moment.timestamp().to_string()),
    }
}

#[test]
fn days_are_read_in_every_usual_form() {
    for text in [
        "2026-05-13",
        " 2026-05-13 ",
        "2026-5-13",
        "2026/05/13",
        "2026.05.13",
        "20260513",
        "13.05.2026",
        "13.5.2026",
        "13/05/2026",
        "05/13/2026",
        "13-05-2026",
        "13.05.2026 г.",
        "13.05.2026г",
        "13.05.2026 года",
        "\u{200b}13.05.2026\u{a0}",
    ] {
        assert_eq!(shown(text, "Europe/Moscow").as_deref(), Some("2026-05-13"), "{text}");
    }
    assert_eq!(shown("01.05.2026", "UTC").as_deref(), Some("2026-05-01"));
    assert_eq!(shown("5/5/2026", "UTC").as_deref(), Some("2026-05-05"));
}

#[test]
fn moments_are_read_by_the_clock_of_the_zone_or_their_own() {
    for (text, expected) in [
        ("01.05.2026 10:30", "2026-05-01T07:30:00Z"),
        ("01.05.2026, 10:30", "2026-05-01T07:30:00Z"),
        ("1.5.2026 9:05:07", "2026-05-01T06:05:07Z"),
        ("2026-05-01 10:30", "2026-05-01T07:30:00Z"),
        ("2026-05-01T10:30:00.5", "2026-05-01T07:30:00.5Z"),
        ("2026-05-01T10:30:00Z", "2026-05-01T10:30:00Z"),
        ("2026-05-01T10:30:00+05:00", "2026-05-01T05:30:00Z"),
        ("2026-05-01 10:30:00+05", "2026-05-01T05:30:00Z"),
        ("2026-05-01T10:30:00+0500", "2026-05-01T05:30:00Z"),
        ("01.05.2026 10:30 +05:00", "2026-05-01T05:30:00Z"),
        ("01.05.2026 10:30+05:00", "2026-05-01T05:30:00Z"),
        ("01.05.2026 10:30 UTC", "2026-05-01T10:30:00Z"),
        ("01.05.2026 10:30 Europe/Berlin", "2026-05-01T08:30:00Z"),
        ("2026-05-01T10:30:00[Europe/Berlin]", "2026-05-01T08:30:00Z"),
        ("Fri, 01 May 2026 10:30:00 +0300", "2026-05-01T07:30:00Z"),
        ("Fri, 01 May 2026 10:30:00 GMT", "2026-05-01T10:30:00Z"),
        ("05/13/2026 10:30 PM", "2026-05-13T19:30:00Z"),
        ("13.05.2026 12:15am", "2026-05-12T21:15:00Z"),
        ("Fri May 01 2026 10:30:00 GMT+0300 (Moscow Standard Time)", "2026-05-01T07:30:00Z"),
        ("Fri May 01 2026 10:30:00 GMT-0400", "2026-05-01T14:30:00Z"),
        ("1777631400", "2026-05-01T10:30:00Z"),
        ("1777631400.25", "2026-05-01T10:30:00.25Z"),
        ("1777631400000", "2026-05-01T10:30:00Z"),
    ] {
        assert_eq!(shown(text, "Europe/Moscow").as_deref(), Some(expected), "{text}");
    }
}

#[test]
fn what_is_no_date_or_could_be_two_is_none() {
    for text in [
        "",
        " ",
        "tomorrow",
        "5/1/2026",
        "05-01-2026",
        "31.12.26",
        "2026-13-01",
        "2026-02-30",
        "01.05",
        "2026",
        "5",
        "12345678",
        "99999999999999999",
        "17776314001",
        "1777631400.",
        "-1777631400",
        "01.05.2026 soon",
        "01.05.2026 25:00",
        "01.05.2026 13:00 PM",
        "01.05.2026 0:30 AM",
        "Fri May 01 2026 10:30:00",
        "Fri Mai 01 2026 10:30:00 GMT+0300",
        "г.",
        "01.05.2026 10:30 Mars/Base",
        "31.12.-026",
        "２０２６-05-01",
        &"1".repeat(200),
        "2026-05-01T10:30:00+99:00",
    ] {
        assert_eq!(read(text, &TimeZone::UTC), None, "{text}");
    }
}

/// The clock goes forward on 2026-03-29 at 2:00 and back on 2026-10-25 at 3:00 in Berlin, on 2026-03-08 and 2026-11-01 at
/// 2:00 in New York, on 2026-10-04 and 2026-04-05 in Sydney; Lord Howe moves it by half an hour.
#[test]
fn clock_times_at_changes_of_the_clock() {
    const ROWS: [(&str, &str, &str); 24] = [
        ("2026-03-29 01:59", "Europe/Berlin", "2026-03-29T00:59:00Z"),
        ("2026-03-29 02:00", "Europe/Berlin", "2026-03-29T01:00:00Z"),
        ("2026-03-29 02:30", "Europe/Berlin", "2026-03-29T01:30:00Z"),
        ("2026-03-29 03:00", "Europe/Berlin", "2026-03-29T01:00:00Z"),
        ("29.03.2026 02:59:59", "Europe/Berlin", "2026-03-29T01:59:59Z"),
        ("2026-10-25 01:59", "Europe/Berlin", "2026-10-24T23:59:00Z"),
        ("2026-10-25 02:00", "Europe/Berlin", "2026-10-25T00:00:00Z"),
        ("2026-10-25 02:30", "Europe/Berlin", "2026-10-25T00:30:00Z"),
        ("2026-10-25 02:59", "Europe/Berlin", "2026-10-25T00:59:00Z"),
        ("2026-10-25 03:00", "Europe/Berlin", "2026-10-25T02:00:00Z"),
        ("2026-10-25T02:30:00+01:00", "Europe/Berlin", "2026-10-25T01:30:00Z"),
        ("2026-03-08 02:30", "America/New_York", "2026-03-08T07:30:00Z"),
        ("2026-03-08 03:00", "America/New_York", "2026-03-08T07:00:00Z"),
        ("2026-11-01 01:30", "America/New_York", "2026-11-01T05:30:00Z"),
        ("2026-11-01 02:00", "America/New_York", "2026-11-01T07:00:00Z"),
        ("2026-04-05 02:30", "Australia/Sydney", "2026-04-04T15:30:00Z"),
        ("2026-10-04 02:30", "Australia/Sydney", "2026-10-03T16:30:00Z"),
        ("2026-10-04 02:15", "Australia/Lord_Howe", "2026-10-03T15:45:00Z"),
        ("2026-04-05 01:45", "Australia/Lord_Howe", "2026-04-04T14:45:00Z"),
        ("2026-03-29 02:30", "Europe/Moscow", "2026-03-28T23:30:00Z"),
        ("2014-10-26 01:30", "Europe/Moscow", "2014-10-25T21:30:00Z"),
        ("2026-07-01 12:00", "Asia/Kathmandu", "2026-07-01T06:15:00Z"),
        ("2011-12-30 12:00", "Pacific/Apia", "2011-12-30T22:00:00Z"),
        ("2026-12-31 23:59", "Asia/Vladivostok", "2026-12-31T13:59:00Z"),
    ];
    for (text, zone, expected) in ROWS {
        assert_eq!(shown(text, zone).as_deref(), Some(expected), "{text} in {zone}");
    }
}

#[test]
fn a_zone_has_its_name_or_an_offset() {
    for name in ["Europe/Moscow", "europe/moscow", "UTC", "Z", "+03:00", "-0330", "+14"] {
        assert!(zone::named(name).is_some(), "{name}");
    }
    for name in ["", "Moscow", "Mars/Base", "+15", "+3", "+03:99", "../../etc/passwd"] {
        assert!(zone::named(name).is_none(), "{name}");
    }
    assert!(
        zone::unknown("Moscow").to_string().ends_with("did you mean `Europe/Moscow`?"),
        "{}",
        zone::unknown("Moscow")
    );
    for (letters, meant) in [("MSK", "Europe/Moscow"), ("pst", "America/Los_Angeles"), ("МСК", "Europe/Moscow")] {
        assert!(zone::unknown(letters).to_string().ends_with(&format!("did you mean `{meant}`?")), "{letters}");
    }
    assert!(zone::unknown("Europe/Mosocw").to_string().ends_with("did you mean `Europe/Moscow`?"));
}
