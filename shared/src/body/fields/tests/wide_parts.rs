//! Parts of multipart forms in UTF-16.

use super::*;

#[test]
fn a_part_is_read_in_the_charset_that_it_names_utf_16_too() {
    let wide = |text: &str, big: bool| -> Vec<u8> {
        let bytes = |unit: u16| if big { unit.to_be_bytes() } else { unit.to_le_bytes() };
        text.encode_utf16().flat_map(bytes).collect()
    };
    for (charset, content, expected) in [
        ("utf-16le", wide("привет", false), "привет"),
        ("utf-16", wide("Ada Lovelace", false), "Ada Lovelace"),
        ("UTF-16BE", wide("Zoë\r\nЗоя", true), "Zoë\r\nЗоя"),
        ("utf-16", wide("\u{feff}Ada", true), "Ada"),
        ("unicode", wide("\u{feff}Зоя", false), "Зоя"),
        // .NET names the charset of its own texts, and sends UTF-8.
        ("utf-16", "привет, Ada".into(), "привет, Ada"),
        ("utf-16", "Ada\tLovelace".into(), "Ada\tLovelace"),
        ("utf-16", Vec::new(), ""),
    ] {
        let part = format!("{}\r\nContent-Type: text/plain; charset={charset}", named("a"));
        let env = fields(Some(MULTIPART), &multipart(&[(&part, &content)]), &settings()).unwrap().env;
        assert_eq!(env.get("a"), Some(&serde_json::Value::from(expected)), "{charset} {expected}");
    }
    let part = format!("{}\r\nContent-Type: application/json; charset=utf-16", named("a"));
    let read = read(MULTIPART, &multipart(&[(&part, &wide("{\"b\":\"Зоя\"}", false))]));
    assert_eq!(read.as_deref(), Ok("{\"a\":{\"b\":\"Зоя\"}}"));
    let part = format!("{}\r\nContent-Type: text/plain; charset=utf-16", named("a"));
    let lone = multipart(&[(&part, &[0x00, 0xd8, 0x41, 0x00])]);
    assert_eq!(super::read(MULTIPART, &lone).unwrap_err(), "field \"a\" is not text in UTF-16LE");
}
