//! Dates: `format_date`, `parse_date`, `add`, `weekday`, `is date`, `is workday`. They are read as [`crate::date`] says, by
//! the clock of the workflow's zone or of the argument `zone`.

use std::collections::HashSet;

use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;
use jiff::{Span, ToSpan, ZonedDateTime};
use minijinja::value::Kwargs;
use minijinja::{Environment, Error, State, Value};

use super::{failed, holds, is_nothing, text};
use crate::date::{Reading, named_zone, read, unknown_zone};
use crate::expression::{Local, date, local};
use crate::message::{CalculationFault, Message};
use crate::number;

/// The most of a unit that `add` takes: a millennium of days.
const MAX_UNITS: u64 = 400_000;

/// The most days of a calendar.
const MAX_CALENDAR: usize = 2_000;

/// The days of a week as `delay` names them.
const WEEKDAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

pub(super) fn add(environment: &mut Environment<'static>) {
    environment.add_filter("format_date", format_date);
    environment.add_filter("parse_date", parse_date);
    environment.add_filter("add", add_units);
    environment.add_filter("weekday", weekday);
    environment.add_test("date", is_date);
    environment.add_test("workday", is_workday);
}

/// The zone of an argument, or that of the workflow.
pub(super) fn zone_of(name: Option<&str>, local: &Local) -> Result<TimeZone, Error> {
    match name {
        None => Ok(local.zone.clone()),
        Some(name) => named_zone(name).ok_or_else(|| failed(Message::in_field("zone", unknown_zone(name)))),
    }
}

/// As ISO 8601 and RFC 3339 write it.
pub(super) fn iso(reading: &Reading) -> String {
    match reading {
        Reading::Day(day) => day.to_string(),
        Reading::Moment(moment) => {
            date::format(moment, if moment.subsec_nanosecond() == 0 { "Y-m-d\\TH:i:sP" } else { "Y-m-d\\TH:i:s.vP" })
        }
    }
}

/// A date that a value names, with its zone; nothing if the value is missing or blank.
fn reading(state: &State, value: &Value, kwargs: &Kwargs) -> Result<Option<(Option<Reading>, TimeZone)>, Error> {
    let zone = zone_of(kwargs.get("zone")?, &Local::of(state))?;
    let text = text(state, value)?;
    Ok(text.filter(|text| !text.trim().is_empty()).map(|text| (read(&text, &zone), zone)))
}

fn no_date(filter: &str) -> Error {
    failed(CalculationFault::NeedsDate { filter: filter.to_owned() })
}

/// A date as PHP's `date` writes it; nothing and `""` stay empty.
fn format_date(state: &State, value: &Value, format: &str, kwargs: Kwargs) -> Result<String, Error> {
    let found = reading(state, value, &kwargs)?;
    kwargs.assert_all_used()?;
    let Some((reading, zone)) = found else { return Ok(String::new()) };
    if let Some(fault) = date::foreign_format(format) {
        return Err(failed(fault));
    }
    let moment = reading.and_then(|reading| reading.moment(&zone)).ok_or_else(|| no_date("format_date"))?;
    state.consume_fuel(format.len() as u64)?;
    Ok(date::format(&moment, format))
}

/// `2026-05-01` or `2026-05-01T10:30:00+03:00`; nothing if it is no date.
fn parse_date(state: &State, value: &Value, kwargs: Kwargs) -> Result<Value, Error> {
    let found = reading(state, value, &kwargs)?;
    kwargs.assert_all_used()?;
    Ok(found.and_then(|(reading, _)| reading).map_or(Value::UNDEFINED, |reading| Value::from(iso(&reading))))
}

/// `add(years=…, months=…, weeks=…, days=…, hours=…, minutes=…)`: a day stays a day unless hours or minutes are added.
fn add_units(state: &State, value: &Value, kwargs: Kwargs) -> Result<Value, Error> {
    let found = reading(state, value, &kwargs)?;
    let unit = |name: &str| -> Result<i64, Error> {
        let units =
            units(kwargs.get(name)?).ok_or_else(|| failed(CalculationFault::UnitsWhole { unit: name.to_owned() }))?;
        if units.unsigned_abs() > MAX_UNITS {
            Err(failed(CalculationFault::UnitsMost { unit: name.to_owned(), most: MAX_UNITS }))
        } else {
            Ok(units)
        }
    };
    let (years, months, weeks, days) = (unit("years")?, unit("months")?, unit("weeks")?, unit("days")?);
    let (hours, minutes) = (unit("hours")?, unit("minutes")?);
    let too_far = |_| failed(CalculationFault::DateTooFar);
    let span = Span::new().try_years(years).and_then(|span| span.try_months(months));
    let span = span.and_then(|span| span.try_weeks(weeks)).and_then(|span| span.try_days(days)).map_err(too_far)?;
    kwargs.assert_all_used()?;
    let Some((reading, zone)) = found else { return Ok(Value::UNDEFINED) };
    let reading = reading.ok_or_else(|| no_date("add"))?;
    if let (Reading::Day(day), 0, 0) = (&reading, hours, minutes) {
        return Ok(Value::from(day.checked_add(span).map_err(too_far)?.to_string()));
    }
    let moment = reading.moment(&zone).ok_or_else(|| no_date("add"))?;
    let names_zone = kwargs.has("zone");
    if !names_zone && !span.is_zero() && value.as_str().is_some_and(|text| is_of_another_clock(text, &moment)) {
        local::notes_of(state).counted_by_own_clock();
    }
    let moment = moment.checked_add(span).and_then(|moment| moment.checked_add(hours.hours().minutes(minutes)));
    Ok(Value::from(iso(&Reading::Moment(moment.map_err(too_far)?))))
}

/// A posted number is a text; nothing and a blank text add nothing.
fn units(value: Option<Value>) -> Option<i64> {
    let value = value.unwrap_or_default();
    match value.as_str().map(str::trim) {
        Some("") => Some(0),
        // What is too large for a number is too much of any unit.
        Some(text) => number::read_whole(text).map(|number| number.as_i64().unwrap_or(i64::MAX)),
        None if is_nothing(&value) => Some(0),
        None => i64::try_from(value).ok(),
    }
}

/// Whether days were counted by another clock than that of the offset which stands in the text. `Z` is how moments are
/// stored, and names no clock.
fn is_of_another_clock(text: &str, moment: &ZonedDateTime) -> bool {
    let offset = text.rfind(['+', '-']).filter(|at| text[..*at].contains(':')).and_then(|at| named_zone(&text[at..]));
    let own = |zone: TimeZone| zone.to_offset(moment.timestamp());
    offset.map(own).is_some_and(|own| own != moment.offset() && !own.is_zero())
}

/// `monday` to `sunday`.
fn weekday(state: &State, value: &Value, kwargs: Kwargs) -> Result<Value, Error> {
    let found = reading(state, value, &kwargs)?;
    kwargs.assert_all_used()?;
    let Some((reading, _)) = found else { return Ok(Value::UNDEFINED) };
    let day = reading.ok_or_else(|| no_date("weekday"))?.day().weekday();
    Ok(Value::from(WEEKDAYS[usize::try_from(day.to_monday_zero_offset()).unwrap_or_default() % WEEKDAYS.len()]))
}

fn is_date(state: &State, value: &Value) -> bool {
    let local = Local::of(state);
    holds(value, |text| read(text, &local.zone).is_some())
}

/// `is workday`, `is workday(holidays)`, `is workday(holidays, work=[…])`: Monday to Friday, without the holidays, with the
/// days of `work`. `01-07` is that day of every year.
fn is_workday(state: &State, value: &Value, holidays: Option<Value>, kwargs: Kwargs) -> Result<bool, Error> {
    let found = reading(state, value, &kwargs)?;
    let calendar = |days: Option<Value>| calendar(state, days.unwrap_or_default());
    let (free, work) = (calendar(holidays)?, calendar(kwargs.get("work")?)?);
    kwargs.assert_all_used()?;
    let Some(day) = found.and_then(|(reading, _)| reading).map(|reading| reading.day()) else { return Ok(false) };
    let of_every_year = format!("{:02}-{:02}", day.month(), day.day());
    let is_in = |days: &HashSet<String>| days.contains(&day.to_string()) || days.contains(&of_every_year);
    let is_weekend = matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday);
    Ok(is_in(&work) || (!is_weekend && !is_in(&free)))
}

fn calendar(state: &State, days: Value) -> Result<HashSet<String>, Error> {
    if is_nothing(&days) {
        return Ok(HashSet::new());
    }
    let length = days.len().unwrap_or_default();
    if length > MAX_CALENDAR {
        return Err(failed(CalculationFault::CalendarDays { most: MAX_CALENDAR }));
    }
    state.consume_fuel(length as u64)?;
    let mut all = HashSet::with_capacity(length);
    for day in days.try_iter()? {
        let text = day.to_string();
        let every_year = || Some(format!("2024-{text}").parse::<Date>().ok()?.strftime("%m-%d").to_string());
        let read = || Some(read(&text, &TimeZone::UTC)?.day().to_string());
        all.insert(read().or_else(every_year).ok_or_else(|| failed(CalculationFault::CalendarForm))?);
    }
    Ok(all)
}
