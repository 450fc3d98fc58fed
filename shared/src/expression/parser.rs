//! From the tokens of an expression to its tree, with the precedence of Jinja's operators. It names at once what an
//! evaluation would only meet later: unknown names, filters, tests and functions.

mod postfix;
mod words;

use minijinja::Value as Jinja;

use super::lexer::{End, Placed, Token, lex};
use super::node::{Arithmetic, Branches, Comparator, Node};
use super::reads::Reads;
use super::{Fault, counters, functions};
use crate::excerpt::excerpt;
use crate::message::{ExpressionFault, Message};
use crate::suggestion::{Meant, did_you_mean};

/// Levels of an expression: brackets, signs before a value, and conditions inside of conditions. Parsing and evaluating
/// recurse once per level.
const MAX_LEVELS: usize = 40;

/// An expression, read to its end.
#[derive(Debug)]
pub(super) struct Parsed {
    pub(super) node: Node,
    pub(super) reads: Reads,
    /// Where the end's marker stands, in bytes.
    pub(super) end: usize,
}

/// Reads the expression at a place of a text up to its end. `names` are those that the text gives.
pub(super) fn parse(source: &str, start: usize, end: End, names: &[String]) -> Result<Parsed, Fault> {
    let lexed = lex(source, start, end)?;
    let mut parser = Parser { tokens: &lexed.tokens, next: 0, end: lexed.end, names, levels: 0, reads: lexed.reads };
    if parser.tokens.is_empty() {
        return Err(parser.fault(ExpressionFault::ExpressionEmpty));
    }
    let node = parser.expression()?;
    parser.expect_end()?;
    Ok(Parsed { node, reads: parser.reads, end: lexed.end })
}

/// Reads tokens one by one.
pub(super) struct Parser<'t, 's> {
    tokens: &'t [Placed<'s>],
    next: usize,
    /// Where the text of the expression ends.
    end: usize,
    names: &'t [String],
    levels: usize,
    reads: Reads,
}

/// Words between values.
const OPERATORS: [&str; 7] = ["and", "or", "not", "in", "is", "if", "else"];

const SUMS: [Arithmetic; 2] = [Arithmetic::Add, Arithmetic::Subtract];
const PRODUCTS: [Arithmetic; 4] =
    [Arithmetic::Multiply, Arithmetic::Divide, Arithmetic::DivideWhole, Arithmetic::Remainder];

impl<'t, 's> Parser<'t, 's> {
    /// A parser of tokens that a statement has read.
    pub(super) fn new(tokens: &'t [Placed<'s>], end: usize, names: &'t [String]) -> Self {
        Self { tokens, next: 0, end, names, levels: 0, reads: Reads::default() }
    }

    /// A whole expression.
    pub(super) fn expression(&mut self) -> Result<Node, Fault> {
        self.deeper(|parser| {
            let mut node = parser.or()?;
            while parser.take_word("if") {
                parser.levels += 1;
                if parser.levels > MAX_LEVELS {
                    return Err(parser.too_deep());
                }
                let condition = parser.or()?;
                let no = if parser.take_word("else") { Some(parser.expression()?) } else { None };
                node = Node::If(Box::new(Branches { condition, yes: node, no }));
            }
            Ok(node)
        })
    }

    /// The same without a condition behind it, as `for` needs it.
    pub(super) fn or(&mut self) -> Result<Node, Fault> {
        self.chain(&["or"], Self::and, Node::Or)
    }

    fn and(&mut self) -> Result<Node, Fault> {
        self.chain(&["and"], Self::not, Node::And)
    }

    fn chain(
        &mut self,
        words: &[&str],
        inner: fn(&mut Self) -> Result<Node, Fault>,
        node: fn(Vec<Node>) -> Node,
    ) -> Result<Node, Fault> {
        let first = inner(self)?;
        let mut all = vec![first];
        while words.iter().any(|word| self.take_word(word)) {
            all.push(inner(self)?);
        }
        Ok(one_or(all, node))
    }

    fn not(&mut self) -> Result<Node, Fault> {
        if self.take_word("not") {
            return self.deeper(|parser| Ok(Node::Not(Box::new(parser.not()?))));
        }
        self.compared()
    }

    fn compared(&mut self) -> Result<Node, Fault> {
        let first = self.sum()?;
        let mut others = Vec::new();
        while let Some(comparator) = self.comparator()? {
            others.push((comparator, self.sum()?));
        }
        Ok(if others.is_empty() { first } else { Node::Compared(Box::new(first), others) })
    }

    fn comparator(&mut self) -> Result<Option<Comparator>, Fault> {
        let comparator = match self.peek() {
            Some(Token::Sign(sign)) => Comparator::of(sign),
            Some(Token::Word("in")) => Some(Comparator::In),
            Some(Token::Word("not")) => {
                self.next += 1;
                if !self.is_word("in") {
                    return Err(self.unexpected());
                }
                Some(Comparator::NotIn)
            }
            _ => None,
        };
        self.next += usize::from(comparator.is_some());
        Ok(comparator)
    }

    fn sum(&mut self) -> Result<Node, Fault> {
        self.operators(&SUMS, Self::joined)
    }

    fn joined(&mut self) -> Result<Node, Fault> {
        let first = self.product()?;
        let mut all = vec![first];
        while self.take_sign("~") {
            all.push(self.product()?);
        }
        Ok(one_or(all, Node::Joined))
    }

    fn product(&mut self) -> Result<Node, Fault> {
        self.operators(&PRODUCTS, Self::power)
    }

    fn power(&mut self) -> Result<Node, Fault> {
        self.operators(&[Arithmetic::Power], Self::unary)
    }

    fn operators(
        &mut self,
        operators: &[Arithmetic],
        inner: fn(&mut Self) -> Result<Node, Fault>,
    ) -> Result<Node, Fault> {
        let first = inner(self)?;
        let mut others = Vec::new();
        while let Some(operator) = operators.iter().copied().find(|one| self.take_sign(one.sign())) {
            others.push((operator, inner(self)?));
        }
        Ok(if others.is_empty() { first } else { Node::Sum(Box::new(first), others) })
    }

    /// Runs a parser one level deeper.
    fn deeper<T>(&mut self, parse: impl FnOnce(&mut Self) -> Result<T, Fault>) -> Result<T, Fault> {
        let levels = self.levels;
        self.levels += 1;
        if self.levels > MAX_LEVELS {
            return Err(self.too_deep());
        }
        let parsed = parse(self);
        self.levels = levels;
        parsed
    }

    fn too_deep(&self) -> Fault {
        self.fault(ExpressionFault::ExpressionDeeper { most: MAX_LEVELS })
    }

    fn peek(&self) -> Option<&'t Token<'s>> {
        self.tokens.get(self.next).map(|placed| &placed.token)
    }

    fn is_sign(&self, sign: &str) -> bool {
        matches!(self.peek(), Some(Token::Sign(found)) if *found == sign)
    }

    fn is_word(&self, word: &str) -> bool {
        matches!(self.peek(), Some(Token::Word(found)) if *found == word)
    }

    /// Whether a sign stands here, which is taken.
    pub(super) fn take_sign(&mut self, sign: &str) -> bool {
        let is_here = self.is_sign(sign);
        self.next += usize::from(is_here);
        is_here
    }

    /// Whether a word stands here, which is taken.
    pub(super) fn take_word(&mut self, word: &str) -> bool {
        let is_here = self.is_word(word);
        self.next += usize::from(is_here);
        is_here
    }

    /// The name that stands here.
    pub(super) fn name(&mut self) -> Result<&'s str, Fault> {
        match self.peek() {
            Some(Token::Word(word)) if !OPERATORS.contains(word) => {
                self.next += 1;
                Ok(word)
            }
            _ => Err(self.unexpected()),
        }
    }

    fn expect_sign(&mut self, sign: &str) -> Result<(), Fault> {
        if self.take_sign(sign) { Ok(()) } else { Err(self.unexpected()) }
    }

    /// Refuses whatever stands behind the end.
    pub(super) fn expect_end(&self) -> Result<(), Fault> {
        if self.peek().is_none() { Ok(()) } else { Err(self.unexpected()) }
    }

    /// A fault at the token that comes next.
    pub(super) fn fault(&self, message: impl Into<Message>) -> Fault {
        let at = self.tokens.get(self.next).map_or(self.end, |placed| placed.at);
        Fault { at, message: message.into() }
    }

    /// What cannot stand here.
    pub(super) fn unexpected(&self) -> Fault {
        self.fault(match self.peek() {
            None => ExpressionFault::EndUnexpected,
            Some(Token::Sign("=")) => ExpressionFault::EqualsSign,
            Some(Token::Sign(sign)) => ExpressionFault::Unexpected { text: (*sign).to_owned() },
            Some(Token::Word(word)) => {
                words::written_here(word).unwrap_or(ExpressionFault::Unexpected { text: excerpt(word) })
            }
            Some(Token::Text(_)) => ExpressionFault::TextUnexpected,
            Some(Token::Number(number)) => ExpressionFault::Unexpected { text: number.to_string() },
            Some(Token::Reference(_)) => ExpressionFault::ReferenceUnexpected,
        })
    }

    fn unknown_name(&self, name: &str) -> Fault {
        let known = ["true", "false", "none"].into_iter().chain(self.names.iter().map(String::as_str));
        let name = excerpt(name);
        let meant = match did_you_mean(&name, known) {
            _ if words::SOURCES.contains(&name.as_str()) => Meant::of([format!("${name}")]),
            nothing if nothing.is_empty() => Meant::of([format!("${name}"), format!("$env[\"{name}\"]")]),
            meant => meant,
        };
        self.fault(Message::from(ExpressionFault::NameUnknown { name }).meant(meant))
    }

    /// A word that stands for a value.
    fn named(&mut self, word: &'s str) -> Result<Node, Fault> {
        let node = match word {
            "true" | "True" => Node::Fixed(Jinja::from(true)),
            "false" | "False" => Node::Fixed(Jinja::from(false)),
            "none" | "None" | "null" => Node::Fixed(Jinja::UNDEFINED),
            _ if self.names.iter().any(|name| name == word) => Node::Local(word.to_owned()),
            _ if self.is_called() => {
                if !functions::is_function(word) {
                    let here = words::function_here(word).map(Message::from);
                    return Err(self.fault(here.unwrap_or_else(|| functions::unknown_function(word))));
                }
                self.next += 1;
                return self.call(word);
            }
            _ if functions::is_function(word) => {
                return Err(self.fault(ExpressionFault::FunctionNoValue { name: word.to_owned() }));
            }
            _ if OPERATORS.contains(&word) => return Err(self.unexpected()),
            _ => {
                return Err(
                    words::written_here(word).map_or_else(|| self.unknown_name(word), |fault| self.fault(fault))
                );
            }
        };
        self.next += 1;
        Ok(node)
    }
}

impl Parser<'_, '_> {
    fn call(&mut self, name: &str) -> Result<Node, Fault> {
        let arguments = self.arguments()?;
        if let Some(place) = counters::place_of_name(name) {
            let counter = arguments.get(place).and_then(counters::written_name);
            self.reads.counters.insert(counter.ok_or_else(|| self.fault(ExpressionFault::CounterName))?);
        }
        Ok(Node::Call(name.to_owned(), arguments))
    }
}

fn one_or(mut all: Vec<Node>, node: fn(Vec<Node>) -> Node) -> Node {
    match all.pop() {
        Some(only) if all.is_empty() => only,
        last => {
            all.extend(last);
            node(all)
        }
    }
}
