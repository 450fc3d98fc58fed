//! A body that is kept as one text, for permissions that say so: XML, ADF, or whatever a caller sends. It is `$env["body"]`.

use std::iter::once;

use encoding_rs::{Encoding, UTF_8};
use serde_json::Value;

use super::fields::{FieldSettings, Fields, FieldsError, named};
use super::text::{decode_value, encoding, meant};
use crate::env::Env;

/// The name of the text.
const NAME: &str = "body";

/// How far into a text its XML declaration is looked for.
const MAX_DECLARATION_BYTES: usize = 200;

/// The body as one text. Its charset is that of a byte order mark, else of the header, else of an XML declaration, else of
/// the permission, else UTF-8. Markup that can be read as ASCII is not in UTF-16, whatever is said: programs declare the
/// charset of their own texts, and send UTF-8.
pub(super) fn parse(header: &str, body: &[u8], settings: &FieldSettings) -> Result<Fields, FieldsError> {
    let (charset, mark) = match Encoding::for_bom(body) {
        Some((charset, mark)) if settings.overriding.is_none() => (charset, mark),
        _ => (named(header, settings)?.or_else(|| declared(body)).or(settings.charset).unwrap_or(UTF_8), 0),
    };
    let charset = if charset.is_ascii_compatible() || !is_ascii_markup(body) { charset } else { UTF_8 };
    let charset = meant(charset, once(body.into()));
    let text = decode_value(body[mark..].into(), NAME, charset)?;
    let mut env = Env::default();
    env.set(NAME, Value::String(text));
    Ok(Fields { env, ..Fields::default() })
}

/// Whether a body begins with a tag in ASCII. In UTF-16 a NUL stands beside its first byte.
fn is_ascii_markup(body: &[u8]) -> bool {
    let is_name = |byte: &u8| byte.is_ascii_alphabetic() || matches!(byte, b'?' | b'!' | b'_');
    matches!(body.trim_ascii_start(), [b'<', second, ..] if is_name(second)) && !body.contains(&0)
}

/// The charset of an XML declaration (XML 1.0, 4.3.3).
fn declared(body: &[u8]) -> Option<&'static Encoding> {
    let start = &body[..body.len().min(MAX_DECLARATION_BYTES)];
    let start = std::str::from_utf8(start.trim_ascii_start()).or_else(|error| {
        // What is cut or beyond ASCII stands behind the declaration.
        std::str::from_utf8(&start.trim_ascii_start()[..error.valid_up_to()])
    });
    let (declaration, _) = start.ok()?.strip_prefix("<?xml")?.split_once("?>")?;
    let (_, value) = declaration.split_once("encoding")?;
    let value = value.trim_start().strip_prefix('=')?.trim_start();
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    encoding(value[1..].split(quote).next()?)
}

#[cfg(test)]
mod tests {
    use super::super::fields::fields;
    use super::*;
    use crate::env::Limits;
    use crate::permission::Files;

    fn settings(charset: Option<&'static Encoding>) -> FieldSettings {
        FieldSettings {
            limits: Limits::default(),
            charset,
            overriding: None,
            files: Files::Refuse,
            raw: true,
            batch: false,
        }
    }

    #[test]
    fn a_raw_body_is_one_text_in_the_charset_that_is_named_first() {
        let cyrillic = Some(encoding_rs::WINDOWS_1251);
        for (header, body, charset, text) in [
            ("text/xml", "<a>ä</a>".as_bytes(), None, "<a>ä</a>"),
            (
                "application/x-adf+xml",
                b"<?xml version=\"1.0\"?>\n<?ADF VERSION \"1.0\"?><adf/>",
                None,
                "<?xml version=\"1.0\"?>\n<?ADF VERSION \"1.0\"?><adf/>",
            ),
            ("", b"a=1&b=2", None, "a=1&b=2"),
            ("application/json", b"[1,", None, "[1,"),
            ("text/plain; charset=windows-1251", b"\xcc\xee", None, "Мо"),
            (
                "text/xml",
                b"<?xml version='1.0' encoding='windows-1251'?><a>\xcc</a>",
                None,
                "<?xml version='1.0' encoding='windows-1251'?><a>М</a>",
            ),
            ("text/xml", b"\xcc\xee", cyrillic, "Мо"),
            ("text/xml", b"\xef\xbb\xbf<a/>", cyrillic, "<a/>"),
            ("text/xml", b"\xff\xfe<\0a\0/\0>\0", None, "<a/>"),
            // .NET declares the charset of its own texts.
            (
                "text/xml",
                b"<?xml version=\"1.0\" encoding=\"utf-16\"?><a/>",
                None,
                "<?xml version=\"1.0\" encoding=\"utf-16\"?><a/>",
            ),
            ("text/xml; charset=utf-16", "<a>ä</a>".as_bytes(), None, "<a>ä</a>"),
            (
                "text/xml; charset=iso-8859-1",
                "<?xml encoding='utf-8'?><a>ä</a>".as_bytes(),
                None,
                "<?xml encoding='utf-8'?><a>ä</a>",
            ),
            ("text/xml; charset=utf-16le", b"<\0a\0/\0>\0", None, "<a/>"),
            ("text/xml; charset=utf-16be", b"\0<\0a\0/\0>", None, "<a/>"),
        ] {
            let read = fields(Some(header), body, &settings(charset)).unwrap();
            assert_eq!(read.env.get("body"), Some(&Value::from(text)), "{header}");
        }
        assert!(fields(Some("text/xml"), b"", &settings(None)).unwrap().env.is_empty());
    }

    #[test]
    fn a_raw_body_that_is_no_text_is_refused() {
        for (header, body) in
            [("text/xml", &b"<a>\xcc</a>"[..]), ("text/plain", b"a\0b"), ("text/plain; charset=x", b"a")]
        {
            assert!(fields(Some(header), body, &settings(None)).is_err(), "{header}");
        }
    }
}
