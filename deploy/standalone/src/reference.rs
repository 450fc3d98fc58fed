//! The commands as a table for README.md, made from the same declarations as `--help`.

use clap::{Arg, ArgAction, Command, CommandFactory};

use crate::command::Options;

/// One row for each command, and one for each command below a command.
pub fn commands() -> String {
    let mut command = Options::command();
    command.build();
    let mut table = "| command | does | options |\n|---|---|---|\n".to_owned();
    for one in command.get_subcommands().filter(|one| one.get_name() != "help") {
        rows(one, one.get_name(), &mut table);
    }
    table
}

fn rows(command: &Command, name: &str, table: &mut String) {
    let inner: Vec<&Command> = command.get_subcommands().filter(|one| one.get_name() != "help").collect();
    if !inner.is_empty() {
        inner.into_iter().for_each(|one| rows(one, &format!("{name} {}", one.get_name()), table));
        return;
    }
    let about = command.get_about().map(ToString::to_string).unwrap_or_default();
    let arguments: String = command.get_positionals().map(|one| format!(" {}", positional(one))).collect();
    let options: Vec<String> = command.get_arguments().filter(|one| is_own(one)).map(option).collect();
    let options = if name == "serve" { "`--demo`, and the settings as flags".to_owned() } else { options.join(", ") };
    *table += &format!("| `{name}{arguments}` | {about} | {options} |\n");
}

/// Options of the command alone: those of the environment are settings, and those of all commands are explained once.
fn is_own(argument: &Arg) -> bool {
    argument.get_long().is_some()
        && argument.get_env().is_none()
        && !argument.is_global_set()
        && !matches!(
            argument.get_action(),
            ArgAction::Help | ArgAction::HelpShort | ArgAction::HelpLong | ArgAction::Version
        )
}

fn positional(argument: &Arg) -> String {
    let names = argument.get_value_names().unwrap_or_default();
    let name = names.iter().map(|name| name.as_str().replace('|', "\\|")).collect::<Vec<_>>().join(" ");
    let name =
        if argument.get_num_args().is_some_and(|count| count.max_values() > 1) { format!("{name}…") } else { name };
    if argument.is_required_set() { name } else { format!("[{name}]") }
}

fn option(argument: &Arg) -> String {
    let long = argument.get_long().unwrap_or_default();
    let names = argument.get_value_names().unwrap_or_default();
    match names.first().filter(|_| argument.get_action().takes_values()) {
        Some(name) => format!("`--{long} {}`", name.as_str().replace('|', "\\|")),
        None => format!("`--{long}`"),
    }
}
