//! From the text of an expression to its words, numbers, texts, references and signs. It reads them as Jinja does, so that
//! a `$` or a `}}` inside a text in quotes stays text.

mod literal;

use minijinja::Value as Jinja;

use super::reads::Reads;
use super::reference::{self, Place, Reference, identifier, is_typographic};
use super::{Fault, MAX_EXPRESSION_BYTES, MAX_TOKENS};

/// What ends an expression.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// The end of the text.
    Text,
    /// `}}`
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

/// Signs of other languages, with what to write.
const FOREIGN: [(&str, &str); 9] = [
    ("&&", "&& is written and"),
    ("||", "|| is written or"),
    ("&", "& is no operator: and joins conditions, ~ joins texts"),
    ("===", "=== is written =="),
    ("!==", "!== is written !="),
    ("<>", "<> is written !="),
    ("=~", "=~ is no operator here: a text is in another with in"),
    ("?", "a ? b : c is written b if a else c"),
    ("!", "! is written not"),
];

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

    fn fault(&self, message: impl Into<String>) -> Fault {
        Fault { at: self.at, message: message.into() }
    }

    fn is_at(&self, end: End) -> Result<bool, Fault> {
        if self.at - self.start > MAX_EXPRESSION_BYTES {
            return Err(self.fault(format!("the expression is longer than {MAX_EXPRESSION_BYTES} bytes")));
        }
        if self.tokens.len() > MAX_TOKENS {
            return Err(self.fault(format!("the expression has more than {MAX_TOKENS} words and signs")));
        }
        match (end, self.rest()) {
            (End::Text, rest) => Ok(rest.is_empty()),
            (_, "") => {
                Err(Fault { at: self.start, message: format!("an expression is not closed by {}", end.marker()) })
            }
            (End::Statement, rest) => Ok(rest.starts_with("%}") || rest.starts_with("-%}")),
            // Inside the expression's own braces a `}}` closes maps.
            (End::Braces | End::BracesAngle, rest) => Ok(rest.starts_with(end.marker()) && self.braces == 0),
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
                return Err(self.fault(format!("{c} is a typographic quote: write \" around texts in expressions")));
            }
            _ => self.sign(c)?,
        };
        self.tokens.push(Placed { token, at: self.at });
        self.at += length;
        Ok(())
    }

    fn reference(&mut self) -> Result<(Token<'s>, usize), Fault> {
        let parsed =
            reference::parse(&self.rest()[1..], Place::Expression).map_err(|error| self.fault(error.to_string()))?;
        let Some((reference, length)) = parsed else {
            return Err(self.fault("a $ in an expression must begin a reference, as in $env[\"lastname\"]"));
        };
        reference.note_reads(&self.rest()[1 + length..], &mut self.reads);
        Ok((Token::Reference(reference), 1 + length))
    }

    fn text(&self, quote: char) -> Result<(Token<'s>, usize), Fault> {
        match literal::text(&self.rest()[1..], quote) {
            Some((text, length)) => Ok((Token::Text(text), 1 + length)),
            None => Err(self.fault(format!("a text in an expression is not closed by {quote}"))),
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
        // `!=` alone is an operator.
        let is_foreign = |sign: &str| rest.starts_with(sign) && (sign != "!" || !rest.starts_with("!="));
        if let Some((_, message)) = FOREIGN.into_iter().find(|(sign, _)| is_foreign(sign)) {
            return Err(self.fault(message));
        }
        let Some(sign) = SIGNS.into_iter().find(|sign| rest.starts_with(sign)) else {
            return Err(self.fault(format!("{c} is unexpected in an expression")));
        };
        match sign {
            "{" => self.braces += 1,
            "}" => self.braces = self.braces.saturating_sub(1),
            _ => {}
        }
        Ok((Token::Sign(sign), sign.len()))
    }
}
