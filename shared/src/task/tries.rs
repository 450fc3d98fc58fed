//! How a step is tried that reaches outside.

use std::time::Duration;

use jiff::{Span, SpanRelativeTo};

use crate::document::Reader;

/// The longest time-out: a run holds a place of the worker while its target is silent.
pub const MAX_TIMEOUT: Duration = Duration::from_secs(120);

/// The time-out unless told otherwise; below the time that a worker has to stop.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(20);

/// The most tries after the first; and how many unless told otherwise.
pub const MAX_RETRIES: u32 = 20;
const DEFAULT_RETRIES: u32 = 5;

/// What each step may set that reaches outside.
#[derive(Debug)]
pub struct Tries {
    /// From connecting to the last byte of the answer.
    pub timeout: Duration,
    /// How often it is tried again.
    pub retries: u32,
    /// When it is not known whether the target got it, a person decides.
    pub at_most_once: bool,
    /// The `$env` name that gets what came of it.
    pub store: Option<String>,
}

impl Tries {
    /// Reads `timeout`, `retries`, `at_most_once` and `store`.
    pub fn parse(reader: &mut Reader) -> Self {
        Self {
            timeout: timeout(reader),
            retries: number(reader, "retries", DEFAULT_RETRIES, MAX_RETRIES),
            at_most_once: reader.flag("at_most_once", false),
            store: reader.env_name("store"),
        }
    }
}

fn timeout(reader: &mut Reader) -> Duration {
    let Some(text) = reader.text("timeout") else { return DEFAULT_TIMEOUT };
    let span = text.parse::<Span>().ok().and_then(|span| span.to_duration(SpanRelativeTo::days_are_24_hours()).ok());
    match span.and_then(|duration| Duration::try_from(duration).ok()) {
        Some(timeout) if !timeout.is_zero() && timeout <= MAX_TIMEOUT => timeout,
        _ => {
            reader.report("timeout", format!("must be a duration such as 20s, of at most {} s", MAX_TIMEOUT.as_secs()));
            DEFAULT_TIMEOUT
        }
    }
}

/// A whole number from 0.
pub(super) fn number<T: TryFrom<i64> + TryInto<i64> + Copy + PartialOrd + std::fmt::Display>(
    reader: &mut Reader,
    key: &'static str,
    default: T,
    max: T,
) -> T {
    let Some(number) = reader.whole(key) else { return default };
    match T::try_from(number) {
        Ok(number) if number <= max => number,
        _ => {
            reader.report(key, format!("must be 0 to {max}"));
            default
        }
    }
}
