//! Words of other languages, and how what they say is written here.

use super::OPERATORS;
use crate::message::ExpressionFault;

/// What stands behind a dollar.
pub(super) const SOURCES: [&str; 5] = ["env", "query", "request", "var", "secret"];

/// Words of SQL and of other languages, in lower case.
const OTHERS: [(&str, &str); 14] = [
    ("null", "none"),
    ("nil", "none"),
    ("contains", "\"web\" in $env[\"tags\"]"),
    ("includes", "\"web\" in $env[\"tags\"]"),
    ("has", "\"web\" in $env[\"tags\"]"),
    ("like", "\"part\" in $env[\"a\"], or $env[\"a\"]|regex_match(\"^part\")"),
    ("matches", "$env[\"a\"]|regex_match(\"^part\")"),
    ("startswith", "$env[\"a\"]|regex_match(\"^part\")"),
    ("endswith", "$env[\"a\"]|regex_match(\"part$\")"),
    ("between", "1 <= $env[\"a\"] <= 5"),
    ("equals", "=="),
    ("xor", "!="),
    ("mod", "%"),
    ("div", "//"),
];

/// How a word is written here, if it is a word of another language or has other capital letters here.
pub(super) fn written_here(word: &str) -> Option<ExpressionFault> {
    let lower = word.to_lowercase();
    let is_ours = OPERATORS.iter().chain(&["true", "false", "none"]).any(|ours| *ours == lower);
    let here = match OTHERS.iter().find(|(other, _)| *other == lower) {
        Some((_, here)) => (*here).to_owned(),
        None if is_ours && lower != word => lower,
        None => return None,
    };
    Some(ExpressionFault::WrittenAs { text: word.to_owned(), here })
}
