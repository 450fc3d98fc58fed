//! Why a text is no id: enums, of which messages in each language are made.

/// What is wrong with a text that should have been an id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} {text:?} {fault}")]
pub struct InvalidId {
    /// What it should have been.
    pub what: IdKind,
    /// How the text begins.
    pub text: String,
    /// What is wrong.
    pub fault: IdFault,
}

/// What an id names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the texts say it")]
pub enum IdKind {
    #[error("receipt")]
    Receipt,
    #[error("workflow id")]
    Workflow,
    #[error("record id")]
    Record,
    #[error("trigger key")]
    Trigger,
    #[error("permission key")]
    Permission,
    #[error("module")]
    Module,
    #[error("step name")]
    Step,
    #[error("secret name")]
    Secret,
    #[error("connection name")]
    Connection,
    #[error("variable")]
    Variable,
}

/// Why a text is no id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the texts say it")]
pub enum IdFault {
    #[error("is not a UUID of version 7")]
    NoUuid,
    #[error("is not above zero")]
    NotAboveZero,
    #[error("is not a whole number above zero")]
    NoNumber,
    #[error("is empty")]
    Empty,
    #[error("is longer than 64 bytes")]
    TooLong,
    #[error("may hold only letters, digits, '_', '-' and '.'")]
    Characters,
    #[error("may hold only Latin letters, digits, '_', '-' and '.'")]
    LatinCharacters,
    #[error("may hold only small Latin letters, digits and '_'")]
    SmallCharacters,
}
