//! The places in which a person can be: tables with the columns that hold what was posted, or what came of it. Settings are
//! none of them.

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A document.
    Json,
    /// The same, in its binary form.
    Jsonb,
    /// A message in its stored form.
    Message,
    /// A text.
    Text,
    /// Steps of a run.
    Steps,
    /// Bytes of any kind; they go as a whole.
    Bytes,
    /// Bytes of any kind where null stands for none.
    OptionalBytes,
    /// A message of the queue.
    Queued,
}

/// A table in which a person can be.
#[derive(Debug)]
pub struct Place {
    /// Its name.
    pub table: &'static str,
    /// The columns by which a row is known and the rows are in order, each with its type.
    pub key: &'static [(&'static str, &'static str)],
    /// The columns that may have the person.
    pub columns: &'static [(&'static str, Kind)],
    /// Which rows can have a person at all.
    pub only: &'static str,
}

use Kind::{Bytes, Json, Jsonb, Message, OptionalBytes, Queued, Steps, Text};

const RUN: &[(&str, &str)] = &[("receipt", "uuid"), ("run", "smallint")];
const ID: &[(&str, &str)] = &[("id", "bigint")];

/// All of them, in the order in which they are looked through: what makes more of a submission goes first.
pub const PLACES: &[Place] = &[
    Place { table: "checkpoints", key: RUN, columns: &[("document", Json)], only: "true" },
    Place { table: "run_results", key: RUN, columns: &[("document", Json)], only: "true" },
    Place { table: "spool", key: ID, columns: &[("body", Queued)], only: "true" },
    Place {
        table: "dead_letters",
        key: ID,
        columns: &[("body", Queued), ("reason", Message), ("target", Text)],
        only: "true",
    },
    Place {
        table: "refused_bodies",
        key: ID,
        columns: &[
            ("message", Message),
            ("query", Text),
            ("path", Text),
            ("content_type", Text),
            ("idempotency_key", Text),
            ("headers", Text),
            ("body", OptionalBytes),
        ],
        only: "true",
    },
    Place {
        table: "batch_receipts",
        key: &[("permission", "text"), ("key", "text")],
        columns: &[("key", Text)],
        only: "true",
    },
    Place {
        table: "responses",
        key: &[("receipt", "uuid")],
        columns: &[("content_type", Text), ("body", Bytes)],
        only: "true",
    },
    Place {
        table: "receipts",
        key: &[("id", "uuid")],
        columns: &[
            ("env", Json),
            ("query", Json),
            ("request", Json),
            ("skipped", Json),
            ("unread", Json),
            ("unposted", Json),
            ("dropped_files", Json),
        ],
        only: "true",
    },
    Place {
        table: "runs",
        key: &[("receipt", "uuid"), ("number", "smallint")],
        columns: &[("message", Message), ("steps", Steps)],
        only: "true",
    },
    Place {
        table: "run_steps",
        key: &[("receipt", "uuid"), ("run", "smallint"), ("first", "integer")],
        columns: &[("steps", Steps)],
        only: "true",
    },
    Place { table: "records", key: ID, columns: &[("fields", Jsonb)], only: "true" },
    Place { table: "comments", key: &[("ctid", "tid")], columns: &[("text", Text)], only: "true" },
    Place {
        table: "audit_log",
        key: ID,
        columns: &[("key", Text), ("document", Json)],
        only: "kind NOT IN ('permission', 'trigger', 'workflow', 'module', 'account', 'token', 'secret', 'variable')",
    },
];

impl Place {
    /// Whether a row belongs to the receipt that its key begins with.
    pub fn is_of_receipt(&self) -> bool {
        self.table == "receipts" || self.key.first().is_some_and(|(name, _)| *name == "receipt")
    }

    /// The columns of the key, joined by commas.
    pub fn keys(&self) -> String {
        self.key.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
    }

    /// The values of the key that the parameter `$1`, a list of texts, holds.
    pub fn of_parameter(&self) -> String {
        let values = self.key.iter().zip(1..).map(|((_, kind), at)| format!("($1::text[])[{at}]::{kind}"));
        values.collect::<Vec<_>>().join(", ")
    }

    /// What a row is read by: its key as texts, and its columns as texts or bytes. None of them has the name of a column:
    /// the rows would be in the order of these texts.
    pub fn read(&self) -> String {
        let keys = self.key.iter().map(|(name, _)| format!("{name}::text AS key_{name}"));
        let columns = self.columns.iter().map(|(name, kind)| match kind {
            Bytes | OptionalBytes | Queued | Steps => format!("{name} AS of_{name}"),
            Json | Jsonb | Message | Text => format!("{name}::text AS of_{name}"),
        });
        keys.chain(columns).collect::<Vec<_>>().join(", ")
    }
}
