//! The `Content-Transfer-Encoding` of a part (RFC 2045, 6). RFC 7578 wants none, but libraries for mail write one.

use bytes::Bytes;
use data_encoding::BASE64_NOPAD;

/// The content as it was before base64 or quoted-printable. Of any other encoding, and where the content is not of the
/// encoding that is named, it is the content as it was sent.
pub(super) fn decoded(encoding: &[u8], content: Bytes) -> Bytes {
    let is = |name: &str| encoding.trim_ascii().eq_ignore_ascii_case(name.as_bytes());
    if is("base64") {
        base64(&content).map_or(content, Bytes::from)
    } else if is("quoted-printable") {
        quoted_printable(&content).into()
    } else {
        content
    }
}

fn base64(content: &[u8]) -> Option<Vec<u8>> {
    let digits: Vec<u8> = content.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
    let digits = digits.strip_suffix(b"==").or_else(|| digits.strip_suffix(b"=")).unwrap_or(&digits);
    BASE64_NOPAD.decode(digits).ok()
}

fn quoted_printable(content: &[u8]) -> Vec<u8> {
    let (mut decoded, mut left) = (Vec::with_capacity(content.len()), content);
    loop {
        left = match left {
            [] => return decoded,
            // The line goes on.
            [b'=', b'\r', b'\n', rest @ ..] | [b'=', b'\n', rest @ ..] => rest,
            [b'=', high, low, rest @ ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                let digit = |byte: &u8| u8::try_from(char::from(*byte).to_digit(16).unwrap_or_default());
                decoded.push(digit(high).unwrap_or_default() << 4 | digit(low).unwrap_or_default());
                rest
            }
            // What begins no escape stands for itself.
            [byte, rest @ ..] => {
                decoded.push(*byte);
                rest
            }
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_read_as_it_was_before_its_transfer_encoding() {
        for (encoding, content, expected) in [
            ("base64", "0J/RgNC4\r\n0LLQtdGC\r\n", "Привет"),
            ("BASE64", "YQ==", "a"),
            ("base64", "YQ", "a"),
            ("base64", "", ""),
            ("base64", "no digits: é", "no digits: é"),
            ("base64", "a", "a"),
            (" Quoted-Printable", "=D0=9F=\r\n=d1=80, a=3Db =\nc", "Пр, a=b c"),
            ("quoted-printable", "50% = =x =D", "50% = =x =D"),
            ("quoted-printable", "a\r\nb", "a\r\nb"),
            ("8bit", "=D0", "=D0"),
            ("7bit", "YQ==", "YQ=="),
            ("binary", "YQ==", "YQ=="),
            ("", "YQ==", "YQ=="),
        ] {
            let read = decoded(encoding.as_bytes(), content.as_bytes().to_vec().into());
            assert_eq!(std::str::from_utf8(&read), Ok(expected), "{encoding} {content}");
        }
    }
}
