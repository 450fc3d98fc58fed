//! What a step does to records of another system, as it was rendered for the first try.

use serde::{Deserialize, Serialize};

use crate::id::{ConnectionName, ModuleName};
use crate::record_ref::ConnectedId;
use crate::store::claims::Claim;

/// A step's work on records of another system.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConnectedCall {
    /// The connection that reaches the other system.
    pub connection: ConnectionName,
    /// The module of the records.
    pub module: ModuleName,
    /// The address that the connection had when this was rendered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// What is done.
    pub action: Action,
}

/// What is done to records of another system. Values are texts, as they are sent.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Reads a record, before a step that reads its fields.
    Read {
        /// The record.
        id: ConnectedId,
    },
    /// Creates a record, or finds the one that has its unique value.
    Create {
        /// The fields with their values.
        fields: Vec<(String, String)>,
        /// The field whose value one record has at most, with this value.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        unique: Option<(String, String)>,
        /// Whether a record that is there gets the fields.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        update: bool,
    },
    /// Sets fields of a record.
    Change {
        /// The record.
        id: ConnectedId,
        /// The fields with their values.
        fields: Vec<(String, String)>,
    },
    /// Finds records.
    Find {
        /// All must hold: a field, how it is compared, and the value.
        conditions: Vec<(String, Comparison, String)>,
        /// The field by which they are sorted, and whether the greatest comes first.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        sort: Option<(String, bool)>,
        /// How many at most.
        limit: u16,
    },
    /// Deletes a record.
    Delete {
        /// The record.
        id: ConnectedId,
    },
    /// Comments on a record.
    Comment {
        /// The record.
        id: ConnectedId,
        /// What is said.
        text: String,
    },
}

/// How a field is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Comparison {
    /// An equal value.
    Is,
    /// Another value, or none.
    IsNot,
    /// The text stands in it.
    Contains,
    /// Greater.
    Above,
    /// Less.
    Below,
}

impl ConnectedCall {
    /// What must be claimed before the call, so that no other run creates a record with the same unique value.
    pub fn claim(&self) -> Option<Claim> {
        match &self.action {
            Action::Create { unique: Some((field, value)), .. } => {
                // As vtiger compares: without case and without blanks at the end.
                let value = value.trim_end().to_lowercase();
                Some(Claim::connected(&self.connection, &self.module, &format!("{field}\n{value}")))
            }
            _ => None,
        }
    }
}
