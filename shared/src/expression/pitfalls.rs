//! What an expression can be read as but hardly means: `$plan == "a" or "b"`, a date in the letters of another program,
//! arguments that a filter does not take. Judged when a document is set, and not when a stored one is read: that one runs
//! as it did.

mod arguments;

use minijinja::Value as Jinja;

use super::lexer::End;
use super::node::{Argument, Branches, Comparator, Node};
use super::part::{Inline, Loop, Part};
use super::reference::{self, Reference};
use super::{date, parser, text};
use crate::message::{ExpressionFault, Message};
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
    if source.split_once("{#").is_some_and(|(_, rest)| rest.contains("#}")) {
        return Some(ExpressionFault::NoComments.into());
    }
    let other = source.match_indices("$[").find(|(at, _)| is_word(*at) && !source[at + 2..].starts_with("Now"));
    other.map(|_| ExpressionFault::NowForm.into())
}

/// Goes through a tree and collects what is wrong.
#[derive(Default)]
struct Walk {
    found: Vec<Message>,
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
                    }
                }
                Part::Inline(Inline { node, .. }) | Part::Set(_, node) => self.value(node),
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

    /// `$env ["a"]` writes all of `$env`.
    fn apart(&mut self, reference: &Reference, behind: &str) {
        let rest = behind.trim_start_matches(' ');
        let is_bracket = rest.len() < behind.len() && (rest.starts_with("[\"") || rest.starts_with("['"));
        if is_bracket && let Some(name) = reference.whole_map() {
            self.found.push(ExpressionFault::ReferenceApart { name: name.to_owned() }.into());
        }
    }

    fn repeat(&mut self, all: &Loop) {
        self.value(&all.list);
        all.condition.iter().for_each(|condition| self.condition(condition));
        self.parts(&all.body);
        self.parts(&all.otherwise);
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
            Node::Fixed(_) | Node::Local(_) => {}
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
                self.arguments(arguments);
            }
            Node::Test(inner, _, arguments) => {
                self.value(inner);
                self.arguments(arguments);
            }
            Node::Call(_, arguments) => self.arguments(arguments),
        }
    }

    fn values(&mut self, all: &[Node]) {
        all.iter().for_each(|one| self.value(one));
    }

    fn arguments(&mut self, arguments: &[Argument]) {
        arguments.iter().for_each(|argument| self.value(&argument.value));
    }

    fn reference(&mut self, reference: &Reference) {
        if let Reference::Now(now) = reference {
            self.found.extend(date::foreign_format(&now.format).map(Message::from));
        }
    }
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
mod tests {
    use super::*;
    use crate::expression::examples::FILTERS;

    fn texts(found: &[Message]) -> Vec<String> {
        found.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_literal_beside_or_is_found_in_conditions_alone() {
        for (source, expected) in [
            (
                r#"$env["plan"] == "a" or "b""#,
                r#""b" alone is always true: to compare with several values, write in ["a", "b"]"#,
            ),
            ("$n == 5 or 6", "in [5, 6]"),
            (r#"$n == 5 and ("x" or $y)"#, r#"in ["x"]"#),
            (r#"not ($a == "x" or "y")"#, r#""y" alone"#),
        ] {
            let found = texts(&of_condition(source));
            assert!(found.len() == 1 && found[0].contains(expected), "{source}: {found:?}");
        }
        for source in [
            r#"$env["plan"] in ["a", "b"]"#,
            r#"$a == "x" or $b"#,
            "$a or true",
            r#"($a or "x") == "x""#,
            r#"$a or """#,
        ] {
            assert_eq!(texts(&of_condition(source)), [""; 0], "{source}");
        }
        assert_eq!(texts(&of_text(r#"{{ $a or "none" }} {{ $b == 1 and "x" or "y" }}"#)), [""; 0]);
        for source in [r#"{% if $a == "x" or "y" %}b{% endif %}"#, r#"{{ 1 if $a == "x" or "y" else 2 }}"#] {
            assert_eq!(of_text(source).len(), 1, "{source}");
        }
    }

    #[test]
    fn arguments_that_never_fit_are_found() {
        for (source, expected) in [
            (r#"{{ $a|format_date("YYYY-MM-DD") }}"#, "YY is not how a date is written here"),
            ("{{ $a|format_date('%Y-%m-%d') }}", "%Y is not"),
            ("$[Now,0,'dd.MM.yyyy']", "dd is not"),
            ("Dear $env [\"name\"]", r#"a blank stands between $env and its brackets: write $env["lastname"]"#),
            ("a {# note #} b", "{# … #} is no comment here"),
            ("On $[Today]", "$[Now] is written as"),
            (
                "{{ $a|format_date }}",
                r#"do not fit |format_date, which is used as in "2026-05-01"|format_date("d.m.Y")"#,
            ),
            ("{{ $a|add(day=1) }}", "do not fit |add"),
            (r#"{{ $a|replace("a") }}"#, "do not fit |replace"),
            (r#"{{ $a|regex_match("[") }}"#, "the pattern cannot be read"),
            (r#"{{ [1, $a|upper(5)]|join }}"#, "do not fit |upper"),
        ] {
            let found = texts(&of_text(source));
            assert!(found.len() == 1 && found[0].contains(expected), "{source}: {found:?}");
        }
        for source in [
            r#"{{ $a|format_date("d.m.Y H:i", zone="Europe/Moscow") }}"#,
            "{{ $a|format_date($f) }}",
            r#"{{ $a|regex_match("^[0-9]+$") and $b|regex_match($c) }}"#,
            "$[Now,0,'d.m.Y'] %Y dd",
            "{{ $a|add(days=$n) }}",
            "$env[\"a\"] [\"b\"] and $[1], $$[Today], {#",
        ] {
            assert_eq!(texts(&of_text(source)), [""; 0], "{source}");
        }
        for (name, example, _) in FILTERS {
            assert_eq!(texts(&of_condition(example)), [""; 0], "{name}");
        }
    }
}
