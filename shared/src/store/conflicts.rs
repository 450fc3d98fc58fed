//! How rows are inserted that may be there already. Looking for them costs PostgreSQL about as much again as the
//! insertion, so whoever expects none inserts without looking, and starts again if there was one.

use std::borrow::Cow;

use tokio_postgres::error::SqlState;

use super::StoreError;

/// Whether rows that are inserted may be there already.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub enum Conflicts {
    /// They may.
    #[default]
    Expected,
    /// They are new, as far as is known. If one is not, it is [`StoreError::Taken`].
    Unexpected,
}

impl Conflicts {
    /// A statement that says in a line of its own what is to become of conflicts.
    pub(super) fn statement(self, text: &'static str) -> Cow<'static, str> {
        match self {
            Self::Expected => text.into(),
            Self::Unexpected => {
                text.lines().filter(|line| !line.starts_with("ON CONFLICT ")).collect::<Vec<_>>().join("\n").into()
            }
        }
    }

    pub(super) fn error(self, error: tokio_postgres::Error) -> StoreError {
        match self {
            Self::Unexpected if error.code() == Some(&SqlState::UNIQUE_VIOLATION) => StoreError::Taken,
            _ => error.into(),
        }
    }
}
