//! `postern explain`: why an address is let in or not, or what a document, a task, an expression or a secret may hold.

use std::net::IpAddr;

use clap::Args;
use postern_control::operation::explain::{ExplainAddress, Input, Verdict};
use postern_shared::expression::examples::{FILTERS, FUNCTIONS, TESTS};
use postern_shared::spec::reference;
use postern_shared::suggestion::did_you_mean;
use postern_shared::task::KINDS;
use serde_json::json;

use crate::options::Server;
use crate::output::{Failure, Output};

/// Arguments of `explain`.
#[derive(Debug, Args)]
pub struct Options {
    /// An address such as 203.0.113.7, or a word such as workflow, permission, create_record, expression or secret
    what: String,
    #[command(flatten)]
    api: Server,
}

/// Asks the server about an address; everything else needs no server.
pub async fn run(options: &Options, output: &mut Output) -> Result<(), Failure> {
    match options.what.parse::<IpAddr>() {
        Ok(address) => explain_address(&options.api, address, output).await,
        Err(_) => explain_word(&options.what, output),
    }
}

async fn explain_address(api: &Server, address: IpAddr, output: &mut Output) -> Result<(), Failure> {
    let answer = api.api()?.call::<ExplainAddress>(&Input { address }).await?;
    let (address, is_admitted) = (answer.address, answer.admitted);
    let verdict = if is_admitted { "is admitted" } else { "is admitted by no permission" };
    let mut text = format!("{address} {verdict}");
    for Verdict { permission, admits, reason, answers_at, .. } in &answer.permissions {
        let admits = if *admits { "admits it" } else { "does not admit it" };
        text += &format!("\n  {permission} {admits}: {reason}; it answers at {answers_at}");
    }
    output.named(&address.to_string(), text, &answer)
}

fn explain_word(what: &str, output: &mut Output) -> Result<(), Failure> {
    let looks_like_address = what.contains(':') || what.chars().all(|c| c.is_ascii_digit() || c == '.');
    if looks_like_address && !what.is_empty() {
        return Err(Failure::usage(
            format!("{what} is no IP address"),
            "an address is such as 203.0.113.7 or 2001:db8::7",
        ));
    }
    // As kubectl takes it, `workflow.create_record` is a task too.
    let name = what.rsplit('.').next().unwrap_or(what);
    let Some(text) = reference::section_of(name).or_else(|| of_expressions(name)).or_else(|| of_key(name)) else {
        let meant = did_you_mean(name, reference::names());
        let known: Vec<&str> = reference::names().collect();
        let hint = format!("words that are explained: {}", known.join(", "));
        return Err(Failure::usage(format!("there is nothing to explain about {name}{meant}"), hint));
    };
    output.named(name, text.trim_end(), &json!({"name": name, "text": text}))
}

/// A filter, a test or a function of expressions, with its example.
fn of_expressions(name: &str) -> Option<String> {
    let mut text = String::new();
    for (kind, all) in [("filter", &FILTERS[..]), ("test", &TESTS[..]), ("function", &FUNCTIONS[..])] {
        for (_, example, value) in all.iter().filter(|(known, ..)| *known == name) {
            text += &format!("{name} is a {kind} of expressions: {example} gives {value}\n");
        }
    }
    (!text.is_empty()).then_some(text)
}

/// A key of steps, with the tasks that have it.
fn of_key(name: &str) -> Option<String> {
    let tasks = KINDS.iter().map(|kind| kind.spec).filter(|spec| spec.setting(name).is_some());
    let tasks: Vec<&str> = tasks.map(|spec| spec.name).collect();
    let first = tasks.first()?;
    Some(format!("{name} is a key of {}; `postern explain {first}` explains it", tasks.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_and_keys_are_explained() {
        assert!(of_expressions("upper").unwrap().starts_with("upper is a filter of expressions: "));
        assert!(of_expressions("email").unwrap().starts_with("email is a test of expressions: "));
        assert!(of_key("on_error").unwrap().starts_with("on_error is a key of for_each"));
        assert_eq!((of_expressions("nothing"), of_key("nothing")), (None, None));
    }
}
