//! What happened, or why something did not: a code with arguments. The store keeps the code. A text for people is made of
//! it in the language of the reader. The tables in `message/` hold the same codes in each language.

mod code;
mod coded;
mod codes;
mod fault;
mod id;
mod language;
#[cfg(test)]
mod tests;

use std::fmt;

use serde::{Deserialize, Deserializer};

use crate::id::StepName;

pub use code::{Inner, Message};
pub use coded::Coded;
pub use fault::{CalculationFault, ConnectionFault, DocumentFault, ExpressionFault, PermissionFault, StepFault};
pub use language::Language;

impl Message {
    /// A text of a person or of a workflow, or a public answer, which is English alone.
    pub fn said(text: impl Into<String>) -> Self {
        Self::Said { text: text.into() }
    }

    /// What a library or another program says.
    pub fn foreign(reason: &impl fmt::Display) -> Self {
        Self::Foreign { reason: reason.to_string() }
    }

    /// What is wrong with a setting of a step.
    pub fn in_field(field: impl Into<String>, message: impl Into<Self>) -> Self {
        Self::InField { field: field.into(), message: Box::new(message.into()) }
    }

    /// The same, of a step.
    pub fn at_step(self, step: &StepName) -> Self {
        Self::AtStep { step: step.clone(), message: Box::new(self) }
    }

    /// The same, and another one.
    pub fn and_also(self, also: Self) -> Self {
        Self::AndAlso { message: Box::new(self), also: Box::new(also) }
    }

    /// The same, after the last try.
    pub fn after_tries(self, tries: u32) -> Self {
        Self::AfterTries { message: Box::new(self), tries }
    }

    /// What lies at its bottom: without where it happened and what becomes of it.
    pub fn cause(&self) -> &Self {
        match self {
            Self::AtStep { message, .. }
            | Self::AgainLater { message, .. }
            | Self::AfterTries { message, .. }
            | Self::InField { message, .. }
            | Self::AndAlso { message, .. }
            | Self::OutcomeUnknown { message }
            | Self::DidNotRun { message }
            | Self::WentOnAlone { message }
            | Self::ConditionFailed { message } => message.cause(),
            other => other,
        }
    }

    /// Its code without the arguments.
    pub fn code(&self) -> String {
        self.coded().code().to_owned()
    }

    /// The form in which the store keeps it: JSON.
    pub fn stored(&self) -> String {
        // A code with texts, numbers and messages can be written as JSON.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Reads the stored form. Any other text, such as one of a version that kept no codes, stands for itself.
    pub fn of_stored(text: &str) -> Self {
        serde_json::from_str(text).unwrap_or_else(|_| Self::said(text))
    }

    /// Reads a value of a stored document in the same way.
    ///
    /// # Errors
    /// What `deserializer` cannot read.
    pub fn of_document<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = serde_json::Value::deserialize(deserializer)?;
        Ok(value.as_str().map(Self::said).unwrap_or_else(|| Self::of_stored(&value.to_string())))
    }

    /// The code with its arguments, as the API answers it.
    pub fn coded(&self) -> Coded {
        Coded::of(self)
    }

    /// The same for whoever may not see what was posted; none = all of it may have been posted.
    pub fn told(&self) -> Option<Coded> {
        self.coded().told()
    }

    /// The text in a language.
    pub fn text(&self, language: Language) -> String {
        self.coded().text(language)
    }
}

impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text(Language::English))
    }
}

impl std::error::Error for Message {}

/// The codes of all messages, with the names of their arguments.
#[cfg(any(test, feature = "schema"))]
fn codes() -> impl Iterator<Item = &'static (&'static str, &'static [&'static str])> {
    code::CODES.iter().chain(fault::codes())
}
