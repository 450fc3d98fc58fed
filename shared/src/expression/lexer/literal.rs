//! Texts in quotes, and numbers, as expressions write them.

use minijinja::Value as Jinja;

use crate::message::ExpressionFault;

/// What stands up to the closing quote, without its escapes, and how many bytes it takes with the quote; nothing = no
/// quote closes it.
pub(super) fn text(rest: &str, quote: char) -> Option<(String, usize)> {
    let mut text = String::new();
    let mut at = 0;
    loop {
        let c = rest[at..].chars().next()?;
        at += c.len_utf8();
        if c == quote {
            return Some((text, at));
        }
        if c != '\\' {
            text.push(c);
            continue;
        }
        let escaped = rest[at..].chars().next()?;
        at += escaped.len_utf8();
        match escaped {
            'n' => text.push('\n'),
            'r' => text.push('\r'),
            't' => text.push('\t'),
            'b' => text.push('\u{8}'),
            'f' => text.push('\u{c}'),
            '\\' | '"' | '\'' | '/' => text.push(escaped),
            'u' => match unicode(&rest[at..]) {
                Some((c, length)) => {
                    text.push(c);
                    at += length;
                }
                None => text.push_str("\\u"),
            },
            // `\d` of a pattern stays as it is.
            other => text.extend(['\\', other]),
        }
    }
}

/// Four hexadecimal digits, or two such pairs of a character beyond them.
fn unicode(rest: &str) -> Option<(char, usize)> {
    let unit = |text: &str| {
        u16::from_str_radix(text.get(..4).filter(|text| text.bytes().all(|b| b.is_ascii_hexdigit()))?, 16).ok()
    };
    let first = unit(rest)?;
    if let Some(c) = char::from_u32(first.into()) {
        return Some((c, 4));
    }
    let second = unit(rest.get(4..)?.strip_prefix("\\u")?)?;
    let c = char::decode_utf16([first, second]).next()?.ok()?;
    Some((c, 10))
}

/// A number at the beginning of a text, and its length. A place in a list has no fraction.
pub(super) fn number(rest: &str, is_place: bool) -> Result<(Jinja, usize), ExpressionFault> {
    let digits = |text: &str| text.find(|c: char| !(c.is_ascii_digit() || c == '_')).unwrap_or(text.len());
    for (prefix, radix) in [("0x", 16), ("0o", 8), ("0b", 2)] {
        if let Some(digits) = rest.strip_prefix(prefix) {
            let length = digits.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(digits.len());
            let number = i128::from_str_radix(&digits[..length].replace('_', ""), radix);
            return Ok((Jinja::from(number.map_err(|_| wrong(&rest[..2 + length]))?), 2 + length));
        }
    }
    let mut length = digits(rest);
    let mut is_whole = true;
    let starts_with_digit = |text: &str| text.starts_with(|c: char| c.is_ascii_digit());
    if !is_place && rest[length..].strip_prefix('.').is_some_and(starts_with_digit) {
        length += 1 + digits(&rest[length + 1..]);
        is_whole = false;
    }
    if let Some(exponent) = rest[length..].strip_prefix(['e', 'E']).filter(|_| !is_place) {
        let unsigned = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        if starts_with_digit(unsigned) {
            length += 1 + (exponent.len() - unsigned.len()) + digits(unsigned);
            is_whole = false;
        }
    }
    let text = &rest[..length];
    if rest[length..].starts_with(|c: char| c.is_alphanumeric()) {
        return Err(wrong(rest.split(|c: char| !c.is_alphanumeric()).next().unwrap_or(text)));
    }
    let plain = text.replace('_', "");
    let number = match is_whole {
        true => plain.parse::<i128>().ok().map(whole),
        false => plain.parse::<f64>().ok().filter(|number| number.is_finite()).map(Jinja::from),
    };
    number.map(|number| (number, length)).ok_or_else(|| wrong(text))
}

fn whole(number: i128) -> Jinja {
    i64::try_from(number).map_or_else(|_| Jinja::from(number), Jinja::from)
}

fn wrong(text: &str) -> ExpressionFault {
    ExpressionFault::NoNumber { text: text.chars().take(40).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::Message;

    #[test]
    fn texts_end_at_their_quote_and_lose_their_escapes() {
        for (rest, quote, expected) in [
            (r#"a" b"#, '"', Some(("a", 2))),
            (r#"a\"b'" c"#, '"', Some((r#"a"b'"#, 6))),
            (r"a\n\t\\' ", '\'', Some(("a\n\t\\", 8))),
            (r#"\u00e4\ud83d\ude00!" x"#, '"', Some(("ä😀!", 20))),
            (r#"\d+\u12\ud83d" x"#, '"', Some((r"\d+\u12\ud83d", 14))),
            ("a", '"', None),
            (r"a\", '"', None),
        ] {
            let found = text(rest, quote);
            assert_eq!(found.as_ref().map(|(text, length)| (text.as_str(), *length)), expected, "{rest}");
        }
    }

    #[test]
    fn numbers_are_read_as_far_as_they_go() {
        for (rest, is_place, expected) in [
            ("12 a", false, Ok(("12", 2))),
            ("1.50)", false, Ok(("1.5", 4))),
            ("1.a", false, Ok(("1", 1))),
            ("1.2.3", true, Ok(("1", 1))),
            ("1e3,", false, Ok(("1000.0", 3))),
            ("2E-1", false, Ok(("0.2", 4))),
            ("1_000", false, Ok(("1000", 5))),
            ("0x1F|", false, Ok(("31", 4))),
            ("12345678901234567890123", false, Ok(("12345678901234567890123", 23))),
            ("5kg", false, Err("5kg is no number; a text stands in quotes")),
            ("0xZ", false, Err("0xZ is no number; a text stands in quotes")),
            ("1e999", false, Err("1e999 is no number; a text stands in quotes")),
        ] {
            let found = number(rest, is_place);
            let found = found.as_ref().map(|(number, length)| (number.to_string(), *length));
            let expected = expected.map(|(text, length)| (text.to_owned(), length));
            let found = found.map_err(|fault| Message::from(fault.clone()).to_string());
            assert_eq!(found, expected.map_err(str::to_owned), "{rest}");
        }
    }
}
