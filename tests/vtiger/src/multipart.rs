//! Text parts of a body as `multipart/form-data`.

use std::collections::BTreeMap;

/// The parts by their names.
pub fn read(body: &[u8], boundary: &str) -> BTreeMap<String, String> {
    let text = String::from_utf8_lossy(body);
    let part = |part: &str| {
        let (head, value) = part.split_once("\r\n\r\n")?;
        let (_, name) = head.split_once("name=\"")?;
        Some((name.split('"').next()?.to_owned(), value.strip_suffix("\r\n").unwrap_or(value).to_owned()))
    };
    text.split(&format!("--{boundary}")).filter_map(part).collect()
}
