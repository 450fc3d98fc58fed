//! What a dry run would do to a record.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::env::Env;
use crate::id::ModuleName;
use crate::record_ref::RecordRef;

/// What would become of a record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Change {
    /// The record. That of a new one is a number that no record gets.
    pub record: RecordRef,
    /// Its module.
    pub module: ModuleName,
    /// What would become of it.
    pub what: What,
    /// Its fields before; none = there was no record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Env>,
    /// Its fields after; none = there is no record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Env>,
}

/// What would become of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// It would be created.
    Created,
    /// Fields of it would change.
    Changed,
    /// It would be deleted.
    Deleted,
}

impl Change {
    /// What became of a record between two moments; none = nothing.
    pub fn between(
        record: RecordRef,
        before: Option<(&ModuleName, &Env)>,
        after: Option<(&ModuleName, &Env)>,
    ) -> Option<Self> {
        let module = after.or(before)?.0.clone();
        let (before, after) = (before.map(|(_, fields)| fields), after.map(|(_, fields)| fields));
        let what = match (before, after) {
            (None, Some(_)) => What::Created,
            (Some(_), None) => What::Deleted,
            (Some(before), Some(after)) if before != after => What::Changed,
            _ => return None,
        };
        Some(Self { record, module, what, before: before.cloned(), after: after.cloned() })
    }

    /// The fields that differ, each with what it had and what it has.
    pub fn fields(&self) -> Vec<(&str, Option<&Value>, Option<&Value>)> {
        let (had, has) = (self.before.as_ref().map(|env| &env.0), self.after.as_ref().map(|env| &env.0));
        let all = had.into_iter().flat_map(|map| map.keys()).chain(
            has.into_iter().flat_map(|map| map.keys()).filter(|name| !had.is_some_and(|map| map.contains_key(*name))),
        );
        let pair = |name| (had.and_then(|map| map.get(name)), has.and_then(|map| map.get(name)));
        all.map(|name| (name.as_str(), pair(name)))
            .filter(|(_, (had, has))| had != has)
            .map(|(name, (had, has))| (name, had, has))
            .collect()
    }
}
