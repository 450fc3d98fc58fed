//! A trigger: a key that callers name and workflows listen to.

use serde_json::Value;

use crate::finding::Finding;
use crate::id::TriggerKey;

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
    pub fn from_document(_document: &Value) -> Result<Self, Vec<Finding>> {
        Err(Vec::new())
    }
}
