//! `$name["…"]` reads a source that there is, or it is a misspelt one: a text would be sent with the brackets in it.

use super::SyntaxError;
use crate::message::{ExpressionFault, Message};
use crate::suggestion::{Meant, did_you_mean, nearest};

/// What a `$` with a name in brackets reads.
pub(super) const SOURCES: [&str; 4] = ["env", "query", "request", "var"];

/// The names in `$request`.
pub(super) const OF_REQUEST: [&str; 4] = ["ip", "time", "headers", "altered"];

/// Other names of what was posted, as other programs call it.
const POSTED: [&str; 8] = ["post", "posted", "form", "body", "data", "input", "params", "fields"];

/// Refuses `$evn["email"]`. A field of the record may be followed by `[0]`; a name in a field stands behind a dot.
pub(super) fn refuse_unknown(name: &str, after: &str) -> Result<(), SyntaxError> {
    let Some(inner) = after.strip_prefix('[').map(str::trim_start) else { return Ok(()) };
    let is_quoted = inner.starts_with(super::is_quote);
    // `$evn[email]` lacks the quotes as well; `$price[EUR]` is a field with brackets behind it.
    let is_near = || name.len() > 3 && inner.starts_with(char::is_alphabetic) && !near(name).is_empty();
    if !is_quoted && !is_near() {
        return Ok(());
    }
    let (meant, name) = (near(name), name.to_owned());
    let fault = match meant.as_slice() {
        [] => {
            let reads = format!("{{{{ ${name}.key }}}}");
            ExpressionFault::SourceOrField { name, sources: written(&SOURCES), reads }
        }
        meant => {
            let fault = Message::from(ExpressionFault::SourceUnknown { name });
            return Err(SyntaxError(fault.meant(Meant::of(written(meant)))));
        }
    };
    Err(fault.into())
}

/// Refuses `$request["ipp"]`.
pub(super) fn refuse_unknown_of_request(name: &str) -> Result<(), SyntaxError> {
    if OF_REQUEST.contains(&name) {
        return Ok(());
    }
    let short: String = name.chars().take(40).collect();
    let near = did_you_mean(name, OF_REQUEST);
    // What was posted is looked for here as well.
    let meant = if near.is_empty() && short == name { Meant::of([format!("$env[{short:?}]")]) } else { near };
    let fault = ExpressionFault::RequestLacks { name: format!("{short:?}"), known: OF_REQUEST.join(", ") };
    Err(SyntaxError(Message::from(fault).meant(meant)))
}

fn near(name: &str) -> Vec<&'static str> {
    // `$_POST` and `$_GET` of PHP.
    let name = name.trim_start_matches('_');
    if POSTED.iter().any(|posted| posted.eq_ignore_ascii_case(name)) {
        return vec!["env"];
    }
    if name.eq_ignore_ascii_case("get") {
        return vec!["query"];
    }
    nearest(name, SOURCES.into_iter().chain(["secret"]))
}

fn written(sources: &[&str]) -> Vec<String> {
    sources.iter().map(|source| format!("${source}[\"name\"]")).collect()
}
