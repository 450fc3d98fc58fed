//! Takes those parameters out of a `DATABASE_URL` that are read by Postern itself. Both forms of libpq are read:
//! <https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING>.

use std::collections::HashMap;

use percent_encoding::percent_decode_str;

/// The parameters that are taken out.
const TAKEN: [&str; 5] = ["sslmode", "sslrootcert", "sslcert", "sslkey", "target_session_attrs"];

/// What was taken out, by name. Of a repeated name the last counts.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Words(HashMap<&'static str, String>);

impl Words {
    /// The value; an empty one is none.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// Whether it is taken out.
    fn takes(&mut self, name: &str, value: impl FnOnce() -> String) -> bool {
        let known = TAKEN.into_iter().find(|known| *known == name);
        known.is_some_and(|known| {
            self.0.insert(known, value());
            true
        })
    }
}

/// The text without them, and what they were; none = it cannot be read.
pub(super) fn take(text: &str) -> Option<(String, Words)> {
    let is_url = ["postgres://", "postgresql://"].iter().any(|scheme| text.starts_with(scheme));
    if is_url { take_from_url(text) } else { take_from_keywords(text) }
}

fn take_from_url(text: &str) -> Option<(String, Words)> {
    let mut words = Words::default();
    let hosts = text.find('@').unwrap_or_default();
    let Some(end) = text[hosts..].find('?').map(|at| hosts + at) else { return Some((text.to_owned(), words)) };
    let (front, query) = (&text[..end], &text[end + 1..]);
    let mut kept = Vec::new();
    for pair in query.split('&') {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let value = percent_decode_str(value).decode_utf8().ok()?;
        if !words.takes(name, || value.into_owned()) {
            kept.push(pair);
        }
    }
    let rest = if kept.is_empty() { front.to_owned() } else { format!("{front}?{}", kept.join("&")) };
    Some((rest, words))
}

fn take_from_keywords(text: &str) -> Option<(String, Words)> {
    let (mut words, mut kept, mut rest) = (Words::default(), String::new(), text.trim_start());
    while !rest.is_empty() {
        let (name, after) = rest.split_once('=')?;
        let (value, after) = value(after.trim_start())?;
        let name = name.trim_end();
        if !words.takes(name, || value.clone()) {
            let quoted = value.replace('\\', "\\\\").replace('\'', "\\'");
            kept.push_str(&format!("{name}='{quoted}' "));
        }
        rest = after.trim_start();
    }
    Some((kept, words))
}

/// A value, in quotes or up to a blank, in which a backslash escapes; and what follows it.
fn value(text: &str) -> Option<(String, &str)> {
    let (text, is_quoted) = text.strip_prefix('\'').map_or((text, false), |text| (text, true));
    let (mut value, mut letters) = (String::new(), text.char_indices());
    while let Some((at, letter)) = letters.next() {
        match letter {
            '\\' => value.push(letters.next()?.1),
            '\'' if is_quoted => return Some((value, &text[at + 1..])),
            letter if letter.is_whitespace() && !is_quoted => return Some((value, &text[at..])),
            letter => value.push(letter),
        }
    }
    (!is_quoted).then_some((value, ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_taken_out_of_both_forms() {
        for (text, rest, mode, root) in [
            ("postgres://u:p@h/x", "postgres://u:p@h/x", None, None),
            ("postgres://h/x?sslmode=require", "postgres://h/x", Some("require"), None),
            ("postgres://h/x?sslmode=require&a=b?c", "postgres://h/x?a=b?c", Some("require"), None),
            ("postgres://u:p?@h/x?sslmode=require", "postgres://u:p?@h/x", Some("require"), None),
            ("postgres://h/x?a=1&sslrootcert=%2Fc%20a&b=2", "postgres://h/x?a=1&b=2", None, Some("/c a")),
            ("host=h sslmode = 'verify-ca' user=u", "host='h' user='u' ", Some("verify-ca"), None),
            (r"password='a\' \\b' sslrootcert=/c\ a", r"password='a\' \\b' ", None, Some("/c a")),
            ("sslmode='' host=h", "host='h' ", None, None),
        ] {
            let (found, words) = take(text).unwrap();
            assert_eq!((found.as_str(), words.get("sslmode"), words.get("sslrootcert")), (rest, mode, root), "{text}");
        }
        for text in ["nonsense", "host='h", r"host=h\", "postgres://h/x?sslmode=%ff"] {
            assert!(take(text).is_none(), "{text}");
        }
    }
}
