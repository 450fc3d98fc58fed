//! What stands without braces and was probably meant as an expression: `$env["a"]|lower`, `$env["n"] + 1`, `now()`. All
//! of it but the reference is plain text. And a name that was written as a reference.

use super::functions;
use super::lexer::End;
use super::node::{Arithmetic, Comparator, Node};
use super::parser;
use super::reference::{self, Place, Reference, Source, identifier};
use super::value::Key;

/// The text in braces, if all of it is a reference with filters.
pub fn bare_filter(text: &str) -> Option<String> {
    let text = text.trim();
    let (_, length) = reference::parse(text.strip_prefix('$')?, Place::Text).ok()??;
    let mut rest = &text[length + 1..];
    while !rest.is_empty() {
        rest = behind_filter(rest)?;
    }
    (text.len() > length + 1).then(|| format!("{{{{ {text} }}}}"))
}

/// The text in braces, if all of it is an expression that begins with a reference, or with a call of a function. Words and
/// signs that stand in plain texts as well, such as `and` and `-`, count only where a text is `compared`.
pub fn bare_expression(text: &str, compared: bool) -> Option<String> {
    let text = text.trim();
    let called = identifier(text);
    let begins_with_call = functions::is_function(called) && text[called.len()..].starts_with('(');
    if !begins_with_call && !text.starts_with('$') {
        return None;
    }
    let node = parser::parse(text, 0, End::Text, &[]).ok()?.node;
    let is_meant = match &node {
        Node::Reference(_) | Node::Fixed(_) | Node::Local(_) => false,
        Node::Item(..) | Node::Dotted(..) | Node::Slice(..) => false,
        node => begins_with_call || compared || calculates(node),
    };
    is_meant.then(|| format!("{{{{ {text} }}}}"))
}

/// Whether it has a sign that hardly stands in a plain text.
fn calculates(node: &Node) -> bool {
    match node {
        Node::Joined(_) => true,
        Node::Compared(_, others) => {
            others.iter().all(|(comparator, _)| !matches!(comparator, Comparator::In | Comparator::NotIn))
        }
        Node::Sum(_, others) => others.iter().any(|(sign, other)| match sign {
            Arithmetic::Add | Arithmetic::Multiply | Arithmetic::Power => true,
            Arithmetic::Subtract | Arithmetic::Divide | Arithmetic::DivideWhole | Arithmetic::Remainder => {
                calculates(other)
            }
        }),
        Node::And(all) | Node::Or(all) => all.iter().all(calculates),
        _ => false,
    }
}

/// The name in a text that is one reference, to a value of `$env` or to a field of the run's record.
pub fn name_in(text: &str) -> Option<String> {
    let rest = text.trim().strip_prefix('$')?;
    match reference::parse(rest, Place::Text).ok()?? {
        (Reference::Path(Source::Env | Source::Record, path), length) if length == rest.len() => {
            match path.as_slice() {
                [Key::Name(name)] => Some(name.clone()),
                _ => None,
            }
        }
        _ => None,
    }
}

/// What stands behind `|name` or `|name(…)`.
fn behind_filter(text: &str) -> Option<&str> {
    let text = text.trim_start().strip_prefix('|')?.trim_start();
    let name = identifier(text);
    let rest = text[name.len()..].trim_start();
    let rest = if rest.starts_with('(') { rest.split_once(')')?.1 } else { rest };
    functions::is_filter(name).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expression_alone_in_a_text_lacks_its_braces() {
        for (text, in_text, compared) in [
            ("$env[\"v\"] == 5", true, true),
            ("$env[\"n\"] + 1", true, true),
            ("$env[\"a\"] ~ \" \" ~ $env[\"b\"]", true, true),
            ("$env[\"a\"] == 5 and $env[\"b\"] > 6", true, true),
            ("now()", true, true),
            ("counter(\"x\")", true, true),
            ("now()|format_date(\"d.m.Y\")", true, true),
            // People write these in texts.
            ("$firstname and $lastname", false, true),
            ("$env[\"from\"] - $env[\"to\"]", false, true),
            ("$env[\"day\"]/$env[\"month\"]", false, true),
            ("$env[\"a\"] is email", false, true),
            ("$env[\"v\"]", false, false),
            ("$env[\"v\"][0]", false, false),
            ("$env[\"first\"] $env[\"last\"]", false, false),
            ("5 + 1", false, false),
            ("now", false, false),
            ("now() is the time", false, false),
            ("{{ now() }}", false, false),
            ("From $env[\"a\"] + 1", false, false),
        ] {
            let braced = format!("{{{{ {text} }}}}");
            assert_eq!(bare_expression(text, false), in_text.then(|| braced.clone()), "{text}");
            assert_eq!(bare_expression(text, true), compared.then_some(braced), "{text} compared");
        }
    }

    #[test]
    fn a_reference_with_filters_alone_in_a_text_lacks_its_braces() {
        for (text, expected) in [
            ("$env[\"x\"]|lower", Some("{{ $env[\"x\"]|lower }}")),
            (" $lastname | trim | join(\", \") ", Some("{{ $lastname | trim | join(\", \") }}")),
            ("$[Now]|format_date('d.m.Y')", Some("{{ $[Now]|format_date('d.m.Y') }}")),
            ("$env[\"x\"]", None),
            ("$env[\"x\"]|lowr", None),
            ("$env[\"x\"]|lower case", None),
            ("Dear $lastname|title", None),
            ("$env[\"x\"]|$env[\"y\"]", None),
            ("{{ $env[\"x\"]|lower }}", None),
            ("$$env|lower", None),
            ("|lower", None),
        ] {
            assert_eq!(bare_filter(text).as_deref(), expected, "{text}");
        }
    }
}
