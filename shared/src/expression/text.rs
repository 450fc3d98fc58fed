//! From a text with placeholders and statements to its parts.

mod statement;

use super::context::Trust;
use super::lexer::End;
use super::node::Node;
use super::parser;
use super::part::{Inline, Part};
use super::reads::Reads;
use super::reference::{self, Place};
use super::{Fault, SyntaxError};
use crate::message::Message;
use statement::Closing;

/// The parts of a text, and what they read.
pub(super) fn parse(text: &str) -> Result<(Vec<Part>, Reads), SyntaxError> {
    let mut parser = TextParser {
        text,
        at: 0,
        // Searched once: `${` is a placeholder only if its end follows somewhere, and a text may hold many `${`.
        last_end: text.rfind("}}>"),
        last_statement: text.rfind("%}"),
        names: Vec::new(),
        reads: Reads::default(),
        levels: 0,
    };
    let parsed = parser.parts(&[]);
    parsed.map(|(parts, _)| (parts, parser.reads)).map_err(|fault| fault.in_text(text))
}

struct TextParser<'t> {
    text: &'t str,
    at: usize,
    last_end: Option<usize>,
    last_statement: Option<usize>,
    /// What loops and `set` have named up to here.
    names: Vec<String>,
    reads: Reads,
    levels: usize,
}

/// The parts up to a statement, with that statement.
type Parts<'t> = (Vec<Part>, Option<Closing<'t>>);

impl<'t> TextParser<'t> {
    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn fault(&self, message: impl Into<Message>) -> Fault {
        Fault { at: self.at, message: message.into() }
    }

    /// Reads up to one of these statements, or to the end of the text.
    fn parts(&mut self, closings: &[&'static str]) -> Result<Parts<'t>, Fault> {
        let mut parts = Vec::new();
        let mut fixed = String::new();
        loop {
            let rest = self.rest();
            let found = rest.find(['$', '{']).unwrap_or(rest.len());
            fixed.push_str(&rest[..found]);
            self.at += found;
            let rest = self.rest();
            if rest.is_empty() {
                break;
            }
            if rest.starts_with("$$") {
                fixed.push('$');
                self.at += 2;
            } else if let Some(begins) = statement::begins(rest).filter(|_| self.last_statement > Some(self.at)) {
                if begins.trims {
                    fixed.truncate(fixed.trim_end().len());
                }
                flush(&mut fixed, &mut parts);
                if let Some(closing) = self.statement(begins, closings, &mut parts)? {
                    return Ok((parts, Some(closing)));
                }
            } else if let Some(part) = self.placeholder()? {
                if trims(rest) {
                    fixed.truncate(fixed.trim_end().len());
                }
                flush(&mut fixed, &mut parts);
                parts.push(part);
            } else {
                fixed.push_str(&rest[..1]);
                self.at += 1;
            }
        }
        flush(&mut fixed, &mut parts);
        Ok((parts, None))
    }

    /// A reference or an inline expression, if one stands here.
    fn placeholder(&mut self) -> Result<Option<Part>, Fault> {
        let rest = self.rest();
        if rest.starts_with("{{") {
            return self.inline(End::Braces).map(Some);
        }
        if rest.starts_with("${") && self.last_end.is_some_and(|end| end > self.at) {
            return self.inline(End::BracesAngle).map(Some);
        }
        let Some(after) = rest.strip_prefix('$') else { return Ok(None) };
        let parsed = reference::parse(after, Place::Text).map_err(|error| self.fault(error))?;
        let Some((reference, length)) = parsed else { return Ok(None) };
        reference.note_reads("", &mut self.reads);
        self.at += length + 1;
        Ok(Some(Part::Reference(reference)))
    }

    fn inline(&mut self, end: End) -> Result<Part, Fault> {
        let begin = self.at + if trims(self.rest()) { 3 } else { 2 };
        let parsed = parser::parse(self.text, begin, end, &self.names)?;
        self.reads.add(&parsed.reads);
        let trims_behind = self.text[parsed.end..].starts_with('-');
        self.at = parsed.end + end.marker().len() + usize::from(trims_behind);
        if trims_behind {
            self.at = self.text.len() - self.rest().trim_start().len();
        }
        let trust = match &parsed.node {
            Node::Filter(_, name, _) if name == "safe" => Trust::Safe,
            Node::Filter(_, name, _) if name == "urlencode" => Trust::Encoded,
            _ => Trust::Posted,
        };
        Ok(Part::Inline(Inline { node: parsed.node, trust }))
    }
}

/// `{{- name }}`: the blanks before it are dropped. `{{-5}}` is a number.
fn trims(rest: &str) -> bool {
    rest.strip_prefix("{{-").is_some_and(|inner| inner.starts_with(char::is_whitespace))
}

fn flush(fixed: &mut String, parts: &mut Vec<Part>) {
    if !fixed.is_empty() {
        parts.push(Part::Text(std::mem::take(fixed)));
    }
}
