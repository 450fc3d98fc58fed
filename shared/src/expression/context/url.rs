//! Values in URLs. In a path, a query and a fragment they are percent-encoded, so that they end no part and begin none;
//! before the path nothing is changed: what may stand there is decided when a workflow is read.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::Trust;

/// The part of a URL (RFC 3986, 3; a `\` is read as `/`, as the URL Standard does).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum UrlPlace {
    /// Scheme, user, host and port.
    #[default]
    Origin,
    /// Behind them.
    Path,
    /// Behind the `?`.
    Query,
    /// Behind the `#`.
    Fragment,
}

/// All but the unreserved characters of RFC 3986, 2.3.
const VALUE: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// What ends a segment for a value that `urlencode` has written.
const SEGMENT: &AsciiSet = &percent_encoding::CONTROLS.add(b'/').add(b'\\').add(b'?').add(b'#').add(b' ');

/// The same behind the path.
const REST: &AsciiSet = &SEGMENT.remove(b'/');

/// The same in the value of a parameter, which `urlencode` of a map would end.
const PARAMETER: &AsciiSet = &REST.add(b'&');

/// What ends the host of a URL, or a segment of its path.
const ENDS_HOST: [char; 4] = ['/', '\\', '?', '#'];

/// Where the end of a URL stands.
#[derive(Debug, Default)]
pub(super) struct Tracker {
    place: UrlPlace,
    /// How far the URL has been followed, in bytes.
    at: usize,
    /// Where the last segment of the path begins, in bytes.
    segment: usize,
    /// Whether a value stands in that segment.
    has_value: bool,
    /// Whether the last parameter of the query has its `=`.
    has_equals: bool,
}

impl Tracker {
    /// Reads on from where it stood: what was added is no value.
    pub(super) fn follow(&mut self, url: &mut String) {
        if self.place == UrlPlace::Origin {
            let Some(begins) = path_begins(url) else { return };
            (self.place, self.at, self.segment) = (UrlPlace::Path, begins, begins);
        }
        while self.place == UrlPlace::Path {
            let Some(found) = url[self.at..].find(ENDS_HOST) else { break };
            self.end_segment(url, self.at + found);
            let end = self.segment;
            self.place = match url.as_bytes()[end] {
                b'?' => UrlPlace::Query,
                b'#' => UrlPlace::Fragment,
                _ => UrlPlace::Path,
            };
            (self.at, self.segment, self.has_equals) = (end + 1, end + 1, false);
        }
        if self.place == UrlPlace::Query && url[self.at..].contains('#') {
            self.place = UrlPlace::Fragment;
        }
        self.follow_parameter(url);
    }

    fn follow_parameter(&mut self, url: &str) {
        let mut parameters = url[self.at..].rsplit('&');
        let last = parameters.next().unwrap_or_default();
        self.has_equals = last.contains('=') || (self.has_equals && parameters.next().is_none());
        self.at = url.len();
    }

    /// Adds a value.
    pub(super) fn value(&mut self, url: &mut String, value: &str, trust: Trust) {
        match (self.place, trust) {
            (UrlPlace::Origin, _) => {
                url.push_str(value);
                return self.follow(url);
            }
            (UrlPlace::Path, Trust::Encoded) => url.extend(utf8_percent_encode(value, SEGMENT)),
            (UrlPlace::Query, Trust::Encoded) if self.has_equals => url.extend(utf8_percent_encode(value, PARAMETER)),
            (UrlPlace::Query | UrlPlace::Fragment, Trust::Encoded) => url.extend(utf8_percent_encode(value, REST)),
            _ => url.extend(utf8_percent_encode(value, VALUE)),
        }
        self.has_value = self.place == UrlPlace::Path;
        self.follow_parameter(url);
    }

    /// The end of the URL, behind which a client reads no blanks.
    pub(super) fn finish(&mut self, url: &mut String) {
        url.truncate(url.trim_end_matches(|c: char| c.is_whitespace() || c.is_control()).len());
        if self.place == UrlPlace::Path {
            self.end_segment(url, url.len());
        }
    }

    /// A segment `..` leads out of the path, also where it is written `%2e%2e` or with line breaks and tabs, which no
    /// client reads; with a value in it, it is encoded twice. Leaves the end of the segment as the beginning of the next.
    fn end_segment(&mut self, url: &mut String, end: usize) {
        let read = url[self.segment..end].replace(['\t', '\r', '\n'], "");
        let plain = read.to_ascii_lowercase().replace("%2e", ".");
        let mut end = end;
        if std::mem::take(&mut self.has_value) && matches!(plain.as_str(), "." | "..") {
            let encoded = plain.replace('.', "%252E");
            url.replace_range(self.segment..end, &encoded);
            end = self.segment + encoded.len();
        }
        self.segment = end;
    }
}

/// Where the path, the query or the fragment of a URL begins; nothing = it has only a beginning so far.
fn path_begins(url: &str) -> Option<usize> {
    let host = url.find("://")? + 3;
    let end = host + url[host..].find(ENDS_HOST)?;
    Some(if url.as_bytes()[end] == b'/' { end + 1 } else { end })
}

/// Whether what stands before a value names scheme, host and port in full.
pub(in crate::expression) fn names_its_host(beginning: &str) -> bool {
    let has_host = |(_, rest): (&str, &str)| !rest.starts_with(ENDS_HOST);
    path_begins(beginning).is_some() && beginning.split_once("://").is_some_and(has_host)
}

/// The same of what stands between a variable with which the URL begins and a value. The variable may be an address or a
/// scheme, and either may lack its end.
pub(in crate::expression) fn goes_on_behind_a_variable(text: &str) -> bool {
    match text.as_bytes() {
        [b'/' | b'\\', b'/' | b'\\', ..] => false,
        [b'/' | b'\\' | b'?' | b'#', ..] => true,
        [b':', b'/' | b'\\', ..] => names_its_host(&format!("https{text}")),
        [b':', ..] => names_its_host(&format!("https://host{text}")),
        _ => false,
    }
}
