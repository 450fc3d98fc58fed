//! What a validator says of a document: where, and what is wrong. One list for the command line, the API and
//! the panel; who has the text adds the line.

use std::fmt;

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
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path.is_empty() { f.write_str(&self.message) } else { write!(f, "{}: {}", self.path, self.message) }
    }
}
