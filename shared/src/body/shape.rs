//! The shape of what was refused: its names, and of each value what [`mask`] shows. Bodies that cannot be read have one,
//! too, so nothing here fails: what does not look like a name is taken for a value.

use encoding_rs::WINDOWS_1251;

use super::beginning::{Beginning, beginning};
use super::form::{decoded, pairs};
use super::media_type::{Kind, kind};
use super::{json, multipart};
use crate::intake::selector::SELECTORS;
use crate::mask;

/// How many names of a refused body are shown: enough to recognise a form.
const MAX_SHOWN: usize = 1_000;

/// The longest text that is taken for a name, in characters.
const MAX_NAME_CHARS: usize = 100;

/// The names of a body, each with the shape of a value; what has no name stands under an empty one.
pub fn of_body(content_type: Option<&str>, body: &[u8]) -> Vec<(String, String)> {
    let mut found = read(content_type, body, lossy);
    found.truncate(MAX_SHOWN);
    let shown = |(name, value): (String, Value)| match value {
        Value::Text(text) | Value::Escaped(text) => (named(&name), mask::text(&text)),
        Value::Word(word) if word == "null" => (named(&name), word),
        // The first letter of `true` says all.
        Value::Word(word) if word.starts_with(char::is_alphabetic) => (named(&name), mask::HIDDEN.to_owned()),
        Value::Word(word) => (named(&name), mask::text(&word)),
    };
    found.into_iter().map(shown).collect()
}

/// The names of a body, each with its value, as far as they can be read.
pub fn values(content_type: Option<&str>, body: &[u8]) -> Vec<(String, String)> {
    let value = |(name, value)| match value {
        Value::Escaped(text) if text.contains('\\') => (name, unescaped(text)),
        Value::Text(text) | Value::Escaped(text) | Value::Word(text) => (name, text),
    };
    read(content_type, body, guessed).into_iter().map(value).collect()
}

/// A value of a body.
enum Value {
    Text(String),
    /// A text of JSON with its escapes.
    Escaped(String),
    /// A word of JSON, such as a number or `null`.
    Word(String),
}

/// The names and values of a body; `text` makes a text of bytes.
fn read(content_type: Option<&str>, body: &[u8], text: fn(&[u8]) -> String) -> Vec<(String, Value)> {
    let header = content_type.unwrap_or_default();
    let whole = || vec![(String::new(), Value::Text(text(body)))];
    match kind(header) {
        Kind::Json => of_json(&text(body)),
        Kind::Form => match beginning(body) {
            Beginning::Form => of_form(body, text),
            Beginning::Json => of_json(&text(body)),
            Beginning::Xml | Beginning::Multipart => whole(),
        },
        Kind::Text | Kind::Other if json::looks_like_object(body) => of_json(&text(body)),
        Kind::Multipart => match multipart::contents(header, body) {
            Some(parts) => parts.iter().map(|(name, content)| (text(name), Value::Text(text(content)))).collect(),
            None => whole(),
        },
        Kind::Text | Kind::Other => whole(),
    }
}

/// A query with the shapes of its values; what it selects stays, if it may be a number or a key.
pub fn of_query(query: &str) -> String {
    let pairs = query.split(['&', '?']).filter(|pair| !pair.is_empty()).map(|pair| match pair.split_once('=') {
        Some((name, value)) if SELECTORS.contains(&name) && is_key(value) => pair.to_owned(),
        Some((name, value)) => format!("{}={}", named(name), mask::text(&lossy(&decoded(value.as_bytes())))),
        None => mask::text(pair),
    });
    pairs.collect::<Vec<_>>().join("&")
}

fn of_form(body: &[u8], text: fn(&[u8]) -> String) -> Vec<(String, Value)> {
    let pair = |(name, value): (&[u8], &[u8])| {
        let (name, value) = (text(&decoded(name)), text(&decoded(value)));
        // Without a `=` it is more likely no form at all.
        if value.is_empty() && !body.contains(&b'=') {
            (String::new(), Value::Text(name))
        } else {
            (name, Value::Text(value))
        }
    };
    pairs(body).map(pair).collect()
}

/// Of JSON, and of what was meant to be: a text before a colon is a name, every other text or word a value.
fn of_json(text: &str) -> Vec<(String, Value)> {
    let (mut found, mut name, mut rest) = (Vec::new(), String::new(), text);
    while let Some(start) = rest.find(|c: char| c == '"' || c == '-' || c.is_alphanumeric()) {
        let (token, behind) = token(&rest[start..]);
        rest = behind;
        match token {
            Token::Text(text) if rest.trim_start().starts_with(':') => name = text.to_owned(),
            Token::Text(text) => found.push((std::mem::take(&mut name), Value::Escaped(text.to_owned()))),
            Token::Word(word) => found.push((std::mem::take(&mut name), Value::Word(word.to_owned()))),
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

/// Whether a text may be a number or a key, perhaps a misspelt one.
fn is_key(text: &str) -> bool {
    text.len() <= MAX_NAME_CHARS && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.+".contains(&byte))
}

/// A name as it is, unless it looks like something else.
fn named(text: &str) -> String {
    let is_of_names =
        |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '[' | ']' | '$' | ' ' | '\u{fffd}');
    let is_name = text.chars().all(is_of_names) && text.chars().count() <= MAX_NAME_CHARS;
    if is_name { text.to_owned() } else { mask::text(text) }
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Text in UTF-8, or else in the charset that most bodies have that are refused for theirs.
fn guessed(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => WINDOWS_1251.decode_without_bom_handling(bytes).0.into_owned(),
    }
}

/// A text of JSON without its escapes; one that is no JSON stays.
fn unescaped(text: String) -> String {
    serde_json::from_str(&format!("\"{text}\"")).unwrap_or(text)
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
    fn of_a_body_that_cannot_be_accepted_the_values_are_read_all_the_same() {
        for (content_type, body, expected) in [
            (
                "",
                &b"lastname=%C8%E2%E0%ED%EE%E2&email=a%40example.org&x=%FF"[..],
                "lastname=Иванов;email=a@example.org;x=я",
            ),
            ("", b"lastname=\xc8\xe2\xe0\xed&name=\xd0\x98", "lastname=Иван;name=И"),
            (
                "application/json",
                br#"[{"name": "\u0418\u0432\u0430\u043d", "id": 4711, "x": oops"#,
                "name=Иван;id=4711;x=oops",
            ),
            ("text/plain", b"ada@example.org", "=ada@example.org"),
            ("", b"path=C:\\names", "path=C:\\names"),
        ] {
            let found = values(Some(content_type), body);
            let text: Vec<_> = found.iter().map(|(name, value)| format!("{name}={value}")).collect();
            assert_eq!(text.join(";"), expected, "{content_type}");
        }
    }

    #[test]
    fn of_a_query_what_it_selects_stays() {
        for (query, shown) in [
            ("workflow_id=77&utm_source=newsletter", "workflow_id=77&utm_source=n••• (10)"),
            ("workflow_trigger=web_lead?e=ada%40example.org", "workflow_trigger=web_lead&e=a••• (15)"),
            ("", ""),
            ("ada@example.org", "a••• (15)"),
            ("workflow_trigger=web+lead&record_id=", "workflow_trigger=web+lead&record_id="),
            ("workflow_id=ada%40example.org", "workflow_id=a••• (15)"),
        ] {
            assert_eq!(of_query(query), shown);
        }
    }
}
