//! `postern explain`: why an address is let in or not, or what a document, a task, a setting, an expression
//! or a secret may hold.

use std::collections::BTreeSet;
use std::net::IpAddr;

use clap::{Args, CommandFactory};
use postern_control::operation::explain::{ExplainAddress, Input, Verdict};
use postern_shared::expression::examples::{Example, FILTERS, FUNCTIONS, TESTS};
use postern_shared::spec::reference;
use postern_shared::suggestion::did_you_mean;
use postern_shared::task::KINDS;
use serde_json::json;

use crate::options::Server;
use crate::output::{Failure, Output};

/// Arguments of `explain`.
#[derive(Debug, Args)]
pub struct Options {
    /// An address such as 203.0.113.7, or a word: workflow, permission, create_record, permission.addresses, expression, secret,
    /// upper, POSTERN_URL
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
    let Some((name, text)) = explained(what) else {
        let names = reference::names().chain(reference::keys()).chain(expressions());
        let last = what.rsplit('.').next().unwrap_or(what);
        let meant = did_you_mean(last, names);
        let known: Vec<&str> = reference::names().collect();
        let hint = format!(
            "words that are explained: {}; besides them settings such as permission.addresses and POSTERN_URL, and filters",
            known.join(", ")
        );
        return Err(Failure::usage(format!("there is nothing to explain about {what}{meant}"), hint));
    };
    output.named(&name, text.trim_end(), &json!({"name": name, "text": text}))
}

/// The explanation of a word: the name of the thing that the word means, and the text.
fn explained(what: &str) -> Option<(String, String)> {
    let parts: Vec<&str> = what.split('.').collect();
    let setting = (1..parts.len()).find_map(|at| reference::setting_of(parts[at - 1], &parts[at..]));
    if let Some(text) = setting {
        return Some((what.to_owned(), text));
    }
    // As kubectl takes it, `workflow.create_record` is a task too, and `workflows` are explained as one is.
    let name = parts.last()?;
    let several = name.strip_suffix('s').unwrap_or(name);
    let section = |name: &str| Some((name.to_owned(), reference::section_of(name)?));
    let other = |name: &str| Some((name.to_owned(), of_expressions(name).or_else(|| of_key(name))?));
    section(name)
        .or_else(|| section(several))
        // Before the test of expressions that is called `filter`.
        .or_else(|| Some(((*name).to_owned(), all_of(name)?)))
        .or_else(|| other(name))
        .or_else(|| other(several))
        .or_else(|| Some(((*name).to_owned(), of_environment(name)?)))
}

/// The names of filters, tests and functions.
fn expressions() -> impl Iterator<Item = &'static str> {
    FILTERS.iter().chain(&TESTS).chain(&FUNCTIONS).map(|(name, ..)| *name)
}

/// The explanation of a word that means several things.
fn all_of(word: &str) -> Option<String> {
    let tasks = || KINDS.iter().map(|kind| kind.spec.name).collect::<Vec<_>>().join(", ");
    match word {
        "task" | "tasks" | "step" | "steps" => Some(format!(
            "a step of a workflow has one task of these: {}; `postern explain create_record` explains one",
            tasks()
        )),
        "setting" | "settings" => Some(
            "a setting of a document is explained by its path, such as `postern explain permission.addresses`; \
             one of the environment by its name, such as `postern explain POSTERN_URL`"
                .to_owned(),
        ),
        "filter" | "filters" => Some(format!("filters of expressions: {}", names_of(&FILTERS))),
        "test" | "tests" => Some(format!("tests of expressions: {}", names_of(&TESTS))),
        "function" | "functions" => Some(format!("functions of expressions: {}", names_of(&FUNCTIONS))),
        _ => None,
    }
}

fn names_of(all: &[Example]) -> String {
    let names: BTreeSet<&str> = all.iter().map(|(name, ..)| *name).collect();
    names.into_iter().collect::<Vec<_>>().join(", ")
}

/// A setting of the environment, by the options that read it.
fn of_environment(name: &str) -> Option<String> {
    let command = super::Options::command();
    let options = command.get_subcommands().flat_map(|one| one.get_arguments().map(move |option| (one, option)));
    let (of, option) = options.into_iter().find(|(_, one)| one.get_env().is_some_and(|env| env == name))?;
    let help = option.get_long_help().or_else(|| option.get_help()).map(ToString::to_string).unwrap_or_default();
    let long = option.get_long().map(|long| format!("; --{long} of `postern {}` says the same", of.get_name()));
    Some(format!("{name} is a setting of the environment: {help}{}", long.unwrap_or_default()))
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

/// A key of documents and steps, with those that have it.
fn of_key(name: &str) -> Option<String> {
    let having = reference::having(name);
    let first = having.first()?;
    Some(format!("{name} is a key of {}; `postern explain {first}.{name}` explains it", having.join(", ")))
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

    #[test]
    fn every_kind_of_thing_is_explained() {
        for (what, expected) in [
            ("permission", "### `permission`"),
            ("triggers", "### `trigger`"),
            ("connection", "### `connection`"),
            ("module", "### `module`"),
            ("workflow", "### `workflow`"),
            ("workflow.create_record", "### `create_record`"),
            ("permission.addresses", "### `permission.addresses`"),
            ("workflow.start.hold", "### `workflow.start.hold`"),
            ("workflow.steps.create_record.if_exists", "### `create_record.if_exists`"),
            ("addresses", "addresses is a key of permission; `postern explain permission.addresses`"),
            ("task", "a step of a workflow has one task of these: "),
            ("setting", "a setting of a document is explained by its path"),
            ("filters", "filters of expressions: "),
            ("POSTERN_URL", "POSTERN_URL is a setting of the environment: "),
        ] {
            let text = explained(what).unwrap_or_else(|| panic!("{what}")).1;
            assert!(text.starts_with(expected), "{what}: {text}");
        }
        assert_eq!(explained("permision.adresses"), None);
    }
}
