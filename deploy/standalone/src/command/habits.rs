//! What people type who know other programs: some of it is taken as it is meant, the rest is answered with what it is called
//! here.

use std::ffi::OsString;

use postern_shared::document::Kind;

use crate::output::Failure;

/// Commands that take a kind and keys, also as `workflow/77`: so `-o name` prints them.
const OF_DOCUMENTS: [&str; 3] = ["get", "delete", "export"];

/// Commands that take files, before which kubectl has `-f`.
const OF_FILES: [&str; 3] = ["apply", "diff", "validate"];

/// Words of other programs, and what does it here.
const COMMANDS: [(&[&str], &str); 13] = [
    (&["list", "ls"], "`postern get workflows` lists what is set, `postern runs` what ran"),
    (
        &["describe", "show", "view", "inspect", "cat"],
        "`postern get workflow 77` shows a document, `postern receipt RECEIPT` what became of a call",
    ),
    (
        &["logs", "log", "tail", "events"],
        "`postern runs --watch` follows the runs, `postern receipt RECEIPT` shows steps",
    ),
    (
        &["create", "new", "add", "edit", "set", "replace"],
        "`postern apply FILE` sets documents, `postern init` writes first ones",
    ),
    (&["rm", "remove"], "`postern delete workflow 77` removes a document"),
    (
        &[
            "workflow",
            "workflows",
            "trigger",
            "triggers",
            "permission",
            "permissions",
            "module",
            "modules",
            "connections",
        ],
        "`postern get workflows` lists documents, so for the other kinds; `postern apply FILE` sets them",
    ),
    (&["run"], "`postern runs` lists runs, `postern send --workflow 77` starts one"),
    (
        &["retry", "rerun", "restart"],
        "`postern replay RUN` goes on at the failed step, `postern run-again RUN` begins anew",
    ),
    (&["search", "query", "grep"], "`postern find TEXT` finds calls, records and settings"),
    (
        &["login", "auth", "config", "context"],
        "POSTERN_URL and POSTERN_API_TOKEN name server and token, or --profile those of ~/.config/postern/config.yaml",
    ),
    (
        &["top", "stats", "metrics"],
        "`postern usage` shows sizes, `postern statistics 77` what the steps of a workflow did",
    ),
    (&["history"], "`postern changes` lists who changed what"),
    (&["test", "simulate"], "`postern try 77` shows what a workflow would do"),
];

/// What `get` does not list, and what does.
const LISTS: [(&[&str], &str); 10] = [
    (&["run", "runs"], "postern runs"),
    (&["job", "jobs"], "postern jobs list"),
    (&["secret", "secrets"], "postern secret list"),
    (&["var", "vars", "variable", "variables"], "postern var list"),
    (&["token", "tokens"], "postern token list"),
    (&["record", "records"], "postern records MODULE"),
    (&["receipt", "receipts"], "postern receipt RECEIPT"),
    (&["failure", "failures"], "postern failures"),
    (&["unmatched", "refused", "dead"], "postern unmatched list, postern refused list, postern dead list"),
    (&["all"], "postern export"),
];

/// The arguments of the process as they are meant.
pub fn meant(mut arguments: Vec<OsString>) -> Vec<OsString> {
    let Some(command) = text(&arguments, 1).map(str::to_owned) else { return arguments };
    if command == "version" {
        arguments[1] = "--version".into();
    }
    if OF_FILES.contains(&command.as_str()) {
        arguments.retain(|argument| argument != "-f");
    }
    let first = text(&arguments, 2).and_then(|first| first.split_once('/'));
    let kind = first.map(|(kind, _)| kind.to_owned()).filter(|kind| is_kind(kind));
    if let Some(kind) = kind.filter(|_| OF_DOCUMENTS.contains(&command.as_str())) {
        let prefix = format!("{kind}/");
        for argument in &mut arguments[2..] {
            let key = argument.to_str().and_then(|argument| argument.strip_prefix(&prefix)).map(OsString::from);
            *argument = key.unwrap_or_else(|| std::mem::take(argument));
        }
        arguments.insert(2, kind.into());
    }
    arguments
}

/// The error for a word that is no command of Postern, or no kind of document.
pub fn unknown(arguments: &[OsString]) -> Option<Failure> {
    let (command, what) = (text(arguments, 1)?, text(arguments, 2));
    if let Some((word, hint)) = what.filter(|_| command == "get").and_then(|word| Some((word, of(&LISTS, word)?))) {
        return Some(Failure::usage(format!("{word} is no kind of document"), format!("this shows it: {hint}")));
    }
    let hint = of(&COMMANDS, command)?;
    Some(Failure::usage(format!("there is no command {command}"), hint))
}

fn of(table: &[(&[&str], &'static str)], word: &str) -> Option<&'static str> {
    table.iter().find(|(words, _)| words.contains(&word)).map(|(_, hint)| *hint)
}

fn is_kind(word: &str) -> bool {
    Kind::ALL.into_iter().any(|kind| kind.name() == word)
}

fn text(arguments: &[OsString], at: usize) -> Option<&str> {
    arguments.get(at)?.to_str()
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    fn words(text: &str) -> Vec<OsString> {
        text.split(' ').map(OsString::from).collect()
    }

    #[test]
    fn what_is_meant_is_taken() {
        for (typed, expected) in [
            ("postern version", "postern --version"),
            ("postern get workflow/77", "postern get workflow 77"),
            ("postern delete workflow/5 workflow/6 --yes", "postern delete workflow 5 6 --yes"),
            ("postern apply -f a.yaml", "postern apply a.yaml"),
            ("postern get workflows", "postern get workflows"),
            ("postern find a/b", "postern find a/b"),
            ("postern apply workflow/77", "postern apply workflow/77"),
        ] {
            assert_eq!(meant(words(typed)), words(expected), "{typed}");
        }
    }

    #[test]
    fn no_word_of_another_program_is_a_command_and_each_is_answered() {
        let command = super::super::Options::command();
        let known: Vec<&str> = command.get_subcommands().map(clap::Command::get_name).collect();
        for word in COMMANDS.iter().flat_map(|(words, _)| *words) {
            assert!(!known.contains(word), "{word}");
            assert!(unknown(&words(&format!("postern {word}"))).is_some(), "{word}");
        }
        for (_, hint) in COMMANDS.iter().chain(&LISTS) {
            let named = hint.split("postern ").skip(1).filter_map(|rest| rest.split([' ', '`', ',']).next());
            named.for_each(|name| assert!(known.contains(&name), "{name}"));
        }
        assert!(unknown(&words("postern get runs")).is_some() && unknown(&words("postern get workflows")).is_none());
    }
}
