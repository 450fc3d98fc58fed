//! The setting `origins`.

use crate::document::Reader;
use crate::message::PermissionFault;

use super::reader::texts;

pub(super) fn read(reader: &mut Reader) -> Vec<String> {
    let mut origins = Vec::new();
    for text in texts(reader, "origins") {
        for word in text.split(|c: char| c == ',' || c.is_whitespace()).filter(|word| !word.is_empty()) {
            match origin(word) {
                Some(origin) => origins.push(origin),
                None => {
                    let short: String = word.chars().take(60).collect();
                    reader.report("origins", PermissionFault::NoOrigin { origin: format!("{short:?}") });
                }
            }
        }
    }
    origins
}

/// An origin as browsers write it (RFC 6454, 6.2): scheme, host, port if unusual, in lowercase, without a path.
/// `null` is none: every sandboxed page has it.
fn origin(text: &str) -> Option<String> {
    let lower = text.to_ascii_lowercase();
    let host = lower.strip_prefix("https://").or_else(|| lower.strip_prefix("http://"))?;
    let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b':' | b'[' | b']');
    (!host.is_empty() && host.bytes().all(allowed)).then_some(lower)
}
