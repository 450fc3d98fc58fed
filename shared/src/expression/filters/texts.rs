//! Texts: `truncate`, `striptags`, `digits`, `titlecase`, `slug`, `urlencode`.

use minijinja::value::Kwargs;
use minijinja::{Environment, Error, State, Value, filters};

use super::{is_nothing, mapped};
use crate::web_address;

/// Letters that `truncate` leaves when no length is given. Jinja's own filter leaves as many.
const DEFAULT_LENGTH: usize = 255;

/// Elements whose content is no text to read.
const SILENT: [&str; 2] = ["script", "style"];

/// Elements that stand inside of a word; between the words of two others is a blank.
const INLINE: [&str; 16] =
    ["a", "abbr", "b", "code", "em", "font", "i", "mark", "s", "small", "span", "strong", "sub", "sup", "u", "wbr"];

/// Characters that HTML names, of those that people meet.
const ENTITIES: [(&str, &str); 12] = [
    ("amp", "&"),
    ("lt", "<"),
    ("gt", ">"),
    ("quot", "\""),
    ("apos", "'"),
    ("nbsp", " "),
    ("laquo", "«"),
    ("raquo", "»"),
    ("ndash", "–"),
    ("mdash", "—"),
    ("hellip", "…"),
    ("euro", "€"),
];

pub(super) fn add(environment: &mut Environment<'static>) {
    environment.add_filter("truncate", truncate);
    environment.add_filter("striptags", |state: &State, value: &Value| mapped(state, value, striptags));
    environment.add_filter("digits", |state: &State, value: &Value| {
        mapped(state, value, |text| text.chars().filter(char::is_ascii_digit).collect())
    });
    environment.add_filter("titlecase", |state: &State, value: &Value| mapped(state, value, titlecase));
    environment.add_filter("slug", |state: &State, value: &Value| mapped(state, value, slug));
    environment.add_filter("urlencode", urlencode);
    environment.add_test("url", |value: &Value| value.as_str().is_some_and(|text| web_address::read(text).is_some()));
}

/// `truncate(80)`, `truncate(80, end="…", killwords=true)`: no longer than so many letters with the end. Words stay whole.
fn truncate(state: &State, value: &Value, length: Option<usize>, kwargs: Kwargs) -> Result<Value, Error> {
    let length = match length {
        Some(length) => length,
        None => kwargs.get::<Option<usize>>("length")?.unwrap_or(DEFAULT_LENGTH),
    };
    let end: Option<&str> = kwargs.get("end")?;
    let kill_words = kwargs.get::<Option<bool>>("killwords")?.unwrap_or_default();
    kwargs.assert_all_used()?;
    mapped(state, value, |text| shortened(text, length, end.unwrap_or("…"), kill_words))
}

fn shortened(text: &str, length: usize, end: &str, kill_words: bool) -> String {
    if text.chars().count() <= length {
        return text.to_owned();
    }
    let room = length.saturating_sub(end.chars().count());
    let cut = text.char_indices().nth(room).map_or(text.len(), |(at, _)| at);
    let mut kept = &text[..cut];
    let cuts_word = text[cut..].starts_with(|c: char| !c.is_whitespace());
    if cuts_word
        && !kill_words
        && let Some(at) = kept.rfind(char::is_whitespace)
    {
        kept = &kept[..at];
    }
    kept.trim_end().to_owned() + end
}

/// The text of HTML: without tags, comments, scripts and styles; references are their characters, blanks are one.
fn striptags(html: &str) -> String {
    let mut text = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        text.push_str(&rest[..at]);
        rest = &rest[at..];
        match tag_length(rest) {
            // A lone `<` is text.
            None => {
                text.push('<');
                rest = &rest[1..];
            }
            Some(length) => {
                if !is_inline(&rest[1..]) {
                    text.push(' ');
                }
                rest = &rest[length..];
            }
        }
    }
    text.push_str(rest);
    unescaped(&text).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether a tag, behind its `<`, stands inside of a word.
fn is_inline(tag: &str) -> bool {
    let name = tag.trim_start_matches('/');
    let end = name.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(name.len());
    INLINE.iter().any(|element| element.eq_ignore_ascii_case(&name[..end]))
}

/// The bytes of the tag or comment with which a text begins, with what a silent element holds.
fn tag_length(text: &str) -> Option<usize> {
    if text.starts_with("<!--") {
        return Some(text.find("-->").map_or(text.len(), |at| at + 3));
    }
    let name = text[1..].trim_start_matches('/');
    if !name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '!' || c == '?') {
        return None;
    }
    let end = text.find('>').map_or(text.len(), |at| at + 1);
    let is = |element: &str| {
        text.get(1..=element.len()).is_some_and(|begins| begins.eq_ignore_ascii_case(element))
            && !text[1 + element.len()..].starts_with(|c: char| c.is_ascii_alphanumeric())
    };
    let Some(element) = SILENT.into_iter().find(|element| is(element)) else { return Some(end) };
    let inside = &text[end..];
    let closes = inside.match_indices("</").find(|(at, _)| {
        inside.get(at + 2..at + 2 + element.len()).is_some_and(|name| name.eq_ignore_ascii_case(element))
    });
    let Some((at, _)) = closes else { return Some(text.len()) };
    Some(end + at + inside[at..].find('>').map_or(inside.len() - at, |close| close + 1))
}

fn unescaped(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        plain.push_str(&rest[..at]);
        rest = &rest[at..];
        // No name of a character is longer than this.
        let end = rest.bytes().take(10).position(|byte| byte == b';');
        match end.and_then(|end| Some((character(&rest[1..end])?, end))) {
            Some((character, end)) => {
                plain.push_str(&character);
                rest = &rest[end + 1..];
            }
            None => {
                plain.push('&');
                rest = &rest[1..];
            }
        }
    }
    plain + rest
}

fn character(name: &str) -> Option<String> {
    if let Some(number) = name.strip_prefix('#') {
        let hex = number.strip_prefix(['x', 'X']);
        let code = hex.map_or_else(|| number.parse().ok(), |hex| u32::from_str_radix(hex, 16).ok())?;
        return char::from_u32(code).filter(|c| *c != '\0').map(String::from);
    }
    ENTITIES.iter().find(|(known, _)| *known == name).map(|(_, character)| (*character).to_owned())
}

/// Names as people write them: each word and each part behind a hyphen or an apostrophe begins with a capital.
fn titlecase(text: &str) -> String {
    let mut titled = String::with_capacity(text.len());
    let mut begins = true;
    for c in text.chars() {
        if begins {
            titled.extend(c.to_uppercase());
        } else {
            titled.extend(c.to_lowercase());
        }
        begins = c.is_whitespace()
            || matches!(c, '-' | '–' | '.' | '(' | '"' | '«')
            || (is_apostrophe(c) && is_short(&titled));
    }
    titled
}

fn is_apostrophe(c: char) -> bool {
    matches!(c, '\'' | '’')
}

/// `O'` and `d'` begin a name, `Ada'` does not.
fn is_short(titled: &str) -> bool {
    titled.chars().rev().skip(1).take_while(|c| c.is_alphabetic()).count() == 1
}

/// Latin letters and digits in lower case, joined by hyphens.
fn slug(text: &str) -> String {
    let latin = deunicode::deunicode(text).to_lowercase();
    let words = latin.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("-")
}

fn urlencode(value: &Value) -> Result<Value, Error> {
    if is_nothing(value) { Ok(Value::UNDEFINED) } else { filters::urlencode(value).map(Value::from) }
}
