//! Settings that are refused: one line that names the setting and the reason, and never a password. What the command
//! line got wrong is told as clap tells it.

use std::error::Error;
use std::ffi::OsString;
use std::io::{self, Write};
use std::process::ExitCode;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, Command, Parser};

use super::{files, names};

/// The longest value of a setting that its refusal repeats, in characters.
const MAX_SHOWN: usize = 80;

/// The settings of a program, of its arguments and the environment.
pub trait Settings: Parser {
    /// Whether they fit together. The error names those that do not.
    fn check(&self) -> Result<(), String> {
        Ok(())
    }
}

/// Why a program does not start.
#[derive(Debug)]
pub enum Refusal {
    /// Something is wrong with the environment, in one line without the name of the program.
    Setting(String),
    /// Something is wrong with an argument, in one line without the name of the program.
    Argument(String),
    /// The command line is wrong, or asks for help.
    Usage(Box<clap::Error>),
}

/// Reads the settings of a program. `arguments` begin with its name, as those of the process do. An empty variable of the
/// environment is an unset one.
pub fn read<S: Settings>(arguments: &[OsString]) -> Result<S, Refusal> {
    let command = names::without(S::command(), &names::is_empty);
    let files::Arguments { all, from_files } = files::arguments(&S::command(), arguments).map_err(Refusal::Setting)?;
    let matches = command.try_get_matches_from(all);
    let settings = matches.and_then(|mut matches| S::from_arg_matches_mut(&mut matches)).map_err(|error| {
        let mut command = S::command();
        // Without it arguments have no names to be compared.
        command.build();
        of(error, &command, arguments, &from_files)
    })?;
    settings.check().map_err(Refusal::Setting)?;
    Ok(settings)
}

impl Refusal {
    /// Tells it, and returns the exit code: 1 for a setting, 2 for the command line, 0 for help that was asked for.
    pub fn tell(self, program: &str) -> ExitCode {
        let (line, code) = match self {
            Self::Setting(line) => (line, 1),
            Self::Argument(line) => (line, 2),
            Self::Usage(error) => {
                let _ = error.print();
                return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
            }
        };
        tell(program, &line);
        ExitCode::from(code)
    }
}

/// Tells on standard error why a program does not start or has ended, before and after there is a log.
pub fn tell(program: &str, line: &str) {
    // When standard error is closed there is nobody left to tell.
    let _ = writeln!(io::stderr(), "{program}: {line}");
}

fn of(error: clap::Error, command: &Command, arguments: &[OsString], from_files: &[String]) -> Refusal {
    if error.kind() == ErrorKind::InvalidUtf8
        && let Some(name) = names::unreadable(command)
    {
        return Refusal::Setting(format!("{name} is refused: its value is no text in UTF-8"));
    }
    match (error.kind(), error.get(ContextKind::InvalidArg)) {
        (ErrorKind::MissingRequiredArgument, Some(ContextValue::Strings(missing))) => {
            let settings: Option<Vec<String>> =
                missing.iter().map(|named| find(command, named).map(|(_, setting)| setting)).collect();
            if let Some(settings) = settings {
                return Refusal::Setting(format!("not set, but needed: {}", settings.join(", ")));
            }
        }
        (ErrorKind::ValueValidation | ErrorKind::InvalidValue, Some(ContextValue::String(named))) => {
            if let Some((argument, setting)) = find(command, named) {
                let what = reason(&error, argument);
                return match flag(argument, arguments) {
                    _ if from_files.contains(&setting) => {
                        Refusal::Setting(format!("{setting}{} {what}", files::SUFFIX))
                    }
                    Some(flag) => Refusal::Argument(format!("{flag} ({setting}) {what}")),
                    None => Refusal::Setting(format!("{setting} {what}")),
                };
            }
        }
        _ => {}
    }
    Refusal::Usage(Box::new(error))
}

/// The flag of a setting, if the command line gives it.
fn flag(argument: &Arg, arguments: &[OsString]) -> Option<String> {
    let flag = format!("--{}", argument.get_long()?);
    let is_given = arguments.iter().skip(1).any(|given| {
        let given = given.to_string_lossy();
        given == flag || given.split_once('=').is_some_and(|(name, _)| name == flag)
    });
    is_given.then_some(flag)
}

/// The argument as clap names it, such as `--log <LOG>`, and its name in the environment.
fn find<'c>(command: &'c Command, named: &str) -> Option<(&'c Arg, String)> {
    let own = command.get_arguments().find(|argument| argument.to_string() == named && argument.get_env().is_some());
    match own {
        Some(argument) => Some((argument, argument.get_env()?.to_string_lossy().into_owned())),
        None => command.get_subcommands().find_map(|command| find(command, named)),
    }
}

/// What is wrong with a value, which is repeated unless it may hold a password.
fn reason(error: &clap::Error, argument: &Arg) -> String {
    let value = match error.get(ContextKind::InvalidValue) {
        Some(ContextValue::String(value)) => value.as_str(),
        _ => "",
    };
    let reason = match (error.source(), error.get(ContextKind::ValidValue)) {
        (Some(source), _) => source.to_string().replace('\n', " "),
        (None, Some(ContextValue::Strings(valid))) => format!("it must be {}", valid.join(" or ")),
        (None, _) => "it is no value".to_owned(),
    };
    if argument.is_hide_env_values_set() {
        return format!("is refused: {reason}");
    }
    let shown: String = value.chars().take(MAX_SHOWN).collect();
    format!("cannot be {shown:?}: {reason}")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A program.
    #[derive(Debug, Parser)]
    struct Sample {
        #[arg(long, env = "SAMPLE_COUNT", value_parser = |text: &str| super::super::number::between(text, 1_u8, 9, "why"))]
        count: u8,
        #[arg(long, env = "SAMPLE_URL", hide_env_values = true, value_parser = |_: &str| Err::<String, _>("no URL"))]
        url: Option<String>,
        #[arg(long, env = "SAMPLE_FORMAT", default_value = "text")]
        format: super::super::LogFormat,
    }

    impl Settings for Sample {
        fn check(&self) -> Result<(), String> {
            if self.count == 9 { Err("SAMPLE_COUNT does not fit".into()) } else { Ok(()) }
        }
    }

    fn refused(arguments: &str) -> Refusal {
        let arguments: Vec<OsString> = format!("sample {arguments}").split_whitespace().map(OsString::from).collect();
        read::<Sample>(&arguments).unwrap_err()
    }

    #[test]
    fn one_line_names_the_setting_and_the_reason() {
        for (arguments, line) in [
            ("--count 0", "--count (SAMPLE_COUNT) cannot be \"0\": it must be a number from 1 to 9: why"),
            ("--count=x", "--count (SAMPLE_COUNT) cannot be \"x\": it must be a number from 1 to 9: why"),
            ("--count 1 --url amqp://u:s3cret@h", "--url (SAMPLE_URL) is refused: no URL"),
            ("--count 1 --format xml", "--format (SAMPLE_FORMAT) cannot be \"xml\": it must be text or json"),
        ] {
            let Refusal::Argument(told) = refused(arguments) else { panic!("{arguments}") };
            assert_eq!(told, line);
        }
        for (arguments, line) in [("", "not set, but needed: SAMPLE_COUNT"), ("--count 9", "SAMPLE_COUNT does not fit")]
        {
            let Refusal::Setting(told) = refused(arguments) else { panic!("{arguments}") };
            assert_eq!(told, line);
        }
        assert!(matches!(refused("--nonsense"), Refusal::Usage(_)));
    }
}
