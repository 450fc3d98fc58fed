//! What a body that is sent as a form begins like. `curl -d` sends JSON and XML as forms, and a program whose JSON is
//! broken does the same: read as a form, the whole text would become the name of a variable.

use super::form::decoded;
use super::json::without_bom;

/// The longest first line of a multipart body: `--`, and a boundary of 70 characters at most (RFC 2046, 5.1.1).
const MAX_BOUNDARY_LINE: usize = 80;

/// What a body begins like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Beginning {
    /// A form, or a text that is nothing else.
    Form,
    /// JSON. Braces and brackets begin a form only where they are part of a plain name, as in `[x]=1`.
    Json,
    /// XML or HTML.
    Xml,
    /// The first part of a multipart body.
    Multipart,
}

/// What a body begins like. Percent escapes are decoded first: some callers encode the whole JSON.
pub(super) fn beginning(body: &[u8]) -> Beginning {
    let body = without_bom(body).trim_ascii_start();
    if is_first_part(body) {
        return Beginning::Multipart;
    }
    let end = body.iter().position(|byte| *byte == b'=');
    let name = decoded(&body[..end.unwrap_or(body.len())]);
    let name = without_bom(&name).trim_ascii_start();
    match name {
        [b'<', second, ..] if second.is_ascii_alphabetic() || matches!(second, b'?' | b'!' | b'/') => Beginning::Xml,
        // A shell that takes no single quotes leaves them around the JSON.
        [b'{' | b'[', ..] | [b'\'' | b'"', b'{' | b'[', ..] if end.is_none() || !is_plain(name) => Beginning::Json,
        _ => Beginning::Form,
    }
}

/// Whether a name has none of the signs that stand between the names and values of JSON.
fn is_plain(name: &[u8]) -> bool {
    !name.iter().any(|byte| matches!(byte, b'"' | b'\'' | b':' | b',') || byte.is_ascii_whitespace())
}

/// Whether a line with a boundary is followed by a header.
fn is_first_part(body: &[u8]) -> bool {
    let line = body.iter().take(MAX_BOUNDARY_LINE).position(|byte| matches!(byte, b'\r' | b'\n'));
    let Some(line) = line.filter(|_| body.starts_with(b"--")) else { return false };
    let header = body[line..].trim_ascii_start();
    header.get(.."content-".len()).is_some_and(|start| start.eq_ignore_ascii_case(b"content-"))
}

#[cfg(test)]
mod tests {
    use super::Beginning::{Form, Json, Multipart, Xml};
    use super::*;

    #[test]
    fn json_xml_and_multipart_are_told_from_forms() {
        for (body, expected) in [
            // C15 of the callers: broken JSON, XML, a JSON array.
            ("{\"email\": \"a@example.org\",", Json),
            ("<lead><email>a@example.org</email></lead>", Xml),
            ("[{\"email\":\"a@example.org\"}]", Json),
            ("\u{feff} \n{\"url\":\"http://x/?a=b&c\"", Json),
            ("{email: a@example.org, url: /?a=b}", Json),
            ("'{\"a\":1}'", Json),
            ("%7B%22a%22%3A1%7D", Json),
            ("{\"a\":\"b\"}=", Json),
            ("%7B%22a%22%3A%22b%22%7D=", Json),
            ("[1,2]", Json),
            ("{", Json),
            ("<?xml version=\"1.0\"?><a/>", Xml),
            ("<!DOCTYPE html><a href=\"x\">", Xml),
            ("%3Clead%3E", Xml),
            ("--XX\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--XX--", Multipart),
            ("\r\n--XX\ncontent-type: text/plain\n\n1", Multipart),
            ("", Form),
            ("a=1", Form),
            ("a={\"b\":1}", Form),
            ("a=<b>1</b>", Form),
            ("a", Form),
            ("{a}=1", Form),
            ("{{name}}=1", Form),
            ("[x]=1&y={", Form),
            ("[]=1", Form),
            ("<3=1", Form),
            ("--=1", Form),
            ("--a\r\nb=1", Form),
            ("'quoted'=1", Form),
        ] {
            assert_eq!(beginning(body.as_bytes()), expected, "{body}");
        }
    }
}
