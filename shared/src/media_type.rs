//! Media types as settings name them, as far as they must be right to stand in a header.

/// The longest media type, in bytes.
const MAX_BYTES: usize = 100;

/// Whether a browser that shows a body of this type reads markup in it, and runs its scripts: HTML, XHTML, SVG and other XML.
pub fn is_markup(text: &str) -> bool {
    let essence = text.split(';').next().unwrap_or_default().to_ascii_lowercase();
    essence.contains("html") || essence.contains("xml")
}

/// Whether a text is a media type such as `text/html; charset=utf-8`.
pub fn is_media_type(text: &str) -> bool {
    let is_token =
        |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.*".contains(&b));
    let (essence, _) = text.split_once(';').unwrap_or((text, ""));
    let parts = essence.trim().split_once('/');
    text.len() <= MAX_BYTES
        && text.bytes().all(|byte| matches!(byte, b' '..=b'~'))
        && parts.is_some_and(|(kind, sort)| is_token(kind) && is_token(sort))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_is_told_from_other_types() {
        for text in ["text/html", "TEXT/HTML; charset=utf-8", "application/xhtml+xml", "image/svg+xml", "text/xml"] {
            assert!(is_media_type(text) && is_markup(text), "{text}");
        }
        for text in ["application/json", "text/plain; charset=utf-8", "text/csv", "text/plain; x=html", ""] {
            assert!(!is_markup(text), "{text}");
        }
    }
}
