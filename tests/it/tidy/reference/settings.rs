//! The settings of all programs, from what their command lines declare.

use std::collections::BTreeSet;

use clap::{Args, Command, CommandFactory};
use postern_shared::options::names;

use super::super::sources::Source;
use super::{cell, quoted, table};

/// A setting of some programs.
struct Row {
    name: String,
    default: String,
    help: String,
    programs: Vec<&'static str>,
}

pub fn part(sources: &[Source]) -> String {
    let mut rows: Vec<Row> = Vec::new();
    for (program, command) in [
        ("ingress", postern_ingress::Options::command()),
        ("worker", postern_worker::Options::command()),
        ("control", postern_control::Options::command()),
        ("serve", postern::serve::Options::augment_args(Command::new("serve"))),
    ] {
        for argument in command.get_arguments() {
            let Some(name) = argument.get_env().and_then(|name| name.to_str()) else { continue };
            add(&mut rows, program, name, default(argument), help(argument));
        }
    }
    let mut program = postern::command::Options::command();
    program.build();
    for command in program.get_subcommands().filter(|command| !["serve", "migrate"].contains(&command.get_name())) {
        add_those_of(command, &mut rows);
    }
    let names: BTreeSet<String> = rows.iter().map(|row| row.name.clone()).collect();
    assert_eq!(names, quoted(sources, "env = \""), "a setting has no row");
    // The names of which none is warned of.
    assert_eq!(names, names::known(&Command::new("none")));
    let row = |row: Row| vec![format!("`{}`", row.name), row.default, row.programs.join(", "), cell(&row.help)];
    table(&["name", "default", "read by", "what it does"], rows.into_iter().map(row))
}

/// The settings of a command that calls the API, and of the commands below it.
fn add_those_of(command: &Command, rows: &mut Vec<Row>) {
    for argument in command.get_arguments() {
        if let Some(name) = argument.get_env().and_then(|name| name.to_str()) {
            add(rows, "commands", name, default(argument), help(argument));
        }
    }
    command.get_subcommands().for_each(|command| add_those_of(command, rows));
}

/// `postern serve` has the settings of all services, and commands some of them: they are named where they differ.
fn add(rows: &mut Vec<Row>, program: &'static str, name: &str, default: String, help: String) {
    let known = rows.iter_mut().find(|row| row.name == name && row.default == default && row.help == help);
    match known {
        Some(row) if !["serve", "commands"].contains(&program) => row.programs.push(program),
        Some(_) => {}
        None => rows.push(Row { name: name.to_owned(), default, help, programs: vec![program] }),
    }
}

fn default(argument: &clap::Arg) -> String {
    let values: Vec<_> = argument.get_default_values().iter().map(|text| text.to_str().unwrap()).collect();
    match values.as_slice() {
        _ if argument.is_required_set() => "required".to_owned(),
        [] => "none".to_owned(),
        values => format!("`{}`", values.join(",")),
    }
}

fn help(argument: &clap::Arg) -> String {
    let help = argument.get_long_help().or_else(|| argument.get_help());
    help.unwrap_or_else(|| panic!("{argument} has no help")).to_string()
}
