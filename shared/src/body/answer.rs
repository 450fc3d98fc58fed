//! The text of an answer that another system gave: by the charset of its header, else the one that XML or HTML names at its
//! beginning, else UTF-8.

use std::borrow::Cow;

use encoding_rs::Encoding;

use super::parameters::Parameters;
use super::text::{decode_anyhow, encoding};

/// Where XML and HTML name their charset (WHATWG HTML, 13.2.3.2).
const BEGINNING: usize = 1024;

/// The text of a body; U+FFFD stands for what is no text of its charset.
pub fn decoded(content_type: &str, body: &[u8]) -> String {
    let body = body.strip_prefix("\u{feff}".as_bytes()).unwrap_or(body);
    let of_header = Parameters::of_header(content_type.as_bytes()).find("charset").and_then(|label| named(&label));
    let is_marked = content_type.contains("xml") || content_type.contains("html");
    let charset = of_header.or_else(|| if is_marked { of_beginning(body) } else { None });
    decode_anyhow(Cow::Borrowed(body), charset).0
}

/// `<?xml … encoding="windows-1251"?>`, `<meta charset="windows-1251">`, `content="text/html; charset=windows-1251"`.
fn of_beginning(body: &[u8]) -> Option<&'static Encoding> {
    let beginning = String::from_utf8_lossy(&body[..body.len().min(BEGINNING)]).to_ascii_lowercase();
    let (_, rest) = beginning.split_once("encoding=").or_else(|| beginning.split_once("charset="))?;
    let label = rest.trim_start_matches(['"', '\'']).split(['"', '\'', ' ', '>', ';', '/', '?']).next()?;
    named(label.as_bytes())
}

fn named(label: &[u8]) -> Option<&'static Encoding> {
    encoding(str::from_utf8(label).ok()?.trim())
}

#[cfg(test)]
mod tests {
    use super::decoded;

    /// `Привет` in windows-1251.
    const HELLO: &[u8] = b"\xcf\xf0\xe8\xe2\xe5\xf2";

    #[test]
    fn an_answer_is_decoded_by_the_charset_that_it_names() {
        let with = |before: &str, after: &str| [before.as_bytes(), HELLO, after.as_bytes()].concat();
        for (kind, body) in [
            ("text/plain; charset=windows-1251", HELLO.to_vec()),
            ("text/plain;charset=\"CP1251\"", HELLO.to_vec()),
            ("text/xml", with("<?xml version='1.0' encoding='windows-1251'?><a>", "</a>")),
            ("text/html", with("<html><meta charset=\"windows-1251\"><p>", "</p>")),
            ("text/html", with("<meta http-equiv=x content=\"text/html; charset=windows-1251\">", "")),
            ("text/plain; charset=koi8-r", b"\xf0\xd2\xc9\xd7\xc5\xd4".to_vec()),
            ("text/plain", "Привет".into()),
            ("text/plain; charset=windows-1251", "Привет".into()),
            ("text/plain; charset=nonsense", "\u{feff}Привет".into()),
        ] {
            let text = decoded(kind, &body);
            assert!(text.contains("Привет") && !text.starts_with('\u{feff}'), "{kind}: {text}");
        }
        assert_eq!(decoded("text/plain", b"a\xff"), "a\u{fffd}");
    }
}
