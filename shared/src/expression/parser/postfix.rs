//! Values, and what stands directly behind them: names, brackets, filters and tests.

use minijinja::Value as Jinja;

use super::{OPERATORS, Parser, words};
use crate::expression::lexer::{Placed, Token};
use crate::expression::node::{Argument, Comparator, Node};
use crate::expression::{Fault, functions};
use crate::message::ExpressionFault;

impl<'t, 's> Parser<'t, 's> {
    /// A value with its filters and tests, which apply to a minus before it as well.
    pub(super) fn unary(&mut self) -> Result<Node, Fault> {
        let mut node = self.signed()?;
        loop {
            if self.take_sign("|") {
                node = self.filter(node)?;
            } else if self.take_word("is") {
                node = self.test(node)?;
            } else {
                return Ok(node);
            }
        }
    }

    fn signed(&mut self) -> Result<Node, Fault> {
        if self.take_sign("-") {
            return self.deeper(|parser| Ok(Node::Negative(Box::new(parser.signed()?))));
        }
        if self.take_sign("+") {
            return self.deeper(Self::signed);
        }
        let value = self.value()?;
        self.inside(value)
    }

    fn value(&mut self) -> Result<Node, Fault> {
        let node = match self.peek() {
            Some(Token::Reference(reference)) => Node::Reference(reference.clone()),
            Some(Token::Number(number)) => Node::Fixed(number.clone()),
            Some(Token::Text(text)) => {
                let mut text = text.clone();
                // As in Jinja, two texts side by side are one.
                while let Some(Token::Text(more)) = self.tokens.get(self.next + 1).map(|placed| &placed.token) {
                    text.push_str(more);
                    self.next += 1;
                }
                Node::Fixed(Jinja::from(text))
            }
            Some(Token::Word(word)) => return self.named(word),
            Some(Token::Sign("(")) => return self.deeper(Self::group),
            Some(Token::Sign("[")) => {
                self.next += 1;
                return self.deeper(|parser| parser.items("]")).map(Node::List);
            }
            Some(Token::Sign("{")) => return self.deeper(Self::map),
            _ => return Err(self.unexpected()),
        };
        self.next += 1;
        Ok(node)
    }

    /// `(a)`, or a list in round brackets.
    fn group(&mut self) -> Result<Node, Fault> {
        self.next += 1;
        if self.take_sign(")") {
            return Ok(Node::List(Vec::new()));
        }
        let first = self.expression()?;
        if self.take_sign(")") {
            return Ok(first);
        }
        self.expect_sign(",")?;
        let mut all = vec![first];
        all.extend(self.items(")")?);
        Ok(Node::List(all))
    }

    fn items(&mut self, close: &str) -> Result<Vec<Node>, Fault> {
        let mut items = Vec::new();
        while !self.take_sign(close) {
            items.push(self.expression()?);
            if !self.is_sign(close) {
                self.expect_sign(",")?;
            }
        }
        Ok(items)
    }

    fn map(&mut self) -> Result<Node, Fault> {
        self.next += 1;
        let mut items = Vec::new();
        while !self.take_sign("}") {
            let key = self.expression()?;
            self.expect_sign(":")?;
            items.push((key, self.expression()?));
            if !self.is_sign("}") {
                self.expect_sign(",")?;
            }
        }
        Ok(Node::Map(items))
    }

    /// `.name`, `.0`, `["name"]` and `[1:5]` behind a value.
    fn inside(&mut self, mut node: Node) -> Result<Node, Fault> {
        loop {
            if self.take_sign(".") {
                let key = match self.peek() {
                    Some(Token::Word(name)) if self.is_called() => return Err(self.fault(words::method(name))),
                    Some(Token::Word(name)) => Jinja::from(*name),
                    Some(Token::Number(number)) => number.clone(),
                    _ => return Err(self.unexpected()),
                };
                self.next += 1;
                node = Node::Dotted(Box::new(node), key);
            } else if self.take_sign("[") {
                node = self.deeper(|parser| parser.bracket(node))?;
            } else if self.is_sign("(") {
                return Err(self.fault(ExpressionFault::NoMethods));
            } else {
                return Ok(node);
            }
        }
    }

    /// Whether an opening bracket stands behind the word that comes next.
    pub(super) fn is_called(&self) -> bool {
        matches!(self.tokens.get(self.next + 1), Some(Placed { token: Token::Sign("("), .. }))
    }

    fn bracket(&mut self, node: Node) -> Result<Node, Fault> {
        let mut parts = [const { None }; 3];
        let mut colons = 0;
        while !self.take_sign("]") {
            if self.take_sign(":") {
                colons += 1;
                if colons == parts.len() {
                    return Err(self.unexpected());
                }
            } else if parts[colons].is_none() {
                parts[colons] = Some(self.expression()?);
            } else {
                return Err(self.unexpected());
            }
        }
        match (colons, parts) {
            (0, [Some(key), ..]) => Ok(Node::Item(Box::new(node), Box::new(key))),
            (0, _) => Err(self.fault(ExpressionFault::BracketsEmpty)),
            (_, parts) => Ok(Node::Slice(Box::new(node), Box::new(parts))),
        }
    }

    fn filter(&mut self, node: Node) -> Result<Node, Fault> {
        let Some(Token::Word(name)) = self.peek() else { return Err(self.unexpected()) };
        if !functions::is_filter(name) {
            return Err(self.fault(functions::unknown_filter(name)));
        }
        self.next += 1;
        let arguments = if self.is_sign("(") { self.arguments()? } else { Vec::new() };
        Ok(Node::Filter(Box::new(node), (*name).to_owned(), arguments))
    }

    fn test(&mut self, node: Node) -> Result<Node, Fault> {
        let is_negated = self.take_word("not");
        let Some(Token::Word(name)) = self.peek() else { return Err(self.no_test(is_negated)) };
        if !functions::is_test(name) {
            return Err(self.fault(functions::unknown_test(name)));
        }
        self.next += 1;
        let mut arguments = if self.is_sign("(") {
            self.arguments()?
        } else if self.is_value() {
            vec![Argument { name: None, value: self.signed()? }]
        } else {
            Vec::new()
        };
        let test = match (Comparator::of(name), arguments.pop()) {
            (Some(comparator), Some(Argument { name: None, value })) if arguments.is_empty() => {
                Node::Compared(Box::new(node), vec![(comparator, value)])
            }
            (_, last) => {
                arguments.extend(last);
                Node::Test(Box::new(node), (*name).to_owned(), arguments)
            }
        };
        Ok(if is_negated { Node::Not(Box::new(test)) } else { test })
    }

    /// `is "gold"`: behind `is` stands the name of a test, and no value.
    fn no_test(&self, is_negated: bool) -> Fault {
        let (text, here) = if is_negated { ("is not", "!=") } else { ("is", "==") };
        match self.peek() {
            Some(Token::Text(_) | Token::Number(_) | Token::Reference(_)) => {
                self.fault(ExpressionFault::WrittenAs { text: text.to_owned(), here: here.to_owned() })
            }
            _ => self.unexpected(),
        }
    }

    /// Whether what comes next is the argument of a test that has no brackets: `is divisibleby 3`.
    fn is_value(&self) -> bool {
        match self.peek() {
            Some(Token::Word(word)) => !OPERATORS.contains(word),
            Some(Token::Reference(_) | Token::Number(_) | Token::Text(_) | Token::Sign("[" | "{")) => true,
            Some(Token::Sign(_)) | None => false,
        }
    }

    /// `(a, b, name=c)`
    pub(super) fn arguments(&mut self) -> Result<Vec<Argument>, Fault> {
        self.expect_sign("(")?;
        self.deeper(|parser| {
            let mut arguments: Vec<Argument> = Vec::new();
            while !parser.take_sign(")") {
                let name = parser.argument_name();
                if name.is_none() && arguments.iter().any(|one| one.name.is_some()) {
                    return Err(parser.fault(ExpressionFault::NamedFirst));
                }
                arguments.push(Argument { name, value: parser.expression()? });
                if !parser.is_sign(")") {
                    parser.expect_sign(",")?;
                }
            }
            Ok(arguments)
        })
    }

    fn argument_name(&mut self) -> Option<String> {
        let [Token::Word(name), Token::Sign("=")] =
            [&self.tokens.get(self.next)?.token, &self.tokens.get(self.next + 1)?.token]
        else {
            return None;
        };
        self.next += 2;
        Some((*name).to_owned())
    }
}
