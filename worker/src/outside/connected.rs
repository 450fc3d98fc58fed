//! What came of work on records of another system.

use postern_shared::env::Env;
use postern_shared::message::Message;
use postern_shared::record_ref::{ConnectedId, ConnectedRecord};

/// What the name of a target begins with that a connection reaches.
pub const TARGET: &str = "connection ";

/// What came of work on records.
#[derive(Debug, Clone, PartialEq)]
pub struct Done {
    pub what: What,
    /// What is to be said beside it: values that vtiger cut, changed or dropped.
    pub notes: Vec<Message>,
}

/// What was done.
#[derive(Debug, Clone, PartialEq)]
pub enum What {
    /// The fields of a record.
    Read(Env),
    /// The record is not there, or is not shown to the user of the connection.
    Gone(ConnectedRecord),
    /// The record is new.
    Created(ConnectedId, Env),
    /// Another record has the unique value.
    Existing(ConnectedId, Env),
    /// The fields of the record as they are now.
    Changed(Env),
    /// The records that were found, in order.
    Found(Vec<ConnectedId>),
    /// The comment is there.
    Ended,
}

impl From<What> for Done {
    fn from(what: What) -> Self {
        Self { what, notes: Vec::new() }
    }
}
