//! What a run knows of records of other systems: no transaction can read them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::env::Env;
use crate::record_ref::ConnectedRecord;

/// The most records that a run knows: a loop may read many, and a checkpoint is written with every call. At more all are
/// read anew. A step reads fewer.
const MAX_RECORDS: usize = 100;

/// Records of other systems, as the run read them last.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Elsewhere {
    /// Whether it was seen that the run, which is on a record of another system, begins on it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_open: bool,
    /// By the texts of their references; none = there is no such record.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    records: BTreeMap<String, Option<Env>>,
}

impl Elsewhere {
    /// That of a run which begins in any case.
    pub fn opened() -> Self {
        Self { is_open: true, ..Self::default() }
    }

    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        !self.is_open && self.records.is_empty()
    }

    /// Whether a record was read.
    pub fn knows(&self, record: &ConnectedRecord) -> bool {
        self.records.contains_key(&record.to_string())
    }

    /// The fields of a record that was read and is there.
    pub fn fields(&self, record: &ConnectedRecord) -> Option<&Env> {
        self.records.get(&record.to_string())?.as_ref()
    }

    /// Keeps what was read of a record.
    pub fn keep(&mut self, record: &ConnectedRecord, fields: Option<Env>) {
        if self.records.len() >= MAX_RECORDS {
            self.records.clear();
        }
        self.records.insert(record.to_string(), fields);
    }

    /// Takes in what became of a record, if it was read.
    pub fn renew(&mut self, record: &ConnectedRecord, fields: Option<Env>) {
        if let Some(known) = self.records.get_mut(&record.to_string()) {
            *known = fields;
        }
    }

    /// Forgets what was read: after a wait the records may be others.
    pub fn forget(&mut self) {
        self.records.clear();
    }
}
