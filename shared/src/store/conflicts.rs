//! How rows are written that may be there already. Looking for them costs PostgreSQL about as much again as writing them,
//! so whoever expects none writes without looking (see [`super::copy`]), and starts again if there was one.

/// Whether rows that are written may be there already.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub enum Conflicts {
    /// They may.
    #[default]
    Expected,
    /// They are new, as far as is known. If one is not, it is [`super::StoreError::Taken`].
    Unexpected,
}
