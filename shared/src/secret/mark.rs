//! A mark stands for a secret in a rendered request until the request is sent: it holds the name, and the value is put in
//! its place at the moment of the call. A mark begins with a random number of the process that wrote it, so that no posted
//! text can be a mark.

use std::borrow::Cow;
use std::sync::LazyLock;

use data_encoding::HEXLOWER;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use uuid::Uuid;

use super::{Secrets, Unusable};
use crate::id::SecretName;

/// How a value is written where its mark stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// As it is.
    Text,
    /// In a URL or a form: percent-encoded.
    Url,
    /// In a text of JSON: escaped.
    Json,
}

const PLACES: [(char, Place); 3] = [('t', Place::Text), ('u', Place::Url), ('j', Place::Json)];

/// What the marks of this process begin with. It has only letters and digits, so that it stays the same in a URL, in a form
/// and in JSON.
pub fn beginning() -> &'static str {
    static BEGINNING: LazyLock<String> = LazyLock::new(|| format!("secret{}", Uuid::new_v4().simple()));
    &BEGINNING
}

/// The mark of a secret in a text.
pub fn of(name: &SecretName) -> String {
    format!("{}{}t", beginning(), HEXLOWER.encode(name.as_str().as_bytes()))
}

/// The same rendered text, whose marks say in which place their values are written.
pub fn put_in(text: String, place: Place) -> String {
    if !text.contains(beginning()) {
        return text;
    }
    let letter = PLACES.iter().find(|(_, one)| *one == place).map_or('t', |(letter, _)| *letter);
    let mut written = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some((before, mark, after)) = next(rest, beginning()) {
        written.push_str(before);
        written.push_str(&mark[..mark.len() - 1]);
        written.push(letter);
        rest = after;
    }
    written + rest
}

/// The same text with the values of its secrets. `beginning` is that of the process that rendered the text.
///
/// # Errors
/// A secret is missing or cannot be decrypted.
pub fn fill<'t>(text: &'t str, beginning: &str, secrets: &Secrets) -> Result<Cow<'t, str>, Unusable> {
    if !text.contains(beginning) {
        return Ok(Cow::Borrowed(text));
    }
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, mark, after)) = next(rest, beginning) {
        filled.push_str(before);
        match read(mark, beginning) {
            Some((name, place)) => filled.push_str(&written(secrets.get(&name)?.text(), place)),
            None => filled.push_str(mark),
        }
        rest = after;
    }
    filled.push_str(rest);
    Ok(Cow::Owned(filled))
}

/// The same text for people: in the place of a secret stands what a workflow writes for it.
pub fn shown(text: &str, beginning: &str) -> String {
    let (mut shown, mut rest) = (String::with_capacity(text.len()), text);
    while let Some((before, mark, after)) = next(rest, beginning) {
        shown.push_str(before);
        match read(mark, beginning) {
            Some((name, _)) => shown.extend(["$secret[\"", name.as_str(), "\"]"]),
            None => shown.push_str(mark),
        }
        rest = after;
    }
    shown + rest
}

/// The names of the secrets that stand in a text.
pub fn names(text: &str, beginning: &str) -> Vec<SecretName> {
    let (mut names, mut rest) = (Vec::new(), text);
    while let Some((_, mark, after)) = next(rest, beginning) {
        names.extend(read(mark, beginning).map(|(name, _)| name));
        rest = after;
    }
    names
}

/// What stands before the first mark, the mark, and what stands behind it.
fn next<'t>(text: &'t str, beginning: &str) -> Option<(&'t str, &'t str, &'t str)> {
    let start = text.find(beginning)?;
    let name = start + beginning.len();
    let is_end = |c: char| PLACES.iter().any(|(letter, _)| *letter == c);
    let end = name + text[name..].find(is_end)? + 1;
    Some((&text[..start], &text[start..end], &text[end..]))
}

fn read(mark: &str, beginning: &str) -> Option<(SecretName, Place)> {
    let mut name = mark.strip_prefix(beginning)?.chars();
    let letter = name.next_back()?;
    let place = PLACES.iter().find(|(one, _)| *one == letter)?.1;
    let name = String::from_utf8(HEXLOWER.decode(name.as_str().as_bytes()).ok()?).ok()?;
    Some((name.parse().ok()?, place))
}

/// A value as its place needs it.
pub fn written(value: &str, place: Place) -> String {
    match place {
        Place::Text => value.to_owned(),
        Place::Url => utf8_percent_encode(value, NON_ALPHANUMERIC).to_string(),
        // A text can always be written as JSON; without its quotes.
        Place::Json => serde_json::to_string(value).map(|text| text[1..text.len() - 1].to_owned()).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::key::Keys;
    use super::*;

    const VALUE: &str = "a\"b& ä/";

    fn secrets() -> Secrets {
        let keys: Keys = "07".repeat(32).parse().unwrap();
        let name: SecretName = "crm.key-1".parse().unwrap();
        Secrets::open(&keys, vec![(name.clone(), keys.seal(&name, VALUE).unwrap())])
    }

    #[test]
    fn a_value_is_written_as_its_place_needs_it() {
        let name: SecretName = "crm.key-1".parse().unwrap();
        for (place, expected) in [
            (Place::Text, "x a\"b& ä/y a\"b& ä/"),
            (Place::Url, "x a%22b%26%20%C3%A4%2Fy a%22b%26%20%C3%A4%2F"),
            (Place::Json, "x a\\\"b& ä/y a\\\"b& ä/"),
        ] {
            let text = put_in(format!("x {0}y {0}", of(&name)), place);
            assert!(!text.contains(VALUE));
            assert_eq!(fill(&text, beginning(), &secrets()).unwrap(), expected);
            assert_eq!(names(&text, beginning()), [name.clone(), name.clone()]);
            assert_eq!(shown(&text, beginning()), r#"x $secret["crm.key-1"]y $secret["crm.key-1"]"#);
        }
    }

    #[test]
    fn a_mark_of_another_process_and_what_is_no_mark_stay() {
        let name: SecretName = "crm.key-1".parse().unwrap();
        for text in ["", "t", "secret", &of(&name).replace(beginning(), "secret0"), beginning()] {
            assert_eq!(fill(text, beginning(), &secrets()).unwrap(), text);
            assert_eq!(shown(text, beginning()), text);
        }
        let none = of(&"other".parse().unwrap());
        assert_eq!(fill(&none, beginning(), &secrets()).unwrap_err().to_string(), "there is no secret other");
    }
}
