//! The commands of `postern` with their options, from the help that the program prints.

use crate::harness::process::Process;

use super::{cell, table};

/// Those of many commands, which the text above the table explains, and those of all programs.
const COMMON: [&str; 5] = ["--output", "--help", "--version", "--url", "--token"];

/// A command, or a command of a command.
pub struct Command {
    /// Its words, such as `dead replay`.
    words: String,
    about: String,
    /// What stands behind its words.
    arguments: String,
    pub switches: Vec<Switch>,
}

/// An option.
pub struct Switch {
    /// With its value, as the help shows it: `--last <N>`.
    shown: String,
    pub help: String,
    pub default: Option<String>,
    /// The variable of the environment.
    pub variable: Option<String>,
}

impl Command {
    /// Others than these read the settings of services.
    pub fn calls_the_api(&self) -> bool {
        self.switches.iter().any(|one| one.variable.as_deref() == Some("POSTERN_URL"))
    }
}

pub fn part() -> String {
    let commands = all();
    assert!(commands.len() > 15);
    let row = |command: Command| {
        let arguments = command.arguments.replace("[OPTIONS]", "").replace("<COMMAND>", "");
        let call = format!("{} {arguments}", command.words);
        let switches = command.switches.iter().filter(|one| one.variable.is_none() && !is_common(&one.shown));
        let switches: Vec<String> = switches.map(described).collect();
        let call = call.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|");
        vec![format!("`{call}`"), cell(&command.about), switches.join("<br>")]
    };
    table(&["command", "does", "options"], commands.into_iter().map(row))
}

fn is_common(shown: &str) -> bool {
    COMMON.iter().any(|name| shown.split([' ', ',']).any(|word| word == *name))
}

fn described(switch: &Switch) -> String {
    let default = switch.default.iter().map(|text| format!(" (`{text}`)")).collect::<String>();
    format!("`{}` {}{default}", switch.shown.replace('|', "\\|"), cell(&switch.help))
}

/// Every command, each followed by its own commands.
pub fn all() -> Vec<Command> {
    let (_, commands) = read(&[]);
    commands.into_iter().flat_map(|word| below(&[&word])).collect()
}

fn below(words: &[&str]) -> Vec<Command> {
    let (command, commands) = read(words);
    let inner = commands.iter().flat_map(|word| below(&[words, &[word]].concat()));
    [command].into_iter().chain(inner).collect()
}

/// A command, and the names of its commands.
fn read(words: &[&str]) -> (Command, Vec<String>) {
    let output = Process::command("postern").env_clear().args(words).arg("-h").output().unwrap();
    let help = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{words:?}: {help}");
    let about = help.lines().next().unwrap().to_owned();
    let usage = help.lines().find_map(|line| line.strip_prefix("Usage: postern")).unwrap().trim();
    let words = words.join(" ");
    let arguments = usage.strip_prefix(&words).unwrap().trim().to_owned();
    let named = section(&help, "Commands").into_iter().map(|(name, _)| name).filter(|name| name != "help").collect();
    let switches = section(&help, "Options").into_iter().map(switch).collect();
    (Command { words, about, arguments, switches }, named)
}

/// What stands under a heading: the names, each with its text, beside it or below.
fn section(help: &str, heading: &str) -> Vec<(String, String)> {
    let Some((_, lines)) = help.split_once(&format!("\n{heading}:\n")) else { return Vec::new() };
    let mut found: Vec<(String, String)> = Vec::new();
    for line in lines.lines().take_while(|line| line.starts_with(' ') || line.is_empty()) {
        let text = line.trim();
        // A name stands 2 or, where there is no short one, 6 columns from the left.
        let is_name = line.len() - line.trim_start().len() <= 6 && !text.is_empty();
        if is_name {
            let (name, beside) = text.split_once("  ").unwrap_or((text, ""));
            found.push((name.to_owned(), beside.trim().to_owned()));
        } else if let Some((_, beside)) = found.last_mut() {
            *beside += text;
        }
    }
    found
}

fn switch((shown, text): (String, String)) -> Switch {
    let noted = |key: &str| -> Option<String> {
        let (_, rest) = text.split_once(&format!("[{key}: "))?;
        Some(rest.split_once(']')?.0.to_owned())
    };
    let variable = noted("env").map(|variable| variable.trim_end_matches('=').to_owned());
    let help = ["[env: ", "[default: ", "[possible values: ", "[aliases: "]
        .iter()
        .fold(text.as_str(), |help, note| help.split_once(note).map_or(help, |(before, _)| before));
    let values = noted("possible values").map(|values| format!(": {values}")).unwrap_or_default();
    Switch { help: format!("{}{values}", help.trim()), default: noted("default"), variable, shown }
}
