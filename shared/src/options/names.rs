//! The names of settings in the environment, and those that are none: a misspelt name would be ignored in silence.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};

use clap::Command;
use clap::builder::Resettable;

use super::variables;

/// What the name of a setting of Postern begins with.
const PREFIX: &str = "POSTERN_";

/// What names begin with that the scripts of `deploy/` give to what they start.
const OF_SCRIPTS: &str = "POSTERN_DEV_";

/// The sources that declare settings: one file of variables often serves all programs, none of which knows the others.
const DECLARATIONS: [&str; 12] = [
    include_str!("../options.rs"),
    include_str!("body.rs"),
    include_str!("database.rs"),
    include_str!("public.rs"),
    include_str!("retention.rs"),
    include_str!("secrets.rs"),
    include_str!("traces.rs"),
    include_str!("../../../ingress/src/options.rs"),
    include_str!("../../../worker/src/options.rs"),
    include_str!("../../../deploy/control/src/options.rs"),
    include_str!("../../../deploy/standalone/src/options.rs"),
    include_str!("../../../deploy/standalone/src/serve/options.rs"),
];

/// The most letters in which a misspelt name differs from the suggested name.
const MAX_DIFFERENCE: usize = 3;

/// The most unknown names of settings that are warned of.
const MAX_TOLD: usize = 20;

/// Warns of the variables of the environment that are no settings of any program of Postern.
pub fn warn_of_unknown(command: &Command) {
    let known = known(command);
    let given = environment().map(|(name, _)| name.to_string_lossy().into_owned());
    let unknown = given.filter(|name| name.starts_with(PREFIX) && !is_known(name, &known));
    for name in unknown.take(MAX_TOLD) {
        match nearest(&name, &known) {
            Some(meant) => tracing::warn!("{name} is not a setting: did you mean {meant}?"),
            None => tracing::warn!("{name} is not a setting of Postern"),
        }
    }
}

/// The names of the settings of all programs. Those of `command` are read from it.
pub fn known(command: &Command) -> BTreeSet<String> {
    let mut known: BTreeSet<String> = DECLARATIONS.iter().flat_map(|text| declared(text)).collect();
    let mut commands = vec![command];
    while let Some(command) = commands.pop() {
        known.extend(command.get_arguments().filter_map(|argument| Some(argument.get_env()?.to_str()?.to_owned())));
        commands.extend(command.get_subcommands());
    }
    known
}

/// A setting whose value is no text.
pub(super) fn unreadable(command: &Command) -> Option<String> {
    let known = known(command);
    let mut unreadable = environment().filter(|(_, value)| value.to_str().is_none());
    unreadable.find_map(|(name, _)| name.into_string().ok().filter(|name| known.contains(name)))
}

/// The same command, which does not read the variables that `is_ignored` names.
pub(super) fn without(command: Command, is_ignored: &impl Fn(&OsStr) -> bool) -> Command {
    let command = command.mut_args(|argument| {
        let is_ignored = argument.get_env().is_some_and(is_ignored);
        if is_ignored { argument.env(Resettable::Reset) } else { argument }
    });
    command.mut_subcommands(|command| without(command, is_ignored))
}

/// Whether a variable is set to nothing: Compose makes such ones of `${NAME:-}`.
pub(super) fn is_empty(name: &OsStr) -> bool {
    environment().any(|(known, value)| known == name && value.is_empty())
}

/// The value of a variable, unless it is empty.
pub(super) fn value_of(name: &OsStr) -> Option<OsString> {
    environment().find_map(|(known, value)| (known == name && !value.is_empty()).then_some(value))
}

#[expect(clippy::disallowed_methods, reason = "options read the environment")]
pub(super) fn environment() -> impl Iterator<Item = (OsString, OsString)> {
    std::env::vars_os()
}

/// The names in the attributes of a source. A test compares them with the commands.
fn declared(source: &str) -> impl Iterator<Item = String> {
    source.split("env = \"").skip(1).filter_map(|rest| Some(rest.split_once('"')?.0.to_owned()))
}

fn is_known(name: &str, known: &BTreeSet<String>) -> bool {
    let is_of_family = [OF_SCRIPTS, variables::PREFIX].iter().any(|family| name.starts_with(family));
    known.contains(name) || is_of_family || is_service_link(name)
}

/// Whether Kubernetes has set it, for a service such as `postern-ingress`:
/// <https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables>.
fn is_service_link(name: &str) -> bool {
    let of_port = |rest: &str| {
        let mut words = rest.split('_');
        rest.is_empty()
            || words.next().is_some_and(|port| port.parse::<u16>().is_ok())
                && words.next().is_some_and(|protocol| ["TCP", "UDP", "SCTP"].contains(&protocol))
    };
    name.ends_with("_SERVICE_HOST")
        || name.contains("_SERVICE_PORT")
        || name.split_once("_PORT").is_some_and(|(_, rest)| of_port(rest.trim_start_matches('_')))
}

fn nearest<'k>(name: &str, known: &'k BTreeSet<String>) -> Option<&'k String> {
    let near = known.iter().map(|known| (strsim::osa_distance(name, known), known));
    near.min().filter(|(difference, _)| *difference <= MAX_DIFFERENCE).map(|(_, known)| known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_name_is_told_from_a_strange_one() {
        let known = known(&Command::new("none"));
        for (name, meant) in [
            ("POSTERN_CONCURENCY", Some("POSTERN_CONCURRENCY")),
            ("POSTERN_DATABASE_CONECTIONS", Some("POSTERN_DATABASE_CONNECTIONS")),
            ("POSTERN_LOGFORMAT", Some("POSTERN_LOG_FORMAT")),
            ("POSTERN_PRIVATE_LITSEN", Some("POSTERN_PRIVATE_LISTEN")),
            ("POSTERN_SOMETHING_ELSE", None),
        ] {
            assert!(!is_known(name, &known), "{name}");
            assert_eq!(nearest(name, &known).map(String::as_str), meant, "{name}");
        }
    }

    #[test]
    fn names_of_siblings_of_scripts_and_of_kubernetes_are_known() {
        let known = known(&Command::new("none"));
        for name in [
            "POSTERN_CONCURRENCY",
            "POSTERN_LISTEN",
            "POSTERN_URL",
            "POSTERN_DATA_DIR",
            "POSTERN_LOG",
            "POSTERN_DEV_DIR",
            "POSTERN_VAR_CRM_URL",
            "POSTERN_INGRESS_SERVICE_HOST",
            "POSTERN_INGRESS_SERVICE_PORT_HTTP",
            "POSTERN_INGRESS_PORT",
            "POSTERN_INGRESS_PORT_8080_TCP_ADDR",
        ] {
            assert!(is_known(name, &known), "{name}");
        }
        for name in ["POSTERN_PORTS", "POSTERN_INGRESS_PORT_HTTP", "POSTERN_"] {
            assert!(!is_known(name, &known), "{name}");
        }
    }
}
