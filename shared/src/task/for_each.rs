//! `for_each`: takes its steps once for each item of a list, one item after another or several at a time; leaves by `each`
//! for an item, by `next` behind the last one, and by `failed` when an item fails.

use serde_json::Value;

use crate::document::Reader;
use crate::expression::Template;
use crate::message::StepFault;
use crate::spec::{self, Kind, Setting, Spec};

/// The most items of a list: as many as a `find_record` finds.
pub const MAX_ITEMS: usize = 1_000;

/// The most items at a time.
pub const MAX_PARALLEL: i16 = 50;

/// How many loops may stand inside of each other.
pub const MAX_NESTED: usize = 5;

const ON_ERROR: [(&str, OnError); 2] = [("fail", OnError::Fail), ("collect", OnError::Collect)];

/// The task as it is described.
pub const SPEC: Spec = Spec {
    name: "for_each",
    outputs: &["each", "next", "failed"],
    settings: &[
        Setting::template("for_each").required(),
        Setting::new("item", Kind::EnvName),
        Setting::new("index", Kind::EnvName),
        Setting::template("collect"),
        Setting::new("store", Kind::EnvName),
        Setting::new("on_error", Kind::Choice(&spec::words(&ON_ERROR))).or("fail"),
        Setting::new("parallel", Kind::Number(1, MAX_PARALLEL as i64)),
    ],
    example: r#"tags:
  for_each: $env["tags"]
  item: tag
  each: [note, wait]
  collect: $env["note_id"]
  store: notes
  next: tell
note:
  create_record: Notes
  fields: {text: '$env["index"]: $env["tag"]'}
  store_id: note_id
wait:
  delay: {for: 1s}
tell:
  set_env: {count: '{{ $env["notes"]|length }}'}"#,
};

/// Settings of a `for_each` step.
#[derive(Debug)]
pub struct ForEach {
    /// The list.
    pub items: Template,
    /// The `$env` name of the item.
    pub item: String,
    /// The `$env` name of its place, from 1.
    pub index: String,
    /// What each item gives, and the `$env` name that gets the list of these.
    pub collect: Option<(Template, String)>,
    /// What becomes of an item that fails.
    pub on_error: OnError,
    /// So many items at a time, each in a run of its own; none = one after another in this run.
    pub parallel: Option<i16>,
}

/// The items of a value: a value that is no list is one item. An empty value is none, and so is a blank text, which a form
/// posts for a field that was left empty.
pub fn items_of(value: Value) -> Vec<Value> {
    match value {
        Value::Array(items) => items,
        Value::Null => Vec::new(),
        Value::String(text) if text.trim().is_empty() => Vec::new(),
        one => vec![one],
    }
}

/// What becomes of an item that fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnError {
    /// The step leaves by `failed`; where that leads nowhere, the run fails.
    Fail,
    /// The error is collected, and the next item follows.
    Collect,
}

impl ForEach {
    /// Reads `for_each: <list>`, `item`, `index`, `collect`, `store`, `on_error` and `parallel`.
    pub fn parse(reader: &mut Reader) -> Option<Self> {
        let item = reader.env_name("item").unwrap_or("item".to_owned());
        let index = reader.env_name("index").unwrap_or("index".to_owned());
        let (collect, store) = (reader.template("collect"), reader.env_name("store"));
        // What an item gives is read behind its steps, which set it.
        let given: Vec<String> = reader.reads().names.iter().cloned().collect();
        reader.forget_reads(&given.iter().map(String::as_str).collect::<Vec<_>>());
        let items = reader.template(SPEC.name);
        let (on_error, parallel) = (reader.choice("on_error", &ON_ERROR), reader.number("parallel"));
        if item == index {
            reader.report("index", StepFault::IndexIsItem);
        }
        if store.as_ref().is_some_and(|store| *store == item || *store == index) {
            reader.report("store", StepFault::StoreOverwritten);
        }
        let collect = match (collect, store) {
            (Some(collect), Some(store)) => Some((collect, store)),
            (Some(_), None) => {
                reader.report("collect", StepFault::CollectNeedsStore);
                None
            }
            (None, Some(_)) if !reader.is_misspelt("collect") => {
                reader.report("store", StepFault::StoreNeedsCollect);
                None
            }
            (None, _) => None,
        };
        Some(Self { items: items?, item, index, collect, on_error: on_error?, parallel })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_empty_value_has_no_items() {
        for (value, expected) in [
            (json!(null), 0),
            (json!(""), 0),
            (json!(" \n"), 0),
            (json!([]), 0),
            (json!("a"), 1),
            (json!(0), 1),
            (json!(false), 1),
            (json!({}), 1),
            (json!([""]), 1),
            (json!(["a", "b"]), 2),
        ] {
            assert_eq!(items_of(value.clone()).len(), expected, "{value}");
        }
    }
}
