//! How times, states and lengths look.

use std::time::{Duration, SystemTime};

use super::words::Language;

/// A moment: how long ago for a glance, exact for whoever points at it; the script turns it into the visitor's zone.
#[derive(Debug)]
pub struct Moment {
    /// RFC 3339, UTC.
    pub exact: String,
    pub ago: String,
}

/// A state.
#[derive(Debug)]
pub struct Pill {
    pub class: &'static str,
    pub glyph: &'static str,
    pub text: String,
}

/// Cuts what was found down to a page; tells the last of it if there is more. One more than a page holds was asked for.
pub fn cut<T>(found: &mut Vec<T>, page: i64) -> Option<&T> {
    let page = usize::try_from(page).unwrap_or(usize::MAX);
    let more = found.len() > page;
    found.truncate(page);
    found.last().filter(|_| more)
}

/// The class and the glyph of a state. Four colours are used for states and for nothing else.
pub fn looks(state: &str) -> (&'static str, &'static str) {
    match state {
        "finished" | "enabled" | "active" | "done" => ("good", "●"),
        "running" | "waiting" | "held" | "queued" => ("wait", "◔"),
        "failed" | "dead_letter" => ("bad", "✕"),
        "needs_attention" | "unmatched" | "unreadable" => ("warn", "▲"),
        _ => ("none", "○"),
    }
}

/// The text and the number for how long ago a moment was.
pub fn ago(now: SystemTime, at: SystemTime) -> (&'static str, i64) {
    let seconds = now.duration_since(at).unwrap_or(Duration::ZERO).as_secs();
    let (key, n) = match seconds {
        0..5 => ("ago-now", 0),
        5..60 => ("ago-seconds", seconds),
        60..3600 => ("ago-minutes", seconds / 60),
        3600..86_400 => ("ago-hours", seconds / 3600),
        _ => ("ago-days", seconds / 86_400),
    };
    (key, i64::try_from(n).unwrap_or(i64::MAX))
}

/// A length of time in the unit that reads best.
pub fn length(length: Duration, language: Language) -> String {
    let (ms, s, min, point) = match language {
        Language::English => ("ms", "s", "min", '.'),
        Language::Russian => ("мс", "с", "мин", ','),
    };
    match length.as_millis() {
        0 => format!("< 1 {ms}"),
        millis @ 1..1_000 => format!("{millis} {ms}"),
        millis @ 1_000..60_000 => format!("{}{point}{} {s}", millis / 1_000, millis % 1_000 / 100),
        millis => format!("{} {min} {} {s}", millis / 60_000, millis % 60_000 / 1_000),
    }
}

/// How much of a body a page shows, in characters.
const MAX_BODY_CHARS: usize = 20_000;

/// What was sent, as text; bytes that are no UTF-8 show as replacement characters, which is what one looks for.
pub fn body_text(body: &[u8]) -> String {
    shortened(&String::from_utf8_lossy(body), MAX_BODY_CHARS)
}

/// The first characters of a text, with a sign if there are more.
pub fn shortened(text: &str, chars: usize) -> String {
    match text.char_indices().nth(chars) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_read_well() {
        let at = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000);
        for (seconds, expected) in [
            (0, ("ago-now", 0)),
            (59, ("ago-seconds", 59)),
            (60, ("ago-minutes", 1)),
            (7_199, ("ago-hours", 1)),
            (200_000, ("ago-days", 2)),
        ] {
            assert_eq!(ago(at + Duration::from_secs(seconds), at), expected);
        }
        assert_eq!(ago(at, at + Duration::from_secs(9)), ("ago-now", 0));
        for (millis, english, russian) in [
            (0, "< 1 ms", "< 1 мс"),
            (999, "999 ms", "999 мс"),
            (1_250, "1.2 s", "1,2 с"),
            (61_000, "1 min 1 s", "1 мин 1 с"),
        ] {
            let shown = |language| length(Duration::from_millis(millis), language);
            assert_eq!((shown(Language::English).as_str(), shown(Language::Russian).as_str()), (english, russian));
        }
        assert_eq!((shortened("äöü", 3).as_str(), shortened("äöü", 2).as_str()), ("äöü", "äö…"));
    }
}
