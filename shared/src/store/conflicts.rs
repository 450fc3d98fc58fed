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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_expects_no_conflicts_does_not_look_for_any() {
        let text = "INSERT INTO a SELECT 1\nON CONFLICT (id) DO NOTHING\nRETURNING id";
        assert_eq!(Conflicts::Expected.statement(text), text);
        assert_eq!(Conflicts::Unexpected.statement(text), "INSERT INTO a SELECT 1\nRETURNING id");
    }
}
