//! What a validator says of a document: where, and what is wrong. One list for the command line, the API and
//! the panel; who has the text adds the line.

use std::fmt;

use crate::suggestion::DID_YOU_MEAN;

/// One thing wrong in a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The keys that lead to the place, joined by dots, such as `steps.lead.fields.lastname`; empty = the document.
    pub path: String,
    /// What is wrong and what would be right; lowercase, names the thing.
    pub message: String,
}

impl Finding {
    /// A finding at a path.
    pub fn new(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self { path: path.into(), message: message.into() }
    }

    /// Whether both name one fault, whatever they suggest.
    pub fn is_same_fault(&self, other: &Self) -> bool {
        let fault = |one: &Self| one.message.split(DID_YOU_MEAN).next().map(str::to_owned);
        self.path == other.path && fault(self) == fault(other)
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path.is_empty() { f.write_str(&self.message) } else { write!(f, "{}: {}", self.path, self.message) }
    }
}

/// A finding and where it stands in the text that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Located {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong there.
    pub finding: Finding,
}

impl Located {
    /// The place and the message for people: `step lead: field fields.lastname: …`.
    pub fn sentence(&self) -> String {
        let Finding { path, message } = &self.finding;
        match path.strip_prefix("steps.").map(|rest| rest.split_once('.').unwrap_or((rest, ""))) {
            Some((step, "")) => format!("step {step}: {message}"),
            Some((step, field)) => format!("step {step}: field {field}: {message}"),
            None => self.finding.to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_names_step_and_field() {
        for (path, expected) in [
            ("", "wrong"),
            ("start.triggers.0", "start.triggers.0: wrong"),
            ("steps.lead", "step lead: wrong"),
            ("steps.lead.fields.lastname", "step lead: field fields.lastname: wrong"),
        ] {
            assert_eq!(Located { line: 1, finding: Finding::new(path, "wrong") }.sentence(), expected);
        }
    }
}
