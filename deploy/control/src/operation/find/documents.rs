//! Documents of the settings by their key, or by a part of their key or title in upper or lower case.

use postern_shared::document::Kind;
use postern_shared::store::Connection;
use serde_json::Value;

use super::FoundDocument;
use crate::operation::Error;
use crate::state::State;

/// The most documents that a search finds. With more letters of the name it finds fewer.
const MAX_FOUND: usize = 50;

/// The documents of a text.
pub async fn named(connection: &Connection, state: &State, text: &str) -> Result<Vec<FoundDocument>, Error> {
    let (mut found, folded) = (Vec::new(), text.to_lowercase());
    for kind in [Kind::Workflow, Kind::Trigger, Kind::Permission, Kind::Module, Kind::Connection] {
        let (_, stored) = state.documents.of(connection, kind).await?;
        found.extend(stored.iter().filter_map(|document| fitting(kind, document, (text, &folded))));
    }
    found.truncate(MAX_FOUND);
    Ok(found)
}

/// `folded` is the text in lower case.
fn fitting(kind: Kind, document: &Value, (text, folded): (&str, &str)) -> Option<FoundDocument> {
    let key = match &document[kind.name()] {
        Value::String(key) => key.clone(),
        number => number.to_string(),
    };
    let title = document["title"].as_str().unwrap_or_default();
    // A part of a number names nothing.
    let has = |text: &str| !text.bytes().all(|byte| byte.is_ascii_digit()) && text.to_lowercase().contains(folded);
    let is_one = key == text || has(title) || has(&key);
    is_one.then(|| FoundDocument { kind: kind.name().to_owned(), title: title.to_owned(), key })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_document_is_found_by_its_key_and_parts_of_its_names() {
        let workflow = json!({"workflow": 77, "title": "New lead"});
        for (text, expected) in [("77", true), ("7", false), ("new LEAD", true), ("lead", true), ("old", false)] {
            assert_eq!(fitting(Kind::Workflow, &workflow, (text, &text.to_lowercase())).is_some(), expected, "{text}");
        }
        assert!(fitting(Kind::Permission, &json!({"permission": "office"}), ("OFF", "off")).is_some());
    }
}
