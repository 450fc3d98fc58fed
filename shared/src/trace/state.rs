//! What the systems on the way of a trace have noted about it, as the header `tracestate` carries it (W3C Trace Context).
//! Postern notes nothing of its own: it hands on what came, as far as the limits of the specification reach.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The name of the header.
pub const TRACESTATE: &str = "tracestate";

/// The most entries of a list. A list with more cannot be read.
const MAX_ENTRIES: usize = 32;

/// The most letters of a key, and of a value.
const MAX_LETTERS: usize = 256;

/// The letters that are handed on: as many as every system must take.
const MAX_LENGTH: usize = 512;

/// The entries that are left out first if the list is longer: those with more letters than this.
const MAX_KEPT_ENTRY: usize = 128;

/// The notes of a trace: a list of entries such as `vendor=value`, joined by commas; never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TraceState(Arc<str>);

impl TraceState {
    /// Reads the headers of a call in their order. A list that cannot be read is none, as the specification wants it.
    pub fn parse<'a>(headers: impl IntoIterator<Item = &'a str>) -> Option<Self> {
        let entries =
            headers.into_iter().flat_map(|header| header.split(',')).map(|entry| entry.trim_matches([' ', '\t']));
        let mut entries: Vec<&str> = entries.filter(|entry| !entry.is_empty()).take(MAX_ENTRIES + 1).collect();
        if entries.len() > MAX_ENTRIES || !entries.iter().all(|entry| is_entry(entry)) {
            return None;
        }
        let length = |entries: &[&str]| entries.iter().map(|entry| entry.len() + 1).sum::<usize>() - 1;
        if !entries.is_empty() && length(&entries) > MAX_LENGTH {
            entries.retain(|entry| entry.len() <= MAX_KEPT_ENTRY);
        }
        while !entries.is_empty() && length(&entries) > MAX_LENGTH {
            entries.pop();
        }
        (!entries.is_empty()).then(|| Self(entries.join(",").into()))
    }
}

/// A key of small letters, digits and some signs, and a value of what can be printed but a comma and a further `=`.
fn is_entry(entry: &str) -> bool {
    let Some((key, value)) = entry.split_once('=') else { return false };
    let begins = key.starts_with(|letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit());
    let of_key = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-*/@".contains(&byte);
    let of_value = |byte: u8| (b' '..=b'~').contains(&byte) && byte != b'=';
    let has_length = |text: &str| (1..=MAX_LETTERS).contains(&text.len());
    begins && has_length(key) && has_length(value) && key.bytes().all(of_key) && value.bytes().all(of_value)
}

impl fmt::Display for TraceState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for TraceState {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

/// Reads a field that may be missing. What cannot be read is none: no lead is lost for the sake of its trace.
pub fn lenient<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<TraceState>, D::Error> {
    Ok(Option::<String>::deserialize(deserializer)?.and_then(|text| TraceState::parse([text.as_str()])))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(headers: &[&str]) -> Option<String> {
        TraceState::parse(headers.iter().copied()).map(|state| state.to_string())
    }

    #[test]
    fn a_list_is_handed_on_as_it_came_and_what_cannot_be_read_is_none() {
        let longest = format!("{}={}", "k".repeat(256), "v".repeat(255));
        let full = vec!["a=1"; MAX_ENTRIES].join(",");
        for text in
            ["congo=t61rcWkgMzE", "rojo=00f067aa0ba902b7,congo=a b!~", "fw529a3039@dt=FfD1", "0*/-_=1", &longest, &full]
        {
            assert_eq!(read(&[text]).as_deref(), Some(text));
        }
        // Several headers are one list, and an entry may be empty.
        assert_eq!(read(&["a=1 , ,b=2", "", "c=3"]).as_deref(), Some("a=1,b=2,c=3"));
        let (long_key, long_value) = (format!("{}=1", "k".repeat(257)), format!("k={}", "v".repeat(257)));
        let many = format!("{full},b=1");
        for wrong in
            ["", ",", "a", "a=", "=1", "A=1", "_a=1", "a=1=2", "a=\u{e4}", "a=1;\u{7f}", &long_key, &long_value, &many]
        {
            assert_eq!(read(&[wrong]), None, "{wrong}");
        }
        assert_eq!(read(&["a=1", "nonsense"]), None);
    }

    #[test]
    fn of_a_list_that_is_too_long_the_long_entries_go_first_and_then_the_last() {
        let long = format!("long={}", "v".repeat(200));
        let short = |key: char| format!("{key}={}", "v".repeat(98));
        let headers = [short('a'), long.clone(), short('b'), short('c')].join(",");
        assert_eq!(headers.len(), 508);
        assert_eq!(read(&[&headers]).as_deref(), Some(headers.as_str()));
        let longer = format!("{headers},more=1");
        assert_eq!(read(&[&longer]), Some(longer.replace(&format!("{long},"), "")));
        let many = ('a'..='f').map(short).collect::<Vec<_>>();
        assert_eq!(read(&[&many.join(",")]), Some(many[..5].join(",")));
    }
}
