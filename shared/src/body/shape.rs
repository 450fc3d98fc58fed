//! The shape of what was refused: its names, and of each value what [`mask`] shows. Bodies that cannot be read have one,
//! too, so nothing here fails: what does not look like a name is taken for a value.

use super::beginning::{Beginning, beginning};
use super::fields::{Kind, kind};
use super::form::{decoded, pairs};
use super::{json, multipart};
use crate::intake::selector::SELECTORS;
use crate::mask;

/// How many names are shown: enough to recognise a form.
const MAX_SHOWN: usize = 1_000;

/// The longest text that is taken for a name, in characters.
const MAX_NAME_CHARS: usize = 100;

/// The names of a body, each with the shape of a value; what has no name stands under an empty one.
pub fn of_body(content_type: Option<&str>, body: &[u8]) -> Vec<(String, String)> {
    let header = content_type.unwrap_or_default();
    let mut found = match kind(header) {
        Kind::Json => of_json(&lossy(body)),
        Kind::Form => match beginning(body) {
            Beginning::Form => of_form(body),
            Beginning::Json => of_json(&lossy(body)),
            Beginning::Xml | Beginning::Multipart => vec![whole(body)],
        },
        Kind::Text | Kind::Other if json::looks_like_object(body) => of_json(&lossy(body)),
        Kind::Multipart => match multipart::contents(header, body) {
            Some(parts) => {
                parts.iter().map(|(name, content)| (named(&lossy(name)), mask::text(&lossy(content)))).collect()
            }
            None => vec![whole(body)],
        },
        Kind::Text | Kind::Other => vec![whole(body)],
    };
    found.truncate(MAX_SHOWN);
    found
}

/// A query with the shapes of its values; what it selects stays.
pub fn of_query(query: &str) -> String {
    let pairs = query.split(['&', '?']).filter(|pair| !pair.is_empty()).map(|pair| match pair.split_once('=') {
        Some((name, _)) if SELECTORS.contains(&name) => pair.to_owned(),
        Some((name, value)) => format!("{}={}", named(name), mask::text(&lossy(&decoded(value.as_bytes())))),
        None => mask::text(pair),
    });
    pairs.collect::<Vec<_>>().join("&")
}

fn of_form(body: &[u8]) -> Vec<(String, String)> {
    let shape = |(name, value): (&[u8], &[u8])| {
        let (name, value) = (lossy(&decoded(name)), lossy(&decoded(value)));
        // Without a `=` it is more likely no form at all.
        if value.is_empty() && !body.contains(&b'=') {
            (String::new(), mask::text(&name))
        } else {
            (named(&name), mask::text(&value))
        }
    };
    pairs(body).map(shape).collect()
}

/// Of JSON, and of what was meant to be: a text before a colon is a name, every other text or word a value.
fn of_json(text: &str) -> Vec<(String, String)> {
    let (mut found, mut name, mut rest) = (Vec::new(), String::new(), text);
    while let Some(start) = rest.find(|c: char| c == '"' || c == '-' || c.is_alphanumeric()) {
        let (token, behind) = token(&rest[start..]);
        rest = behind;
        match token {
            Token::Text(text) if rest.trim_start().starts_with(':') => name = named(text),
            Token::Text(text) => found.push((std::mem::take(&mut name), mask::text(text))),
            Token::Word("null") => found.push((std::mem::take(&mut name), "null".to_owned())),
            // The first letter of `true` says all.
            Token::Word(word) if word.starts_with(char::is_alphabetic) => {
                found.push((std::mem::take(&mut name), mask::HIDDEN.to_owned()));
            }
            Token::Word(word) => found.push((std::mem::take(&mut name), mask::text(word))),
        }
    }
    found
}

enum Token<'t> {
    Text(&'t str),
    Word(&'t str),
}

fn token(rest: &str) -> (Token<'_>, &str) {
    let Some(inner) = rest.strip_prefix('"') else {
        let end = rest.find(|c: char| matches!(c, ',' | ':' | '"' | '[' | ']' | '{' | '}') || c.is_whitespace());
        let (word, behind) = rest.split_at(end.unwrap_or(rest.len()));
        return (Token::Word(word), behind);
    };
    let mut escaped = false;
    let end = inner.find(|c: char| {
        let ends = c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        ends
    });
    match end {
        Some(end) => (Token::Text(&inner[..end]), &inner[end + 1..]),
        None => (Token::Text(inner), ""),
    }
}

/// A name as it is, unless it looks like something else.
fn named(text: &str) -> String {
    let is_of_names =
        |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '[' | ']' | '$' | ' ' | '\u{fffd}');
    let is_name = text.chars().all(is_of_names) && text.chars().count() <= MAX_NAME_CHARS;
    if is_name { text.to_owned() } else { mask::text(text) }
}

fn whole(body: &[u8]) -> (String, String) {
    (String::new(), mask::text(&lossy(body)))
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_body_its_names_and_the_shapes_of_its_values_are_shown() {
        const PARTS: &str = "--b\r\ncontent-disposition: form-data; name=\"a\"\r\n\r\nsecret\r\n--b\r\n\
                             content-disposition: form-data; name=f; filename=x\r\n\r\nbytes\r\n--b--\r\n";
        for (content_type, body, shown) in [
            (
                "",
                &b"lastname=Lovelace&x=%FF%FE%FD%FC&a[b]=&lastname=Ada"[..],
                "lastname=L••• (8);x=\u{fffd}••• (4);a[b]=;lastname=••• (3)",
            ),
            ("", b"a&b=secret", "a=;b=s••• (6)"),
            ("", b"John Smith 555", "=J••• (14)"),
            ("", b"<a href=\"secret\">x</a>", "=<••• (22)"),
            ("", b"{\"email\": \"a@example.org\",", "email=a••• (13)"),
            ("", b"[{\"a\": \"secret\"}]", "a=s••• (6)"),
            ("", PARTS.as_bytes(), "=-••• (130)"),
            ("image/png", b"{\"a\":\"secret\"", "a=s••• (6)"),
            ("multipart/form-data; boundary=b", PARTS.as_bytes(), "a=s••• (6);f=b••• (5)"),
            ("multipart/form-data; boundary=c", PARTS.as_bytes(), "=-••• (130)"),
            (
                "application/json",
                br#"{"a": "secret", "b": {"c": [1234, "x"]}, "d": true, "e": null}"#,
                "a=s••• (6);c=1••• (4);=••• (1);d=•••;e=null",
            ),
            ("application/json", br#"{"a": "sec\"ret", "b": oops"#, "a=s••• (8);b=•••"),
            ("text/plain", br#"{"a":"secret""#, "a=s••• (6)"),
            ("application/xml", b"<secret/>", "=<••• (9)"),
            ("", b"", ""),
        ] {
            let found = of_body(Some(content_type), body);
            let text: Vec<_> = found.iter().map(|(name, value)| format!("{name}={value}")).collect();
            assert_eq!(text.join(";"), shown, "{content_type}");
        }
    }

    #[test]
    fn of_a_query_what_it_selects_stays() {
        for (query, shown) in [
            ("workflow_id=77&utm_source=newsletter", "workflow_id=77&utm_source=n••• (10)"),
            ("workflow_trigger=web_lead?e=ada%40example.org", "workflow_trigger=web_lead&e=a••• (15)"),
            ("", ""),
            ("ada@example.org", "a••• (15)"),
        ] {
            assert_eq!(of_query(query), shown);
        }
    }
}
