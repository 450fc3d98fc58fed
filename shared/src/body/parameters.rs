//! The `; name=value` parameters of header fields: of media types, of `Content-Disposition`, of `Forwarded`
//! (RFC 9110, 5.6.6; RFC 7239, 4).

use std::borrow::Cow;

/// Reads parameters one by one, from behind the first `;` of a header field or from the start of an element.
/// After an error it ends.
#[derive(Debug)]
pub struct Parameters<'h> {
    rest: &'h [u8],
}

/// A parameter that is neither `name=token` nor `name="quoted string"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvalidParameter;

impl<'h> Parameters<'h> {
    /// Of a text that begins with its first parameter.
    pub fn new(text: &'h [u8]) -> Self {
        Self { rest: text }
    }

    /// Of a header field that begins with something else, such as `text/plain; charset=utf-8`.
    pub fn of_header(header: &'h [u8]) -> Self {
        let end = header.iter().position(|b| *b == b';').map_or(header.len(), |at| at + 1);
        Self { rest: &header[end..] }
    }

    /// The first value of a name, in upper or lower case, or nothing; what stands behind it is not read.
    pub fn find(self, name: &str) -> Option<Cow<'h, [u8]>> {
        self.map_while(Result::ok)
            .find(|(found, _)| found.eq_ignore_ascii_case(name.as_bytes()))
            .map(|(_, value)| value)
    }
}

impl<'h> Iterator for Parameters<'h> {
    type Item = Result<(&'h [u8], Cow<'h, [u8]>), InvalidParameter>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            self.rest = self.rest.trim_ascii_start();
            match self.rest {
                [] => return None,
                [b';', rest @ ..] => self.rest = rest,
                _ => break,
            }
        }
        let parameter = parameter(self.rest);
        self.rest = parameter.as_ref().map_or(&[], |(_, _, rest)| rest);
        Some(parameter.map(|(name, value, _)| (name, value)).ok_or(InvalidParameter))
    }
}

/// A name, its value, and what stands behind them, which is nothing or begins with `;`.
#[expect(clippy::type_complexity, reason = "used once, right above")]
fn parameter(text: &[u8]) -> Option<(&[u8], Cow<'_, [u8]>, &[u8])> {
    let equals = text.iter().position(|b| matches!(b, b'=' | b';')).filter(|at| text[*at] == b'=')?;
    let (name, value) = (text[..equals].trim_ascii_end(), text[equals + 1..].trim_ascii_start());
    let (value, rest) = match value {
        [b'"', quoted @ ..] => quoted_string(quoted)?,
        token => {
            let end = token.iter().position(|b| *b == b';').unwrap_or(token.len());
            let token_end = token[..end].trim_ascii_end();
            if token_end.contains(&b'"') {
                return None;
            }
            (Cow::Borrowed(token_end), &token[end..])
        }
    };
    let rest = rest.trim_ascii_start();
    matches!(rest, [] | [b';', ..]).then_some((name, value, rest))
}

/// Behind the opening quote. Only `\"` and `\\` are escapes: some clients send file paths with bare backslashes.
fn quoted_string(text: &[u8]) -> Option<(Cow<'_, [u8]>, &[u8])> {
    let mut unescaped: Vec<u8> = Vec::new();
    let mut start = 0;
    let mut at = 0;
    while at < text.len() {
        match text[at] {
            b'\\' if matches!(text.get(at + 1), Some(b'"' | b'\\')) => {
                unescaped.extend_from_slice(&text[start..at]);
                start = at + 1;
                at += 2;
            }
            b'"' if unescaped.is_empty() && start == 0 => return Some((Cow::Borrowed(&text[..at]), &text[at + 1..])),
            b'"' => {
                unescaped.extend_from_slice(&text[start..at]);
                return Some((Cow::Owned(unescaped), &text[at + 1..]));
            }
            _ => at += 1,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_found_in_any_case_quoted_or_not() {
        for (header, expected) in [
            ("text/plain; charset=utf-8", Some("utf-8")),
            ("text/plain;CHARSET=\"utf-8\"", Some("utf-8")),
            ("text/plain ; a=b;; charset = utf-8 ; c=d", Some("utf-8")),
            ("text/plain; a=\"x; charset=latin1\"; charset=utf-8", Some("utf-8")),
            ("text/plain; charset=\"a\\\"b\\\\c\\d\"", Some("a\"b\\c\\d")),
            ("text/plain; charset=\"\\\"\"", Some("\"")),
            ("text/plain; charset=", Some("")),
            ("text/plain; xcharset=utf-8", None),
            ("text/plain; charset", None),
            ("text/plain; charset; charset=utf-8", None),
            ("text/plain; charset=\"utf-8", None),
            ("text/plain; charset=\"utf-8\"x", None),
            ("text/plain; charset=utf\"8", None),
            ("charset=utf-8", None),
            ("", None),
        ] {
            let found = Parameters::of_header(header.as_bytes()).find("charset");
            assert_eq!(found.as_deref(), expected.map(str::as_bytes), "{header}");
        }
    }
}
