//! The token of a permission: a secret that its callers show as a bearer, in a header, or in the query. A token in the query
//! is taken out before anything of the query is kept.

use percent_encoding::percent_decode_str;

use crate::id::SecretName;

/// Where callers show a token, and which.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// Where.
    pub place: Place,
    /// Its value.
    pub secret: SecretName,
}

/// Where a token is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// `Authorization: Bearer …` (RFC 6750, 2.1).
    Bearer,
    /// A header of this name, in lower case.
    Header(String),
    /// A query variable.
    Query(String),
}

/// The token of an `Authorization` header with the scheme Bearer, which is written in any case (RFC 9110, 11.1).
pub fn bearer(header: &str) -> Option<&str> {
    let (scheme, token) = header.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// The first value of a query variable.
pub fn of_query(query: &str, name: &str) -> Option<String> {
    query.split(SEPARATORS).map(pair).find(|(key, _)| key == name).map(|(_, value)| value)
}

/// The query without these variables; nothing if it has none of them.
pub fn without(query: &str, names: &[&str]) -> Option<String> {
    without_hidden(query, |name, _| names.contains(&name))
}

/// The query without the variables that are hidden by name or value; nothing if it has none of them.
pub fn without_hidden(query: &str, is_hidden: impl Fn(&str, &str) -> bool) -> Option<String> {
    let is_hidden = |text: &&str| {
        let (name, value) = pair(text);
        is_hidden(&name, &value)
    };
    let (hidden, left): (Vec<&str>, Vec<&str>) = query.split(SEPARATORS).partition(is_hidden);
    (!hidden.is_empty()).then(|| left.join("&"))
}

/// A second `?` in a query is read as `&`, as everywhere.
const SEPARATORS: [char; 2] = ['&', '?'];

/// The name and the value of a variable. A URL that was copied out of HTML has `&amp;` between its variables.
fn pair(text: &str) -> (String, String) {
    let (name, value) = text.split_once('=').unwrap_or((text, ""));
    (decoded(name.strip_prefix("amp;").unwrap_or(name)), decoded(value))
}

fn decoded(text: &str) -> String {
    percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bearer_is_read_as_the_scheme_says() {
        for (header, expected) in [
            ("Bearer abc", Some("abc")),
            ("bearer  abc", Some("abc")),
            ("Basic abc", None),
            ("Bearer", None),
            ("abc", None),
            ("", None),
        ] {
            assert_eq!(bearer(header), expected, "{header}");
        }
    }

    #[test]
    fn a_token_of_the_query_is_found_and_taken_out() {
        for (query, value, left) in [
            ("workflow_id=1&key=a%2Bb", Some("a+b"), Some("workflow_id=1")),
            ("key=a+b&utm=x&key=c", Some("a b"), Some("utm=x")),
            ("%6Bey=abc", Some("abc"), Some("")),
            ("workflow_id=1?key=abc", Some("abc"), Some("workflow_id=1")),
            ("key", Some(""), Some("")),
            ("workflow_id=1&amp;key=abc", Some("abc"), Some("workflow_id=1")),
            ("KEY=abc&monkey=1", None, None),
            ("", None, None),
        ] {
            assert_eq!(of_query(query, "key").as_deref(), value, "{query}");
            assert_eq!(without(query, &["key"]).as_deref(), left, "{query}");
        }
    }
}
