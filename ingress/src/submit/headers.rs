//! The headers of a request that its permission keeps, as `$request["headers"]` reads them.

use serde_json::{Map, Value};
use warp::http::HeaderMap;

/// The most bytes of the values of one header that are kept.
const MAX_VALUE_BYTES: usize = 4 * 1024;

/// The values of these headers, by their names. Several lines are one list (RFC 9110, 5.3). A header that was not sent has
/// no name here.
pub fn kept(names: &[String], headers: &HeaderMap) -> Value {
    let mut kept = Map::new();
    for name in names {
        let lines: Vec<_> = headers.get_all(name).iter().map(|line| String::from_utf8_lossy(line.as_bytes())).collect();
        let mut value = lines.join(", ");
        let end = (0..=MAX_VALUE_BYTES.min(value.len())).rev().find(|at| value.is_char_boundary(*at));
        value.truncate(end.unwrap_or_default());
        if !lines.is_empty() {
            kept.insert(name.clone(), Value::String(value));
        }
    }
    Value::Object(kept)
}

/// The same as JSON of at most so many bytes, without the values that have no room; nothing if no header is named.
pub fn within(names: &[String], headers: &HeaderMap, most: usize) -> Option<String> {
    let mut named = (1..=names.len()).rev().map(|count| kept(&names[..count], headers).to_string());
    named.find(|json| json.len() <= most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_headers_that_are_named_are_kept_as_text() {
        let mut headers = HeaderMap::new();
        let long = "x".repeat(5_000);
        for (name, value) in [("x-a", "1"), ("x-a", "2"), ("x-b", "secret"), ("x-long", &long), ("x-utf", "ä")] {
            headers.append(name, warp::http::HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        let names = ["x-a", "x-long", "x-utf", "x-missing"].map(str::to_owned);
        let kept = kept(&names, &headers);
        assert_eq!((&kept["x-a"], &kept["x-utf"]), (&Value::from("1, 2"), &Value::from("ä")));
        assert_eq!(kept["x-long"].as_str().unwrap().len(), MAX_VALUE_BYTES);
        assert_eq!(kept.as_object().unwrap().len(), 3);
        assert_eq!(within(&names, &headers, 6_000), Some(kept.to_string()));
        assert_eq!(within(&names, &headers, 4_000).as_deref(), Some(r#"{"x-a":"1, 2"}"#));
        assert_eq!(within(&[], &headers, 6_000), None);
    }
}
