//! From an expression with `$` references to plain Jinja.
//!
//! It reads words, numbers, texts and signs as Jinja does, so that a `$` or a `}}` inside a text in quotes stays text,
//! and names at once what minijinja would report only when the expression runs: unknown filters, tests, functions.

use super::functions;
use super::reads::Reads;
use super::reference::{self, Place, Reference, identifier, is_typographic};
use super::{MAX_EXPRESSION_BYTES, MAX_TOKENS, SyntaxError};
use crate::message::ExpressionFault;

/// What ends an expression.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// The end of the text.
    Text,
    /// `}}`
    Braces,
    /// `}}>`, as vtiger writes it.
    BracesAngle,
}

impl End {
    /// How it is written.
    pub(super) fn marker(self) -> &'static str {
        match self {
            Self::Text => "",
            Self::Braces => "}}",
            Self::BracesAngle => "}}>",
        }
    }
}

/// An expression, read to its end.
#[derive(Debug)]
pub(super) struct Scanned {
    /// The same as Jinja.
    pub(super) jinja: String,
    /// Set if the expression is nothing but one reference.
    pub(super) lone: Option<Reference>,
    /// The names of `$env` that it reads.
    pub(super) reads: Reads,
    /// Where the end's marker stands, in bytes.
    pub(super) end: usize,
}

/// Reads an expression up to its end.
pub(super) fn scan(source: &str, end: End) -> Result<Scanned, SyntaxError> {
    let mut scanner = Scanner {
        source,
        at: 0,
        jinja: String::new(),
        lone: None,
        reads: Reads::default(),
        tokens: 0,
        open: vec![Level::new('\0', 0)],
        previous: Previous::Other,
    };
    while !scanner.is_at(end)? {
        scanner.step()?;
    }
    scanner.end_factor();
    let Scanner { jinja, lone, reads, at: end, tokens, .. } = scanner;
    match tokens {
        0 => Err(ExpressionFault::ExpressionEmpty.into()),
        1 => Ok(Scanned { jinja, lone, reads, end }),
        _ => Ok(Scanned { jinja, lone: None, reads, end }),
    }
}

struct Scanner<'a> {
    source: &'a str,
    at: usize,
    jinja: String,
    lone: Option<Reference>,
    reads: Reads,
    tokens: usize,
    /// The whole text, then the open brackets.
    open: Vec<Level>,
    previous: Previous,
}

/// What stands between two brackets.
struct Level {
    sign: char,
    /// Where the factor that is being read begins in the Jinja: it holds all that binds tighter than `*`.
    factor: usize,
    /// It stands behind a `*`.
    is_multiplied: bool,
}

impl Level {
    fn new(sign: char, factor: usize) -> Self {
        Self { sign, factor, is_multiplied: false }
    }
}

/// What the next word is, after the token before it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Previous {
    Other,
    /// A value.
    Operand,
    /// `|`: a filter follows.
    Pipe,
    /// `is`, `is not`: a test follows.
    Is,
    /// `.`: an attribute follows.
    Dot,
    /// `==` or `!=`, and where it stands in the Jinja.
    Compare(usize),
}

/// Words between values.
const OPERATORS: [&str; 6] = ["and", "or", "not", "in", "if", "else"];
/// How nothing is written.
const NOTHING: [&str; 3] = ["none", "None", "null"];

impl<'a> Scanner<'a> {
    fn rest(&self) -> &'a str {
        &self.source[self.at..]
    }

    fn is_at(&self, end: End) -> Result<bool, SyntaxError> {
        if self.at > MAX_EXPRESSION_BYTES {
            return Err(ExpressionFault::ExpressionLonger { most: MAX_EXPRESSION_BYTES }.into());
        }
        if self.tokens > MAX_TOKENS {
            return Err(ExpressionFault::ExpressionWords { most: MAX_TOKENS }.into());
        }
        match (end, self.rest()) {
            (End::Text, rest) => Ok(rest.is_empty()),
            (_, "") => Err(ExpressionFault::ExpressionOpen { end: end.marker().to_owned() }.into()),
            // Inside the expression's own braces a `}}` closes maps.
            (_, rest) => Ok(rest.starts_with(end.marker()) && self.open.iter().all(|bracket| bracket.sign != '{')),
        }
    }

    fn step(&mut self) -> Result<(), SyntaxError> {
        let rest = self.rest();
        let Some(c) = rest.chars().next() else {
            return Ok(());
        };
        if c.is_whitespace() {
            self.jinja.push(' ');
            self.at += c.len_utf8();
            return Ok(());
        }
        self.tokens += 1;
        match c {
            '$' => return self.reference(),
            '"' | '\'' => return self.text(c),
            '0'..='9' => {
                let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(rest.len());
                self.push(end, Previous::Operand);
            }
            '(' | '[' | '{' => {
                self.push(1, Previous::Other);
                self.open.push(Level::new(c, self.jinja.len()));
            }
            ')' | ']' | '}' => {
                self.end_factor();
                if self.open.len() > 1 {
                    self.open.pop();
                }
                self.push(1, Previous::Operand);
            }
            _ if !identifier(rest).is_empty() => return self.word(identifier(rest)),
            _ if is_typographic(c) => {
                return Err(ExpressionFault::QuoteTypographic { quote: c }.into());
            }
            _ => self.sign(c),
        }
        Ok(())
    }

    fn push(&mut self, length: usize, previous: Previous) {
        self.jinja.push_str(&self.rest()[..length]);
        self.at += length;
        self.previous = previous;
    }

    fn reference(&mut self) -> Result<(), SyntaxError> {
        let Some((reference, length)) = reference::parse(&self.rest()[1..], Place::Expression)? else {
            return Err(ExpressionFault::DollarAlone.into());
        };
        self.jinja.push_str(&reference.to_jinja());
        self.at += 1 + length;
        self.previous = Previous::Operand;
        reference.note_reads(self.rest(), &mut self.reads);
        self.lone = Some(reference);
        Ok(())
    }

    fn text(&mut self, quote: char) -> Result<(), SyntaxError> {
        let rest = self.rest();
        let mut escaped = false;
        let inner = rest[1..].find(|c: char| {
            let closes = c == quote && !escaped;
            escaped = c == '\\' && !escaped;
            closes
        });
        let Some(inner) = inner else {
            return Err(ExpressionFault::TextOpen { quote }.into());
        };
        let after = &rest[inner + 2..];
        if let Previous::Compare(operator) = self.previous
            && inner == 0
            && ends_operand(after)
        {
            // An unknown name is empty, so that == "" must hold for it as well: to Jinja it is not the empty text.
            let negated = self.jinja[operator..].starts_with('!');
            self.jinja.truncate(operator);
            self.jinja.push_str(if negated { " not in __empty " } else { " in __empty " });
            self.at += 2;
            self.previous = Previous::Operand;
        } else {
            self.push(inner + 2, Previous::Operand);
        }
        Ok(())
    }

    fn word(&mut self, word: &str) -> Result<(), SyntaxError> {
        let after = self.rest()[word.len()..].trim_start();
        let previous = match self.previous {
            Previous::Dot => Previous::Operand,
            Previous::Pipe if functions::is_filter(word) => Previous::Operand,
            Previous::Pipe => return Err(SyntaxError(functions::unknown_filter(word))),
            Previous::Is if word == "not" => Previous::Is,
            Previous::Is if functions::is_test(word) => Previous::Other,
            Previous::Is => return Err(SyntaxError(functions::unknown_test(word))),
            _ if word == "is" => Previous::Is,
            _ if OPERATORS.contains(&word) => {
                self.end_factor();
                self.push(word.len(), Previous::Other);
                self.begin_factor(false);
                return Ok(());
            }
            _ if NOTHING.contains(&word) => {
                self.jinja.push_str("__none");
                self.at += word.len();
                self.previous = Previous::Operand;
                return Ok(());
            }
            _ if word.starts_with("__") => return Err(ExpressionFault::NameUnknown { name: word.to_owned() }.into()),
            _ if after.starts_with('(') && !functions::is_function(word) => {
                return Err(SyntaxError(functions::unknown_function(word)));
            }
            _ => Previous::Operand,
        };
        self.push(word.len(), previous);
        Ok(())
    }

    fn sign(&mut self, c: char) {
        let rest = self.rest();
        let is_unary = matches!(c, '-' | '+') && self.previous != Previous::Operand;
        match c {
            '*' if rest.starts_with("**") => self.push(2, Previous::Other),
            '|' => self.push(1, Previous::Pipe),
            '.' => self.push(1, Previous::Dot),
            _ if is_unary => self.push(1, Previous::Other),
            _ => {
                if let Some(level) = self.open.last_mut() {
                    level.is_multiplied |= c == '*';
                }
                self.end_factor();
                match c {
                    '=' | '!' if rest[1..].starts_with('=') => self.push(2, Previous::Compare(self.jinja.len())),
                    _ => self.push(c.len_utf8(), Previous::Other),
                }
                self.begin_factor(c == '*');
            }
        }
    }

    fn begin_factor(&mut self, is_multiplied: bool) {
        let factor = self.jinja.len();
        if let Some(level) = self.open.last_mut() {
            (level.factor, level.is_multiplied) = (factor, is_multiplied);
        }
    }

    /// What is multiplied must not be a list, which only its evaluation can tell: minijinja repeats lists lazily, and
    /// much of what it then does with billions of items costs no fuel.
    fn end_factor(&mut self) {
        let Some(level) = self.open.last().filter(|level| level.is_multiplied) else { return };
        // Numbers and names of ours need no look.
        let is_plain = self.jinja[level.factor..].trim().bytes().all(|byte| byte.is_ascii_alphanumeric());
        if !is_plain {
            self.jinja.insert_str(level.factor, " __factor(");
            self.jinja.push(')');
        }
    }
}

/// Whether what follows a text leaves it alone: no filter, operator or test that binds tighter than a comparison.
fn ends_operand(after: &str) -> bool {
    let after = after.trim_start();
    after.is_empty()
        || after.starts_with([')', ']', '}', ','])
        || matches!(identifier(after), "and" | "or" | "if" | "else")
}
