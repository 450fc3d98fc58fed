//! Media types as settings name them, as far as they must be right to stand in a header.

/// The longest media type, in bytes.
const MAX_BYTES: usize = 100;

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
