//! How long a target asks to be left alone.

use std::time::{Duration, SystemTime};

/// The longest wait that a target may ask for: with all tries a day is not exceeded.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(3600);

/// The wait that an answer asks for: in seconds, or until a date (RFC 9110, 10.2.3). The names of headers are in lower case.
pub fn of(headers: &[(String, String)], now: SystemTime) -> Option<Duration> {
    let (_, text) = headers.iter().find(|(name, _)| name == "retry-after")?;
    let wait = match text.trim().parse() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => {
            let date = jiff::fmt::rfc2822::parse(text).ok()?.timestamp();
            SystemTime::try_from(date).ok()?.duration_since(now).unwrap_or_default()
        }
    };
    Some(wait.min(MAX_RETRY_AFTER))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_may_ask_for_a_wait_that_has_an_end() {
        let after = |text: &str| of(&[("retry-after".to_owned(), text.to_owned())], SystemTime::now());
        assert_eq!(after("7"), Some(Duration::from_secs(7)));
        assert_eq!(after("999999"), Some(MAX_RETRY_AFTER));
        assert_eq!(after("Sun, 06 Nov 1994 08:49:37 GMT"), Some(Duration::ZERO));
        assert_eq!(after("soon"), None);
    }
}
