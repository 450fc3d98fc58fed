//! What a validator says of a document: where, and what is wrong. One list for the command line, the API and
//! the panel; who has the text adds the line.

use std::fmt;

use crate::message::{Language, Message};

/// One thing wrong in a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The keys that lead to the place, joined by dots, such as `steps.lead.fields.lastname`; empty = the document.
    pub path: String,
    /// What is wrong and what would be right; lowercase, names the thing.
    pub message: Message,
}

impl Finding {
    /// A finding at a path.
    pub fn new(path: impl Into<String>, message: impl Into<Message>) -> Self {
        Self { path: path.into(), message: message.into() }
    }

    /// Whether both name one fault, whatever they suggest.
    pub fn is_same_fault(&self, other: &Self) -> bool {
        self.path == other.path && self.message.fault() == other.message.fault()
    }

    /// The place and what is wrong, in a language.
    pub fn text(&self, language: Language) -> String {
        let message = self.message.text(language);
        if self.path.is_empty() { message } else { format!("{}: {message}", self.path) }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text(Language::English))
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
    /// Its text in English.
    pub fn sentence(&self) -> String {
        self.text(Language::English)
    }

    /// The place and the message for people: `step lead: field fields.lastname: …`.
    pub fn text(&self, language: Language) -> String {
        let Finding { path, message } = &self.finding;
        let (step_word, field_word) = match language {
            Language::English => ("step", "field"),
            Language::Russian => ("шаг", "поле"),
        };
        let message = message.text(language);
        match path.strip_prefix("steps.").map(|rest| rest.split_once('.').unwrap_or((rest, ""))) {
            Some((step, "")) => format!("{step_word} {step}: {message}"),
            Some((step, field)) => format!("{step_word} {step}: {field_word} {field}: {message}"),
            None => self.finding.text(language),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::DocumentFault;
    use crate::suggestion::did_you_mean;

    #[test]
    fn a_sentence_names_step_and_field() {
        for (path, english, russian) in [
            ("", "is missing", "не указано"),
            ("start.triggers.0", "start.triggers.0: is missing", "start.triggers.0: не указано"),
            ("steps.lead", "step lead: is missing", "шаг lead: не указано"),
            ("steps.lead.fields.a", "step lead: field fields.a: is missing", "шаг lead: поле fields.a: не указано"),
        ] {
            let located = Located { line: 1, finding: Finding::new(path, DocumentFault::Missing) };
            assert_eq!(located.text(Language::English), english);
            assert_eq!(located.text(Language::Russian), russian);
        }
    }

    #[test]
    fn two_findings_are_the_same_fault_whatever_they_suggest() {
        let finding = |key: &str, meant: &[&str]| {
            let fault = Message::from(DocumentFault::UnknownKey { key: key.to_owned() });
            Finding::new("a", fault.meant(did_you_mean(key, meant.iter().copied())))
        };
        assert!(finding("titel", &["title"]).is_same_fault(&finding("titel", &[])));
        assert!(!finding("titel", &["title"]).is_same_fault(&finding("titles", &["title"])));
    }
}
