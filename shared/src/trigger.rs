//! A trigger: a key that callers name and workflows listen to.

use serde_json::Value;

use crate::document::{self, MAX_TITLE_BYTES, Reader};
use crate::finding::Finding;
use crate::id::TriggerKey;
use crate::spec::{Kind, Setting, Spec};

/// A trigger as it is described.
pub const SPEC: Spec = Spec {
    name: "trigger",
    outputs: &[],
    settings: &[
        Setting::new("trigger", Kind::Name(document::Kind::Trigger)).required(),
        Setting::new("title", Kind::Text(MAX_TITLE_BYTES)),
    ],
    example: r"trigger: web_lead
title: Web form",
};

/// A trigger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trigger {
    /// What callers name in `workflow_trigger`.
    pub key: TriggerKey,
    /// For people only.
    pub title: String,
}

impl Trigger {
    /// Reads the document of a trigger.
    pub fn from_document(document: &Value) -> Result<Self, Vec<Finding>> {
        let mut findings = Vec::new();
        let trigger = Reader::new("", document, SPEC.settings, &mut findings).and_then(|mut reader| {
            let key = reader.id("trigger");
            let title = reader.title("title");
            reader.finish();
            Some(Self { key: key?, title })
        });
        trigger.filter(|_| findings.is_empty()).ok_or(findings)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_trigger_has_a_key_and_a_title() {
        let trigger = Trigger::from_document(&json!({"trigger": "CUSTOM_43", "title": "Web form"})).unwrap();
        assert_eq!((trigger.key.as_str(), trigger.title.as_str()), ("CUSTOM_43", "Web form"));
        for (document, finding) in [
            (json!({"trigger": null}), "trigger: is missing"),
            (json!({"trigger": ["a"]}), "trigger: must be a text"),
            (
                json!({"trigger": "web lead"}),
                "trigger: trigger key \"web lead\" may hold only Latin letters, digits, '_', '-' and '.'",
            ),
            (json!({"trigger": "a", "title": "x".repeat(201)}), "title: is longer than 200 bytes"),
            (json!({"trigger": "a", "url": "x"}), "url: unknown key `url`; known here: trigger, title"),
            (json!({"trigger": "a", "titel": "x"}), "titel: unknown key `titel`: did you mean `title`?"),
        ] {
            let findings = Trigger::from_document(&document).unwrap_err();
            assert_eq!(findings.iter().map(ToString::to_string).collect::<Vec<_>>(), [finding]);
        }
    }
}
