//! The bytes of JSON that was not read yet: how much there is of it is told by the signs outside of its texts.

/// Each byte, and whether it stands inside of a text.
pub fn scanned(json: &[u8]) -> impl Iterator<Item = (u8, bool)> {
    let (mut is_text, mut is_escaped) = (false, false);
    json.iter().map(move |&byte| {
        let was_text = is_text;
        is_text ^= byte == b'"' && !is_escaped;
        is_escaped = was_text && byte == b'\\' && !is_escaped;
        (byte, was_text)
    })
}

#[cfg(test)]
mod tests {
    use super::scanned;

    #[test]
    fn what_stands_in_texts_is_told_from_signs() {
        for (json, signs) in [
            (r#"{"a":[1,2]}"#, "{\":[1,2]}"),
            (r#""\",[","#, "\","),
            (r#"["\\","\"[,"]"#, "[\",\"]"),
            (r#"\"a,""#, "\\\""),
        ] {
            let outside = scanned(json.as_bytes()).filter(|(_, is_text)| !is_text).map(|(byte, _)| char::from(byte));
            assert_eq!(outside.collect::<String>(), signs, "{json}");
        }
    }
}
