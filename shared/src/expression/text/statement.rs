//! `{% if %}`, `{% for %}`, `{% set %}` and `{% raw %}`, as Jinja has them.

use super::TextParser;
use crate::expression::Fault;
use crate::expression::lexer::{End, Lexed, Placed, Token, lex};
use crate::expression::node::Node;
use crate::expression::parser::Parser;
use crate::expression::part::{Loop, Part};
use crate::expression::reference::identifier;
use crate::message::{ExpressionFault, Message};
use crate::suggestion::did_you_mean;

/// Statements inside of statements.
const MAX_LEVELS: usize = 16;

/// What begins a statement.
const WORDS: [&str; 8] = ["if", "elif", "else", "endif", "for", "endfor", "set", "raw"];

/// The beginning of a statement.
pub(super) struct Begins {
    /// How many bytes stand before its first word.
    length: usize,
    /// `{%-`: the blanks before it are dropped.
    pub(super) trims: bool,
}

/// A statement that ends the parts of another, such as `else`.
pub(super) struct Closing<'t> {
    word: &'static str,
    lexed: Lexed<'t>,
}

/// Whether a statement begins here: `{%` and a word. Any other `{%` is text, and so is one without a `%}` behind it.
pub(super) fn begins(rest: &str) -> Option<Begins> {
    let inner = rest.strip_prefix("{%")?;
    let after = inner.strip_prefix(['-', '+']).unwrap_or(inner);
    let word = after.trim_start();
    if identifier(word).is_empty() {
        return None;
    }
    Some(Begins { length: rest.len() - word.len(), trims: inner.starts_with('-') })
}

impl<'t> TextParser<'t> {
    /// Reads a statement with all that belongs to it; returns it if it is one of the closings.
    pub(super) fn statement(
        &mut self,
        begins: Begins,
        closings: &[&'static str],
        parts: &mut Vec<Part>,
    ) -> Result<Option<Closing<'t>>, Fault> {
        let start = self.at;
        let word = identifier(&self.text[start + begins.length..]);
        if word == "raw" {
            return self.raw(start, parts).map(|()| None);
        }
        let lexed = lex(self.text, start + begins.length, End::Statement)?;
        self.reads.add(&lexed.reads);
        self.at = lexed.end + if self.text[lexed.end..].starts_with('-') { 3 } else { 2 };
        if self.text[lexed.end..].starts_with('-') {
            self.at = self.text.len() - self.rest().trim_start().len();
        }
        if let Some(word) = closings.iter().copied().find(|closing| *closing == word) {
            return Ok(Some(Closing { word, lexed }));
        }
        self.levels += 1;
        if self.levels > MAX_LEVELS {
            let message = ExpressionFault::StatementsDeeper { most: MAX_LEVELS }.into();
            return Err(Fault { at: start, message });
        }
        let part = match word {
            "if" => self.branches(start, &lexed)?,
            "for" => self.repetition(start, &lexed)?,
            "set" => self.assignment(&lexed)?,
            _ => return Err(Fault { at: start, message: misplaced(word) }),
        };
        self.levels -= 1;
        parts.push(part);
        Ok(None)
    }

    fn raw(&mut self, start: usize, parts: &mut Vec<Part>) -> Result<(), Fault> {
        let open = || not_closed(start, "raw");
        let inner = self.at + self.rest().find("%}").ok_or_else(open)? + 2;
        let end = self.text[inner..].match_indices("{%").find_map(|(at, _)| {
            let begins = begins(&self.text[inner + at..])?;
            (identifier(&self.text[inner + at + begins.length..]) == "endraw").then_some(inner + at)
        });
        let end = end.ok_or_else(open)?;
        parts.push(Part::Text(self.text[inner..end].to_owned()));
        self.at = end + self.text[end..].find("%}").ok_or_else(open)? + 2;
        Ok(())
    }

    fn branches(&mut self, start: usize, lexed: &Lexed<'t>) -> Result<Part, Fault> {
        let mut condition = Some(self.condition(lexed)?);
        let mut branches = Vec::new();
        loop {
            let closings: &[_] = if condition.is_some() { &["elif", "else", "endif"] } else { &["endif"] };
            let (parts, closing) = self.parts(closings)?;
            branches.push((condition, parts));
            match closing {
                None => return Err(not_closed(start, "if")),
                Some(Closing { word: "endif", .. }) => return Ok(Part::If(branches)),
                Some(Closing { word: "elif", lexed }) => condition = Some(self.condition(&lexed)?),
                Some(_) => condition = None,
            }
        }
    }

    fn condition(&self, lexed: &Lexed<'t>) -> Result<Node, Fault> {
        let mut parser = self.behind_word(lexed);
        let node = parser.expression()?;
        parser.expect_end()?;
        Ok(node)
    }

    fn repetition(&mut self, start: usize, lexed: &Lexed<'t>) -> Result<Part, Fault> {
        let outer = self.names.len();
        let names = names(lexed);
        self.names.extend(names.iter().cloned());
        self.names.push("loop".to_owned());
        let mut parser = self.behind_word(lexed);
        for place in 0..names.len().max(1) {
            if place > 0 && !parser.take_sign(",") {
                return Err(parser.fault(ExpressionFault::LoopForm));
            }
            parser.name()?;
        }
        if !parser.take_word("in") {
            return Err(parser.fault(ExpressionFault::LoopForm));
        }
        let list = parser.or()?;
        let condition = if parser.take_word("if") { Some(parser.expression()?) } else { None };
        parser.expect_end()?;
        let body_at = self.at;
        let (body, closing) = self.parts(&["else", "endfor"])?;
        let counts = self.text[body_at..self.at].contains("loop");
        self.names.truncate(outer);
        let mut all = Loop { names, list, condition, body, otherwise: Vec::new(), counts };
        let closing = match closing {
            Some(Closing { word: "else", .. }) => {
                let (otherwise, closing) = self.parts(&["endfor"])?;
                all.otherwise = otherwise;
                closing
            }
            other => other,
        };
        match closing {
            Some(_) => Ok(Part::For(Box::new(all))),
            None => Err(not_closed(start, "for")),
        }
    }

    fn assignment(&mut self, lexed: &Lexed<'t>) -> Result<Part, Fault> {
        let mut parser = self.behind_word(lexed);
        let name = parser.name()?.to_owned();
        if !parser.take_sign("=") {
            return Err(parser.fault(ExpressionFault::SetForm));
        }
        let node = parser.expression()?;
        parser.expect_end()?;
        self.names.push(name.clone());
        Ok(Part::Set(name, node))
    }

    fn behind_word<'l>(&'l self, lexed: &'l Lexed<'t>) -> Parser<'l, 't> {
        Parser::new(lexed.tokens.get(1..).unwrap_or_default(), lexed.end, &self.names)
    }
}

/// The names of a loop, up to `in`.
fn names(lexed: &Lexed) -> Vec<String> {
    let before_in = lexed.tokens.iter().skip(1).take_while(|placed| placed.token != Token::Word("in"));
    let name = |placed: &Placed| if let Token::Word(word) = placed.token { Some(word.to_owned()) } else { None };
    before_in.filter_map(name).collect()
}

fn not_closed(at: usize, word: &str) -> Fault {
    Fault { at, message: ExpressionFault::StatementOpen { word: word.to_owned() }.into() }
}

fn misplaced(word: &str) -> Message {
    let begins = match word {
        "elif" | "else" | "endif" => "if",
        "endfor" => "for",
        "endraw" => "raw",
        _ => {
            let short: String = word.chars().take(40).collect();
            let meant = did_you_mean(&short, WORDS);
            let message = Message::from(ExpressionFault::StatementUnknown { word: short }).meant(meant);
            return ExpressionFault::StatementAsText { message: Box::new(message) }.into();
        }
    };
    ExpressionFault::StatementMisplaced { word: word.to_owned(), begins: begins.to_owned() }.into()
}
