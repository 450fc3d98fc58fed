//! From the text of an expression to its words, numbers, texts, references and signs. It reads them as Jinja does, so that
//! a `$` or a `}}` inside a text in quotes stays text.

mod literal;

use minijinja::Value as Jinja;

use super::reads::Reads;
use super::reference::{self, Place, Reference, identifier, is_typographic};
use super::{Fault, MAX_EXPRESSION_BYTES, MAX_TOKENS};
use crate::message::{ExpressionFault, Message};

/// What ends an expression.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// The end of the text.
    Text,
    /// `}}`, or `-}}` which drops the blanks behind it.
    Braces,
    /// `}}>`, as vtiger writes it.
    BracesAngle,
    /// `%}`, or `-%}` which drops the blanks behind it.
    Statement,
}

impl End {
    /// How it is written.
    pub(super) fn marker(self) -> &'static str {
        match self {
            Self::Text => "",
            Self::Braces => "}}",
            Self::BracesAngle => "}}>",
            Self::Statement => "%}",
        }
    }
}

/// A word, number, text, reference or sign.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token<'s> {
    Reference(Reference),
    Text(String),
    Number(Jinja),
    Word(&'s str),
    Sign(&'static str),
}

/// A token, and where it stands in the text.
#[derive(Debug)]
pub(super) struct Placed<'s> {
    pub(super) token: Token<'s>,
    pub(super) at: usize,
}

/// An expression, read to its end.
#[derive(Debug)]
pub(super) struct Lexed<'s> {
    pub(super) tokens: Vec<Placed<'s>>,
    /// The names of `$env` and all else that it reads.
    pub(super) reads: Reads,
    /// Where the end's marker stands, in bytes.
    pub(super) end: usize,
}

/// Longer signs first.
const SIGNS: [&str; 25] = [
    "**", "//", "==", "!=", "<=", ">=", "<", ">", "+", "-", "*", "/", "%", "~", "|", ".", ",", ":", "(", ")", "[", "]",
    "{", "}", "=",
];

/// Signs of other languages that have another sign or word here.
const FOREIGN: [(&str, &str); 11] = [
    ("&&", "and"),
    ("||", "or"),
    ("===", "=="),
    ("!==", "!="),
    ("<>", "!="),
    ("!", "not"),
    ("=<", "<="),
    ("=>", ">="),
    ("≤", "<="),
    ("≥", ">="),
    ("≠", "!="),
];

/// What is wrong with a sign of another language.
fn foreign(rest: &str) -> Option<ExpressionFault> {
    // `!=` alone is an operator.
    let begins = |sign: &str| rest.starts_with(sign) && (sign != "!" || !rest.starts_with("!="));
    if let Some((sign, here)) = FOREIGN.into_iter().find(|(sign, _)| begins(sign)) {
        return Some(ExpressionFault::WrittenAs { text: sign.to_owned(), here: here.to_owned() });
    }
    match rest.chars().next() {
        Some('&') => Some(ExpressionFault::NoAmpersand),
        Some('=') if rest.starts_with("=~") => Some(ExpressionFault::NoMatchSign),
        Some('?') => Some(ExpressionFault::NoQuestionMark),
        _ => None,
    }
}

/// Reads an expression from a place of a text up to its end.
pub(super) fn lex(source: &str, start: usize, end: End) -> Result<Lexed<'_>, Fault> {
    let mut lexer = Lexer { source, start, at: start, braces: 0, tokens: Vec::new(), reads: Reads::default() };
    while !lexer.is_at(end)? {
        lexer.step()?;
    }
    let Lexer { tokens, reads, at: end, .. } = lexer;
    Ok(Lexed { tokens, reads, end })
}

struct Lexer<'s> {
    source: &'s str,
    start: usize,
    at: usize,
    /// Open braces of maps.
    braces: usize,
    tokens: Vec<Placed<'s>>,
    reads: Reads,
}

impl<'s> Lexer<'s> {
    fn rest(&self) -> &'s str {
        &self.source[self.at..]
    }

    fn fault(&self, message: impl Into<Message>) -> Fault {
        Fault { at: self.at, message: message.into() }
    }

    fn is_at(&self, end: End) -> Result<bool, Fault> {
        if self.at - self.start > MAX_EXPRESSION_BYTES {
            return Err(self.fault(ExpressionFault::ExpressionLonger { most: MAX_EXPRESSION_BYTES }));
        }
        if self.tokens.len() > MAX_TOKENS {
            return Err(self.fault(ExpressionFault::ExpressionWords { most: MAX_TOKENS }));
        }
        match (end, self.rest()) {
            (End::Text, rest) => Ok(rest.is_empty()),
            (_, "") => {
                let fault = ExpressionFault::ExpressionOpen { end: end.marker().to_owned() };
                Err(Fault { at: self.start, message: fault.into() })
            }
            (End::Statement, rest) => Ok(rest.starts_with("%}") || rest.starts_with("-%}")),
            // Inside the expression's own braces a `}}` closes maps.
            (End::Braces | End::BracesAngle, rest) => {
                Ok(rest.strip_prefix('-').unwrap_or(rest).starts_with(end.marker()) && self.braces == 0)
            }
        }
    }

    fn step(&mut self) -> Result<(), Fault> {
        let rest = self.rest();
        let Some(c) = rest.chars().next() else { return Ok(()) };
        if c.is_whitespace() {
            self.at += c.len_utf8();
            return Ok(());
        }
        let (token, length) = match c {
            '$' => self.reference()?,
            '"' | '\'' => self.text(c)?,
            '0'..='9' => self.number()?,
            _ if !identifier(rest).is_empty() => (Token::Word(identifier(rest)), identifier(rest).len()),
            _ if is_typographic(c) => {
                return Err(self.fault(ExpressionFault::QuoteTypographic { quote: c }));
            }
            _ => self.sign(c)?,
        };
        self.tokens.push(Placed { token, at: self.at });
        self.at += length;
        Ok(())
    }

    fn reference(&mut self) -> Result<(Token<'s>, usize), Fault> {
        let parsed = reference::parse(&self.rest()[1..], Place::Expression).map_err(|error| self.fault(error))?;
        let Some((reference, length)) = parsed else {
            return Err(self.fault(ExpressionFault::DollarAlone));
        };
        reference.note_reads(&self.rest()[1 + length..], &mut self.reads);
        Ok((Token::Reference(reference), 1 + length))
    }

    fn text(&self, quote: char) -> Result<(Token<'s>, usize), Fault> {
        match literal::text(&self.rest()[1..], quote) {
            Some((text, length)) => Ok((Token::Text(text), 1 + length)),
            None => Err(self.fault(ExpressionFault::TextOpen { quote })),
        }
    }

    fn number(&self) -> Result<(Token<'s>, usize), Fault> {
        // Behind a dot stands a place in a list: `$env["a"].1.2` holds no fraction.
        let is_place = matches!(self.tokens.last(), Some(Placed { token: Token::Sign("."), .. }));
        let (number, length) = literal::number(self.rest(), is_place).map_err(|message| self.fault(message))?;
        Ok((Token::Number(number), length))
    }

    fn sign(&mut self, c: char) -> Result<(Token<'s>, usize), Fault> {
        let rest = self.rest();
        if let Some(fault) = foreign(rest) {
            return Err(self.fault(fault));
        }
        let Some(sign) = SIGNS.into_iter().find(|sign| rest.starts_with(sign)) else {
            return Err(self.fault(ExpressionFault::CharacterUnexpected { character: c }));
        };
        match sign {
            "{" => self.braces += 1,
            "}" => self.braces = self.braces.saturating_sub(1),
            _ => {}
        }
        Ok((Token::Sign(sign), sign.len()))
    }
}
