//! How a step is tried that reaches outside.

use std::time::Duration;

use crate::document::Reader;
use crate::spec::{Kind, Setting};

/// The longest time-out of a step that reaches outside: the run holds a place of the worker while its target is silent.
pub const MAX_TIMEOUT: Duration = Duration::from_secs(120);

/// The most tries of a step that reaches outside, after the first.
pub const MAX_RETRIES: u32 = 20;

/// From connecting to the last byte of the answer. The default is below the time that a worker has to stop.
pub const TIMEOUT: Setting = Setting::new("timeout", Kind::Duration(MAX_TIMEOUT)).or("20s").of("tries");
/// How often it is tried again.
pub const RETRIES: Setting = Setting::new("retries", Kind::Number(0, MAX_RETRIES as i64)).or("5").of("tries");
/// When it is not known whether the target got it, a person decides.
pub const AT_MOST_ONCE: Setting = Setting::flag("at_most_once", false).of("tries");
/// The `$env` name that gets what came of it.
pub const STORE: Setting = Setting::new("store", Kind::EnvName).of("tries");

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
    pub fn parse(reader: &mut Reader) -> Option<Self> {
        let (timeout, retries) = (reader.duration(TIMEOUT.key), reader.number(RETRIES.key));
        let (at_most_once, store) = (reader.flag(AT_MOST_ONCE.key), reader.env_name(STORE.key));
        Some(Self { timeout: timeout?, retries: retries?, at_most_once, store })
    }
}
