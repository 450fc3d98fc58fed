//! What applying documents would change: each document of the files beside the one of its name that is set.

use std::collections::HashMap;

use postern_shared::document::Kind;
use postern_shared::document::batch::Batch;
use postern_shared::yaml;
use serde_json::Value;

use postern_control::operation::Nothing;
use postern_control::operation::answer::Documents;
use postern_control::operation::document::export::ExportDocuments;

use crate::api::Api;
use crate::documents::Text;
use crate::known;
use crate::output::Failure;

/// One document of the files.
#[derive(Debug)]
pub struct Change {
    /// What it is.
    pub kind: Kind,
    /// Its number or key.
    pub key: String,
    /// The form that is set; none = nothing of this name is.
    pub before: Option<String>,
    /// The form that would be set.
    pub after: String,
}

impl Change {
    /// What would become of it.
    pub fn word(&self) -> &'static str {
        match &self.before {
            None => "created",
            Some(before) if *before == self.after => "unchanged",
            Some(_) => "changed",
        }
    }

    /// Whether anything would be another than before.
    pub fn is_change(&self) -> bool {
        self.before.as_ref() != Some(&self.after)
    }
}

/// Everything that is set.
#[derive(Debug)]
pub struct Set(Vec<(Value, String)>);

impl Set {
    /// Asks for all of it.
    pub async fn load(api: &Api) -> Result<Self, Failure> {
        let Documents(all) = api.call::<ExportDocuments>(&Nothing {}).await?;
        Ok(Self(all))
    }

    /// The documents of a kind, each with its text.
    pub fn of(&self, kind: Kind) -> impl Iterator<Item = &(Value, String)> {
        self.0.iter().filter(move |(document, _)| Kind::of(document) == Ok(kind))
    }

    /// The text of one document.
    fn text(&self, kind: Kind, key: &str) -> Option<String> {
        self.of(kind).find(|(one, _)| known::key(kind, one) == key).map(|(_, text)| text.clone())
    }

    /// The short URLs of the permissions, so that none is made up anew.
    fn short_urls(&self) -> HashMap<String, String> {
        let permissions = self.of(Kind::Permission);
        let pair = |(one, _): &(Value, String)| {
            let short_url = one["short_url"].as_str()?.trim_start_matches('/').to_owned();
            Some((known::key(Kind::Permission, one), short_url))
        };
        permissions.filter_map(pair).collect()
    }
}

/// The documents of texts without findings, in the order of the files.
pub fn changes(texts: &[Text], set: &Set) -> Vec<Change> {
    let mut batch = Batch::new(set.short_urls());
    texts.iter().for_each(|text| batch.add_yaml(&text.name, &text.bytes));
    let change = |one: &postern_shared::document::batch::Checked| {
        let (kind, key) = (one.document.kind(), one.document.key());
        let before = set.text(kind, &key);
        Change { kind, key, before, after: one.text.clone().unwrap_or_else(|| yaml::write(&one.value)) }
    };
    batch.documents.iter().map(change).collect()
}

/// What is set and stands in no file, of the kinds that stand in the files, in the order in which it can be removed.
pub fn surplus(changes: &[Change], set: &Set) -> Vec<(Kind, String)> {
    let is_meant = |kind: &Kind| changes.iter().any(|change| change.kind == *kind);
    let mut surplus = Vec::new();
    for kind in Kind::ALL.into_iter().rev().filter(is_meant) {
        let keys = set.of(kind).map(|(one, _)| known::key(kind, one));
        let is_kept = |key: &String| changes.iter().any(|change| change.kind == kind && change.key == *key);
        surplus.extend(keys.filter(|key| !is_kept(key)).map(|key| (kind, key)));
    }
    surplus
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn set() -> Set {
        let permission = json!({"permission": "p", "addresses": ["any"], "triggers": ["a"], "short_url": "/x0123456789012345678901234567890"});
        let all = [json!({"trigger": "a", "title": "A"}), json!({"trigger": "old"}), permission];
        Set(all.into_iter().map(|one| (one.clone(), yaml::write(&one))).collect())
    }

    fn texts(text: &str) -> Vec<Text> {
        vec![Text { name: "a.yaml".to_owned(), bytes: text.as_bytes().to_vec() }]
    }

    #[test]
    fn a_document_is_created_changed_or_unchanged() {
        let found = changes(&texts("trigger: a\ntitle: A\n---\ntrigger: b\n---\ntrigger: old\ntitle: O\n"), &set());
        let words: Vec<_> = found.iter().map(|change| (change.key.as_str(), change.word())).collect();
        assert_eq!(words, [("a", "unchanged"), ("b", "created"), ("old", "changed")]);
    }

    #[test]
    fn surplus_is_what_is_set_of_the_kinds_that_the_files_name() {
        let found = changes(&texts("trigger: a\n"), &set());
        assert_eq!(surplus(&found, &set()), [(Kind::Trigger, "old".to_owned())]);
        assert!(surplus(&[], &set()).is_empty());
    }
}
