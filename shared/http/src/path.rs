//! The path and the query of a request, for routes that look at them themselves.

use std::borrow::Cow;
use std::convert::Infallible;

use warp::Filter;
use warp::http::Method;
use warp::path::FullPath;

/// The path as it was sent. CONNECT names none, and warp panics when it is asked for it.
pub fn path() -> impl Filter<Extract = (String,), Error = Infallible> + Clone {
    let of_connect = warp::method().and_then(|method| async move {
        if method == Method::CONNECT { Ok(String::new()) } else { Err(warp::reject::reject()) }
    });
    of_connect.or(warp::path::full().map(|path: FullPath| path.as_str().to_owned())).unify()
}

/// The query as it was sent, without its `?`; empty if there is none.
pub fn query() -> impl Filter<Extract = (String,), Error = Infallible> + Clone {
    warp::query::raw().or_else(|_| async { Ok::<_, Infallible>((String::new(),)) })
}

/// The same path as others write it: escapes of unreserved characters are decoded (RFC 3986, 6.2.2.2), and empty segments
/// are left out. `/trigger/`, `//trigger` and `/%74rigger` are `/trigger`. Upper and lower case stay different.
pub fn normalized(path: &str) -> Cow<'_, str> {
    let is_normal = !path.contains('%') && !path.contains("//") && (path.len() == 1 || !path.ends_with('/'));
    if is_normal && path.starts_with('/') {
        return Cow::Borrowed(path);
    }
    let mut normalized = String::with_capacity(path.len());
    for segment in path.split('/').filter(|segment| !segment.is_empty()) {
        normalized.push('/');
        let mut rest = segment;
        while let Some((before, behind)) = rest.split_once('%') {
            normalized.push_str(before);
            match unreserved(behind) {
                Some(character) => {
                    normalized.push(character);
                    rest = &behind[2..];
                }
                None => {
                    normalized.push('%');
                    rest = behind;
                }
            }
        }
        normalized.push_str(rest);
    }
    if normalized.is_empty() {
        normalized.push('/');
    }
    Cow::Owned(normalized)
}

/// The unreserved character (RFC 3986, 2.3) that two hexadecimal digits stand for.
fn unreserved(digits: &str) -> Option<char> {
    let digits = digits.get(..2).filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()))?;
    let character = char::from(u8::from_str_radix(digits, 16).ok()?);
    (character.is_ascii_alphanumeric() || matches!(character, '-' | '.' | '_' | '~')).then_some(character)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_the_same_however_it_is_written() {
        for (path, expected) in [
            // C4 of the callers.
            ("/trigger/", "/trigger"),
            ("/trigger", "/trigger"),
            ("//trigger", "/trigger"),
            ("/%74rigger", "/trigger"),
            ("/web%2Dlead%5f1/", "/web-lead_1"),
            ("/receipts//018f/", "/receipts/018f"),
            ("/Trigger", "/Trigger"),
            ("/a%2Fb", "/a%2Fb"),
            ("/a%20b", "/a%20b"),
            ("/%2574rigger", "/%2574rigger"),
            ("/%zz%4%", "/%zz%4%"),
            ("/%é1", "/%é1"),
            ("/%+4a", "/%+4a"),
            ("///", "/"),
            ("/", "/"),
            ("", "/"),
            ("*", "/*"),
        ] {
            assert_eq!(normalized(path), expected, "{path}");
        }
    }
}
