//! From an expression with `$` references to plain Jinja.
//!
//! It reads words, numbers, texts and signs as Jinja does, so that a `$` or a `}}` inside a text in quotes stays text,
//! and names at once what minijinja would report only when the expression runs: unknown filters, tests, functions.

use super::functions;
use super::reads::Reads;
use super::reference::{self, Place, Reference, identifier, is_typographic};
use super::{MAX_EXPRESSION_BYTES, MAX_TOKENS, SyntaxError};

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
        open: Vec::new(),
        previous: Previous::Other,
    };
    while !scanner.is_at(end)? {
        scanner.step()?;
    }
    let Scanner { jinja, lone, reads, at: end, tokens, .. } = scanner;
    match tokens {
        0 => Err(SyntaxError("the expression is empty".to_owned())),
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
    open: Vec<Bracket>,
    previous: Previous,
}

/// An open bracket.
struct Bracket {
    sign: char,
    /// It opens a list, not an index.
    is_list: bool,
    /// A list stands somewhere inside.
    holds_list: bool,
    /// It stands behind a `*`.
    is_factor: bool,
}

/// What the next word is, after the token before it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Previous {
    Other,
    /// A value.
    Operand,
    /// A list, or what has one in its parentheses.
    List,
    /// `range` or `dict`: its parentheses hold no value but give one.
    Function,
    /// `*`
    Times,
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
            return Err(SyntaxError(format!("the expression is longer than {MAX_EXPRESSION_BYTES} bytes")));
        }
        if self.tokens > MAX_TOKENS {
            return Err(SyntaxError(format!("the expression has more than {MAX_TOKENS} words and signs")));
        }
        match (end, self.rest()) {
            (End::Text, rest) => Ok(rest.is_empty()),
            (_, "") => Err(SyntaxError(format!("an expression is not closed by {}", end.marker()))),
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
            '$' => self.reference(),
            '"' | '\'' => self.text(c),
            '0'..='9' => {
                let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(rest.len());
                self.push(end, Previous::Operand);
                Ok(())
            }
            '(' | '[' | '{' => {
                self.open(c);
                Ok(())
            }
            ')' | ']' | '}' => self.close(c),
            _ if !identifier(rest).is_empty() => self.word(identifier(rest)),
            _ if is_typographic(c) => {
                Err(SyntaxError(format!("{c} is a typographic quote: write \" around texts in expressions")))
            }
            _ => self.sign(c),
        }
    }

    fn push(&mut self, length: usize, previous: Previous) {
        self.jinja.push_str(&self.rest()[..length]);
        self.at += length;
        self.previous = previous;
    }

    fn reference(&mut self) -> Result<(), SyntaxError> {
        let Some((reference, length)) = reference::parse(&self.rest()[1..], Place::Expression)? else {
            return Err(SyntaxError(
                "a $ in an expression must begin a reference, as in $env[\"lastname\"]".to_owned(),
            ));
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
            return Err(SyntaxError(format!("a text in an expression is not closed by {quote}")));
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
            Previous::Pipe => return Err(SyntaxError(format!("unknown filter {word}"))),
            Previous::Is if word == "not" => Previous::Is,
            Previous::Is if functions::is_test(word) => Previous::Other,
            Previous::Is => return Err(SyntaxError(format!("unknown test {word}"))),
            _ if word == "is" => Previous::Is,
            _ if OPERATORS.contains(&word) => Previous::Other,
            _ if NOTHING.contains(&word) => {
                self.jinja.push_str("__none");
                self.at += word.len();
                self.previous = Previous::Operand;
                return Ok(());
            }
            _ if word.starts_with("__") => return Err(SyntaxError(format!("unknown name {word}"))),
            _ if after.starts_with('(') && functions::is_function(word) => Previous::Function,
            _ if after.starts_with('(') => return Err(SyntaxError(format!("unknown function {word}"))),
            _ => Previous::Operand,
        };
        self.push(word.len(), previous);
        Ok(())
    }

    fn open(&mut self, sign: char) {
        let is_index = matches!(self.previous, Previous::Operand | Previous::List);
        let is_factor = self.previous == Previous::Times
            || self.previous == Previous::Other
                && self.open.last().is_some_and(|outer| outer.is_factor && outer.sign == '(');
        self.open.push(Bracket {
            sign,
            is_list: sign == '[' && !is_index,
            holds_list: self.previous == Previous::Function,
            is_factor,
        });
        self.push(1, Previous::Other);
    }

    fn close(&mut self, sign: char) -> Result<(), SyntaxError> {
        let closed = self.open.pop();
        let is_list = closed.as_ref().is_some_and(|closed| closed.is_list || closed.sign == '(' && closed.holds_list);
        if is_list && closed.is_some_and(|closed| closed.is_factor) {
            return Err(multiplied_list());
        }
        if let Some(outer) = self.open.last_mut() {
            outer.holds_list |= is_list;
        }
        self.push(sign.len_utf8(), if is_list { Previous::List } else { Previous::Operand });
        Ok(())
    }

    fn sign(&mut self, c: char) -> Result<(), SyntaxError> {
        let rest = self.rest();
        match c {
            '=' | '!' if rest[1..].starts_with('=') => self.push(2, Previous::Compare(self.jinja.len())),
            '*' if rest.starts_with("**") => self.push(2, Previous::Other),
            '*' if self.previous == Previous::List => return Err(multiplied_list()),
            '*' => self.push(1, Previous::Times),
            '|' => self.push(1, Previous::Pipe),
            '.' => self.push(1, Previous::Dot),
            _ => self.push(c.len_utf8(), Previous::Other),
        }
        Ok(())
    }
}

/// minijinja repeats lists lazily and computes constants while it compiles, where no fuel is counted:
/// `1 in [2] * 100000000` would take many seconds.
fn multiplied_list() -> SyntaxError {
    SyntaxError("a list cannot be multiplied".to_owned())
}

/// Whether what follows a text leaves it alone: no filter, operator or test that binds tighter than a comparison.
fn ends_operand(after: &str) -> bool {
    let after = after.trim_start();
    after.is_empty()
        || after.starts_with([')', ']', '}', ','])
        || matches!(identifier(after), "and" | "or" | "if" | "else")
}
