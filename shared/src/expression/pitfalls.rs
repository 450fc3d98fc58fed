//! What an expression can be read as but hardly means: `$plan == "a" or "b"`, a date in the letters of another program,
//! arguments that a filter does not take. Judged when a document is set, and not when a stored one is read: that one runs
//! as it did.

mod arguments;
mod zone;

use minijinja::Value as Jinja;

use super::lexer::End;
use super::node::{Argument, Branches, Comparator, Node};
use super::part::{Inline, Loop, Part};
use super::reference::{self, Reference};
use super::{date, functions, parser, text};
use crate::message::{ExpressionFault, Message, StepFault};
use arguments::wrong_arguments;

pub(super) use arguments::{arguments_of, values_of};

/// The most of a literal that a message repeats, in characters.
const MAX_EXCERPT_CHARS: usize = 40;

/// What is wrong in an expression of which it matters whether it is true. One that cannot be parsed has its own fault.
pub fn of_condition(source: &str) -> Vec<Message> {
    let mut walk = Walk::default();
    if let Ok(parsed) = parser::parse(source, 0, End::Text, &[]) {
        walk.condition(&parsed.node);
    }
    walk.found
}

/// What is wrong in the expressions of a text with placeholders and statements.
pub fn of_text(source: &str) -> Vec<Message> {
    let mut walk = Walk::default();
    if source.contains(['{', '$'])
        && let Ok((parts, _)) = text::parse(source)
    {
        walk.parts(&parts);
        walk.found.extend(plain_signs(source));
    }
    walk.found
}

/// Signs that look like those of a comment of Jinja or of a date, and stand in the text as they are.
fn plain_signs(source: &str) -> Option<Message> {
    let is_word = |at: usize| {
        let name = reference::identifier(&source[at + 2..]);
        !source[..at].ends_with('$') && !name.is_empty() && source[at + 2 + name.len()..].starts_with([']', ','])
    };
    if has_else_if(source) {
        let (text, here) = ("{% else if … %}".to_owned(), "{% elif … %}".to_owned());
        return Some(ExpressionFault::WrittenAs { text, here }.into());
    }
    if source.split_once("{#").is_some_and(|(_, rest)| rest.contains("#}")) {
        return Some(ExpressionFault::NoComments.into());
    }
    if let Some(name) = script_name(source) {
        return Some(ExpressionFault::NameInBraces { name }.into());
    }
    let other = source.match_indices("$[").find(|(at, _)| is_word(*at) && !source[at + 2..].starts_with("Now"));
    other.map(|_| ExpressionFault::NowForm.into())
}

/// Whether a condition stands behind `{% else`, where nobody reads it.
fn has_else_if(source: &str) -> bool {
    source.split("{%").skip(1).any(|rest| {
        let word = rest.trim_start_matches(['-', '+']).trim_start();
        let behind = word.strip_prefix("else").unwrap_or_default();
        behind.starts_with(char::is_whitespace) && behind.trim_start().starts_with(char::is_alphabetic)
    })
}

/// The name in `${name}`, as JavaScript, shells and other programs put values into texts.
fn script_name(source: &str) -> Option<String> {
    source.match_indices("${").find_map(|(at, _)| {
        let name = reference::identifier(&source[at + 2..]);
        let is_closed = source[at + 2 + name.len()..].starts_with('}');
        (is_closed && !name.is_empty() && !source[..at].ends_with('$')).then(|| name.to_owned())
    })
}

/// Goes through a tree and collects what is wrong.
#[derive(Default)]
struct Walk {
    found: Vec<Message>,
    /// The names that `set` has given so far.
    names: Vec<String>,
    /// How many of them stand before the innermost loop.
    outer: usize,
    /// The names that a value has read.
    read: Vec<String>,
}

impl Walk {
    fn parts(&mut self, parts: &[Part]) {
        for (at, part) in parts.iter().enumerate() {
            match part {
                Part::Text(_) => {}
                Part::Reference(reference) => {
                    self.reference(reference);
                    if let Some(Part::Text(behind)) = parts.get(at + 1) {
                        self.apart(reference, behind);
                        self.found.extend(counting_in_text(behind).or_else(|| filter_in_text(behind)));
                    }
                }
                Part::Inline(Inline { node, .. }) => self.value(node),
                Part::Set(name, node) => self.set(name, node),
                Part::If(branches) => {
                    for (condition, parts) in branches {
                        condition.iter().for_each(|condition| self.condition(condition));
                        self.parts(parts);
                    }
                }
                Part::For(all) => self.repeat(all),
            }
        }
    }

    /// `$env ["a"]`, `$env->a` and `$env("a")` write all of `$env`.
    fn apart(&mut self, reference: &Reference, behind: &str) {
        let called = behind.strip_prefix("(\"").or_else(|| behind.strip_prefix("('"));
        let key = behind.strip_prefix("->").or(called).map(reference::identifier).unwrap_or_default();
        if let Some(name) = reference.whole_map().filter(|_| !key.is_empty()) {
            let (name, key) = (name.to_owned(), key.to_owned());
            self.found.push(ExpressionFault::ReferenceDotted { name, key }.into());
        }
        let rest = behind.trim_start_matches(' ');
        let is_bracket = rest.len() < behind.len() && (rest.starts_with("[\"") || rest.starts_with("['"));
        if is_bracket && let Some(name) = reference.whole_map() {
            self.found.push(ExpressionFault::ReferenceApart { name: name.to_owned() }.into());
        }
    }

    fn repeat(&mut self, all: &Loop) {
        self.value(&all.list);
        all.condition.iter().for_each(|condition| self.condition(condition));
        let outer = std::mem::replace(&mut self.outer, self.names.len());
        self.parts(&all.body);
        self.names.truncate(self.outer);
        self.outer = outer;
        self.parts(&all.otherwise);
    }

    /// `{% set sum = sum + 1 %}` in a loop: the next item has the name as it was before the loop.
    fn set(&mut self, name: &str, node: &Node) {
        self.read.clear();
        self.value(node);
        if self.names[..self.outer].iter().any(|known| known == name) && self.read.iter().any(|read| read == name) {
            self.found.push(ExpressionFault::SetInLoop { name: name.to_owned() }.into());
        }
        self.names.push(name.to_owned());
    }

    /// A node of which it matters whether it is true.
    fn condition(&mut self, node: &Node) {
        match node {
            Node::Not(inner) => self.condition(inner),
            Node::And(all) | Node::Or(all) => {
                for one in all {
                    match one {
                        Node::Fixed(value) => self.literal(value, all),
                        one => self.condition(one),
                    }
                }
            }
            node => self.value(node),
        }
    }

    /// A text or a number that stands alone beside `and` or `or`; true, false and what is empty may stand there.
    fn literal(&mut self, value: &Jinja, all: &[Node]) {
        if let Some(text) = written(value).filter(|_| value.is_true()) {
            let compared = all.iter().filter_map(compared_with).collect::<Vec<_>>().join(", ");
            self.found.push(ExpressionFault::AlwaysTrue { text, list: compared }.into());
        }
    }

    fn value(&mut self, node: &Node) {
        match node {
            Node::Fixed(_) => {}
            Node::Local(name) => self.read.push(name.clone()),
            Node::Reference(reference) => self.reference(reference),
            Node::List(all) | Node::Joined(all) | Node::And(all) | Node::Or(all) => self.values(all),
            Node::Map(pairs) => pairs.iter().for_each(|(key, value)| {
                self.value(key);
                self.value(value);
            }),
            Node::Item(inner, key) => {
                self.value(inner);
                self.value(key);
            }
            Node::Dotted(inner, key) => {
                self.value(inner);
                self.found.extend(counting(inner, key));
            }
            Node::Slice(inner, bounds) => {
                self.value(inner);
                bounds.iter().flatten().for_each(|bound| self.value(bound));
            }
            Node::Negative(inner) | Node::Not(inner) => self.value(inner),
            Node::Sum(first, others) => {
                self.value(first);
                others.iter().for_each(|(_, other)| self.value(other));
            }
            Node::Compared(first, others) => {
                self.value(first);
                others.iter().for_each(|(_, other)| self.value(other));
            }
            Node::If(branches) => {
                let Branches { condition, yes, no } = &**branches;
                self.condition(condition);
                self.value(yes);
                no.iter().for_each(|no| self.value(no));
            }
            Node::Filter(inner, name, arguments) => {
                self.value(inner);
                self.found.extend(wrong_arguments(name, arguments));
                self.arguments(name, arguments);
            }
            Node::Test(inner, name, arguments) => {
                self.value(inner);
                self.arguments(name, arguments);
            }
            Node::Call(name, arguments) => self.arguments(name, arguments),
        }
    }

    fn values(&mut self, all: &[Node]) {
        all.iter().for_each(|one| self.value(one));
    }

    fn arguments(&mut self, name: &str, arguments: &[Argument]) {
        self.found.extend(zone::wrong(name, arguments));
        arguments.iter().for_each(|argument| self.value(&argument.value));
    }

    fn reference(&mut self, reference: &Reference) {
        if let Reference::Now(now) = reference {
            self.found.extend(date::foreign_format(&now.format).map(Message::from));
        }
    }
}

/// What lists have in JavaScript, Ruby and C#.
const COUNTS: [&str; 4] = ["length", "size", "count", "Count"];

/// `$env["items"].length`. Jinja's `loop` has a length, and `$env.length` is a posted value.
fn counting(inner: &Node, key: &Jinja) -> Option<Message> {
    let is_meant = match inner {
        Node::Local(name) => name != "loop",
        Node::Reference(reference) => reference.whole_map().is_none(),
        _ => true,
    };
    let name = key.as_str().filter(|name| is_meant && COUNTS.contains(name))?;
    Some(ExpressionFault::PropertyIsFilter { name: name.to_owned() }.into())
}

/// The same behind a reference that stands in a text without braces.
fn counting_in_text(behind: &str) -> Option<Message> {
    let name = reference::identifier(behind.strip_prefix('.')?);
    COUNTS.contains(&name).then(|| ExpressionFault::PropertyIsFilter { name: name.to_owned() }.into())
}

/// `$env["a"]|upper` in the middle of a text.
fn filter_in_text(behind: &str) -> Option<Message> {
    let name = reference::identifier(behind.strip_prefix('|')?);
    let meant = format!("{{{{ $env[\"a\"]|{name} }}}}");
    functions::is_filter(name).then(|| StepFault::BareFilter { meant }.into())
}

/// A text or a number as it is written.
fn written(value: &Jinja) -> Option<String> {
    match value.as_str() {
        Some(text) => Some(format!("\"{}\"", text.chars().take(MAX_EXCERPT_CHARS).collect::<String>())),
        None => value.is_number().then(|| value.to_string()),
    }
}

/// The literal of `$a == "x"`, or the node itself if it is one.
fn compared_with(node: &Node) -> Option<String> {
    match node {
        Node::Fixed(value) => written(value),
        Node::Compared(_, others) => match others.as_slice() {
            [(Comparator::Equal, Node::Fixed(value))] => written(value),
            _ => None,
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests;
