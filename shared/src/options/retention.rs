//! How long what is over is kept. Each kind has a time of its own.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use clap::Args;

use super::number::between;

/// The least days for which submissions are kept: `postern audit` looks for lost ones that far back.
const LEAST_DAYS: u16 = 8;

/// The most days: a hundred years.
const MOST_DAYS: u16 = 36_500;

/// The word for what is never removed.
const NEVER: &str = "never";

/// How long something is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Keep {
    /// For so many days.
    Days(u16),
    /// For ever.
    Always,
}

impl Keep {
    /// The time for which it is kept; none = for ever.
    pub fn time(self) -> Option<Duration> {
        match self {
            Self::Days(days) => Some(Duration::from_secs(u64::from(days) * 24 * 3600)),
            Self::Always => None,
        }
    }
}

impl FromStr for Keep {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.trim() == NEVER {
            return Ok(Self::Always);
        }
        let days = between(text, 1, MOST_DAYS, "what is kept for a shorter time cannot be looked at");
        days.map(Self::Days).map_err(|error| format!("{error}; or it must be `{NEVER}`"))
    }
}

impl fmt::Display for Keep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Days(days) => write!(f, "{days}"),
            Self::Always => f.write_str(NEVER),
        }
    }
}

/// How long a worker keeps the history.
#[derive(Debug, Clone, Args)]
pub struct RetentionOptions {
    /// Days after which the steps of runs are removed, or `never`. Steps go at the latest with their receipts.
    #[arg(long, env = "POSTERN_KEEP_STEPS_DAYS", default_value = "30", value_parser = history)]
    pub keep_steps: Keep,

    /// Days after which receipts and runs are removed, or `never`. A receipt with a run that has not ended stays. It is
    /// removed when its last run has ended and `POSTERN_KEEP_STEPS_DAYS` have passed.
    #[arg(long, env = "POSTERN_KEEP_HISTORY_DAYS", default_value = "180", value_parser = history)]
    pub keep_history: Keep,

    /// Days after which submissions that started nothing are removed, or `never`. They go at the latest with the history
    /// of their week.
    #[arg(long, env = "POSTERN_KEEP_UNMATCHED_DAYS", default_value = "180", value_parser = history)]
    pub keep_unmatched: Keep,

    /// Days after which dead letters are removed, or `never`.
    #[arg(long, env = "POSTERN_KEEP_DEAD_LETTERS_DAYS", default_value = "180", value_parser = history)]
    pub keep_dead_letters: Keep,
}

fn history(text: &str) -> Result<Keep, String> {
    match text.parse()? {
        Keep::Days(days) if days < LEAST_DAYS => Err(format!(
            "it must be a number of days from {LEAST_DAYS}, or `{NEVER}`: `postern audit` looks a week back"
        )),
        keep => Ok(keep),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_a_number_of_days_or_never() {
        for (text, keep) in [("30", Keep::Days(30)), ("8", Keep::Days(8)), ("never", Keep::Always)] {
            assert_eq!(history(text), Ok(keep), "{text}");
            assert_eq!(keep.to_string(), text);
        }
        for text in ["0", "7", "-1", "36501", "always", "", "30 days"] {
            assert!(history(text).is_err(), "{text}");
        }
        assert_eq!("7".parse(), Ok(Keep::Days(7)));
        assert!(Keep::Days(36_500) < Keep::Always);
    }
}
