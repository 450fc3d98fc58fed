//! What can go wrong in the store, told apart by what the caller can do about it.

use tokio_postgres::error::SqlState;

use crate::message::Message;

/// What can go wrong in the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// PostgreSQL cannot be reached or cannot work now. Nobody's fault: wait and start again.
    #[error("postgresql is not available: {0}")]
    Away(String),
    /// A statement was cancelled, since it took longer than it may. Nobody's fault, unless the statement is known to be slow:
    /// wait and start again.
    #[error("postgresql took too long: {0}")]
    TookTooLong(String),
    /// The transaction lost against another one. Start it again.
    #[error("the transaction met another one: {0}")]
    Conflict(String),
    /// Something was inserted as new that is there already. Start again, and expect it: [`super::Conflicts`].
    #[error("something new is there already")]
    Taken,
    /// Another worker has written this run since it was read. Drop the work.
    #[error("a run was written by another worker")]
    Fenced,
    /// Another worker has taken the spool row that this work came from. Drop the work.
    #[error("a message of the spool was taken by another worker")]
    LeaseLost,
    /// The receipt's time lies outside every partition of the history.
    #[error("the receipt's time lies outside the kept history")]
    OutsideHistory,
    /// PostgreSQL refuses what it was given: it would refuse it again.
    #[error("postgresql refuses it: {0}")]
    Refused(String),
    /// A setting is wrong.
    #[error("{0}")]
    Settings(String),
    /// The database has another schema than this program.
    #[error("{0}")]
    Schema(String),
}

impl From<&StoreError> for Message {
    fn from(error: &StoreError) -> Self {
        match error {
            StoreError::OutsideHistory => Self::OutsideHistory,
            StoreError::Refused(reason) => Self::StoreRefuses { reason: reason.clone() },
            // None of these is the end of a submission: they are waited out.
            other => Self::foreign(other),
        }
    }
}

impl From<tokio_postgres::Error> for StoreError {
    fn from(error: tokio_postgres::Error) -> Self {
        let Some(db) = error.as_db_error() else {
            // Without an answer of the server it is the connection that failed, unless a value could not be encoded.
            return if error.is_closed() || std::error::Error::source(&error).is_none_or(|s| s.is::<std::io::Error>()) {
                Self::Away(described(&error))
            } else {
                Self::Refused(described(&error))
            };
        };
        let text = format!("{} ({})", db.message(), db.code().code());
        match db.code() {
            &SqlState::T_R_SERIALIZATION_FAILURE
            | &SqlState::T_R_DEADLOCK_DETECTED
            | &SqlState::LOCK_NOT_AVAILABLE
            | &SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT => Self::Conflict(text),
            // No partition takes the row. A constraint would have a name; the message is in the server's language.
            &SqlState::CHECK_VIOLATION if db.constraint().is_none() => Self::OutsideHistory,
            &SqlState::UNDEFINED_TABLE | &SqlState::UNDEFINED_COLUMN => {
                let hint = "`postern migrate --check` tells whether the program or the schema is too old";
                Self::Schema(format!(
                    "the database lacks a part of the schema that this program needs: {hint} ({text})"
                ))
            }
            // A session has its statements for as long as it is open, unless a pooler changes the session.
            &SqlState::INVALID_SQL_STATEMENT_NAME | &SqlState::DUPLICATE_PSTATEMENT => Self::Away(format!(
                "the session has lost its prepared statements, as behind a pooler by transaction: {text}"
            )),
            // A standby, a full disk's lock, or a right that somebody took away: no submission can help it.
            &SqlState::READ_ONLY_SQL_TRANSACTION | &SqlState::INSUFFICIENT_PRIVILEGE => Self::Away(text),
            // A commit that waits for a slow disk is cancelled by the same limit as a slow statement: no submission can help it.
            // What a search may take is bounded where it is asked.
            &SqlState::QUERY_CANCELED => Self::TookTooLong(text),
            // Classes: connection, transaction rollback, resources, operator intervention, system.
            code if ["08", "40", "53", "57", "58"].contains(&&code.code()[..2]) => Self::Away(text),
            _ => Self::Refused(text),
        }
    }
}

/// The error with its cause, which tokio-postgres leaves out of its own text.
pub(super) fn described(error: &tokio_postgres::Error) -> String {
    match std::error::Error::source(error) {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}
