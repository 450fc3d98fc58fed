//! Why a command did not do what was asked. Every reason comes with a hint: what the person may do next.

use std::io;

use crate::texts::tell;

/// Why a command did not do what was asked.
#[derive(Debug)]
pub enum Failure {
    /// The arguments ask for something that cannot be.
    Usage(Trouble),
    /// It was tried and did not work.
    Failed(Trouble),
    /// The results that were printed, or the log, hold the reason.
    Reported,
    /// The results cannot be written.
    Output(io::Error),
}

/// What did not work, and what helps.
#[derive(Debug)]
pub struct Trouble {
    /// One line, in small letters.
    pub message: String,
    /// One line.
    pub hint: String,
}

impl Failure {
    /// The arguments ask for something that cannot be.
    pub fn usage(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::Usage(Trouble { message: message.into(), hint: hint.into() })
    }

    /// It was tried and did not work.
    pub fn failed(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::Failed(Trouble { message: message.into(), hint: hint.into() })
    }

    /// The program is wrong, and not the person.
    pub fn fault(message: impl Into<String>) -> Self {
        Self::failed(message, tell!("hint-fault"))
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}
