//! Who changed what, a page at a time.

use postern_shared::store::audit_log::{self, Entry};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::operation::field::{Last, Time};
use crate::operation::{About, Error, Operation, Who};
use crate::redact::Sight;
use crate::state::State;

/// Lists changes.
#[derive(Debug)]
pub struct ListChanges;

/// Which changes.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// Only changes of this kind of thing, such as `workflow`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Only changes of the thing with this key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// How many, the newest first.
    #[serde(default)]
    pub last: Last,
    /// Older ones than this id.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub before: Option<i64>,
}

/// A page of changes.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct Output {
    /// The changes, the newest first.
    pub changes: Vec<Change>,
    /// What the next page takes as `before`; null on the last page.
    pub next: Option<i64>,
}

/// A change.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct Change {
    /// Its number.
    pub id: i64,
    /// When it was made.
    pub at: Time,
    /// Who made it: an account, or `token` and the name of a token.
    pub account: String,
    /// What was done.
    pub action: String,
    /// What kind of thing was changed.
    pub kind: String,
    /// The key of the thing.
    pub key: String,
    /// The new form of the thing, if it has one.
    #[schemars(with = "Option<serde_json::Map<String, Value>>")]
    pub document: Option<Value>,
}

impl Operation for ListChanges {
    type Input = Input;
    type Output = Output;
    const ABOUT: About = About::get(
        "listChanges",
        "/audit_log",
        "who changed what, the newest first",
        r#"{"changes": [{"id": 9, "at": "2026-11-24T13:30:00Z", "account": "admin", "action": "save", "kind": "trigger", "key": "web_lead", "document": {"trigger": "web_lead"}}], "next": null}"#,
    );

    async fn run(state: &State, who: &Who, input: Input) -> Result<Output, Error> {
        let (kind, key, last) = (input.kind.as_deref(), input.key.as_deref(), input.last);
        let connection = state.store.connection().await?;
        let found = audit_log::page(&connection, kind, key, input.before, last.get()).await?;
        let next = last.next(&found).map(|entry| entry.id);
        Ok(Output { changes: found.into_iter().map(|entry| describe(entry, who.sight())).collect(), next })
    }
}

fn describe(entry: Entry, sight: Sight) -> Change {
    Change {
        document: entry.document.map(|document| sight.noted(&entry.kind, &document)),
        id: entry.id,
        at: entry.at.into(),
        account: entry.account,
        action: entry.action,
        kind: entry.kind,
        key: entry.key,
    }
}
