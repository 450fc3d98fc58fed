//! A label whose values are made by people: the keys of permissions, the numbers of workflows. Each value is a time series
//! for as long as the process lives, so only some are told apart.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

/// The most values of a label that are told apart. The values beyond it are counted together as [`OTHERS`].
const MOST_VALUES: usize = 100;

/// The value of all that are too many.
pub const OTHERS: &str = "others";

/// The values of one label that have a time series of their own.
#[derive(Debug, Default)]
pub struct CappedLabel(Mutex<HashSet<Box<str>>>);

impl CappedLabel {
    /// The value itself, or [`OTHERS`] when it is new and there are too many.
    pub fn value<'v>(&self, value: &'v str) -> &'v str {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.contains(value) {
            return value;
        }
        if known.len() >= MOST_VALUES {
            return OTHERS;
        }
        known.insert(value.into());
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_beyond_the_limit_are_counted_together() {
        let label = CappedLabel::default();
        let values: Vec<String> = (0..MOST_VALUES + 50).map(|n| n.to_string()).collect();
        let shown: HashSet<&str> = values.iter().map(|value| label.value(value)).collect();
        assert_eq!(shown.len(), MOST_VALUES + 1);
        assert_eq!((label.value("7"), label.value("149"), label.value("new")), ("7", OTHERS, OTHERS));
    }
}
