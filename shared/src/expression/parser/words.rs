//! Words of other languages, and how what they say is written here.

use super::OPERATORS;
use crate::expression::functions;
use crate::message::{ExpressionFault, Message};
use crate::suggestion::Meant;

/// What stands behind a dollar.
pub(super) const SOURCES: [&str; 5] = ["env", "query", "request", "var", "secret"];

/// Words of SQL and of other languages, in lower case.
const OTHERS: [(&str, &str); 17] = [
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
    ("undefined", "none"),
    ("today", "now()"),
    ("starts", "$env[\"a\"]|regex_match(\"^part\")"),
];

/// Functions of spreadsheets, of PHP and of vtiger, in lower case, of which no filter and no function has nearly the name.
const FUNCTIONS: [(&str, &str); 20] = [
    ("if", "\"yes\" if $env[\"a\"] > 5 else \"no\""),
    ("iif", "\"yes\" if $env[\"a\"] > 5 else \"no\""),
    ("concat", "$env[\"a\"] ~ \" \" ~ $env[\"b\"]"),
    ("concatenate", "$env[\"a\"] ~ \" \" ~ $env[\"b\"]"),
    ("empty", "$env[\"a\"] is empty"),
    ("isblank", "$env[\"a\"] is empty"),
    ("is_null", "$env[\"a\"] is none"),
    ("isset", "$env[\"a\"] is defined"),
    ("left", "$env[\"a\"][:3]"),
    ("right", "$env[\"a\"][-3:]"),
    ("mid", "$env[\"a\"][2:5]"),
    ("substr", "$env[\"a\"][2:5]"),
    ("today", "now()|format_date(\"Y-m-d\")"),
    ("date", "$env[\"a\"]|format_date(\"d.m.Y\")"),
    ("get_date", "now()|format_date(\"Y-m-d\")"),
    ("add_days", "$env[\"a\"]|add(days=3)"),
    ("sub_days", "$env[\"a\"]|add(days=-3)"),
    ("time_diff", "$env[\"a\"] < now()|add(hours=-2)"),
    ("rand", "random(1, 6)"),
    ("in_array", "\"web\" in $env[\"tags\"]"),
];

/// How a function of another program is written here.
pub(super) fn function_here(word: &str) -> Option<ExpressionFault> {
    let lower = word.to_lowercase();
    let (_, here) = FUNCTIONS.iter().find(|(other, _)| *other == lower)?;
    Some(ExpressionFault::WrittenAs { text: format!("{word}(…)"), here: (*here).to_owned() })
}

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

/// What `.name(…)` is here: values have no methods, but often there is a filter.
pub(super) fn method(name: &str) -> Message {
    if let Some(fault) = written_here(name) {
        return fault.into();
    }
    let is_filter = functions::is_filter(name);
    let meant = if is_filter { Meant::of([format!("`{name}`")]) } else { functions::near_filters(name) };
    Message::from(ExpressionFault::NoMethods).meant(meant)
}
