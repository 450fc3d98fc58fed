//! The setting `origins`.

use crate::document::Reader;
use crate::message::{Message, PermissionFault};
use crate::permission::origin::{meant, origin};
use crate::suggestion::Meant;

use super::reader::texts;

pub(super) fn read(reader: &mut Reader) -> Vec<String> {
    let mut origins = Vec::new();
    for text in texts(reader, "origins") {
        for word in text.split(|c: char| c == ',' || c.is_whitespace()).filter(|word| !word.is_empty()) {
            match origin(word) {
                Some(origin) => origins.push(origin),
                None => {
                    let short: String = word.chars().take(60).collect();
                    let fault = Message::from(PermissionFault::NoOrigin { origin: format!("{short:?}") });
                    let meant = meant(&short).map(|origin| Meant::of([format!("`{origin}`")]));
                    reader.report("origins", fault.meant(meant.unwrap_or_default()));
                }
            }
        }
    }
    origins
}
