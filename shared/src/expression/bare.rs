//! A reference with filters behind it and without braces, as in `$env["a"]|lower`: the filters are plain text.

use super::functions;
use super::reference::{self, Place, identifier};

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
