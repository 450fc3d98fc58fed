//! A run that has failed and needs nobody: the step that waited for it went on by its way for failures, or a person has
//! dismissed it. It stays in the history as failed, and is not counted as a failure any more.

use tokio_postgres::Row;

/// Why a failed run needs nobody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Settled {
    /// This step of the run that waited for it went on by its way for failures.
    Handled(String),
    /// This account, or token, has dismissed it.
    Dismissed(String),
}

impl Settled {
    /// By the columns `handled_by` and `dismissed_by`.
    pub(in crate::store) fn of_columns(row: &Row, handled_by: usize, dismissed_by: usize) -> Option<Self> {
        let handled = row.get::<_, Option<String>>(handled_by).map(Self::Handled);
        handled.or_else(|| row.get::<_, Option<String>>(dismissed_by).map(Self::Dismissed))
    }

    /// The step that handled it.
    pub fn handled_by(&self) -> Option<&str> {
        if let Self::Handled(step) = self { Some(step) } else { None }
    }

    /// Who dismissed it.
    pub fn dismissed_by(&self) -> Option<&str> {
        if let Self::Dismissed(account) = self { Some(account) } else { None }
    }
}
