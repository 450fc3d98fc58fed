//! Secrets in files: `DATABASE_URL_FILE` names a file that contains what `DATABASE_URL` would. A file is not seen in a list of
//! processes, and a secret that is mounted into a container is one.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::Path;

use clap::{Arg, Command};

use super::names;

/// What the name of a setting ends with whose value is the path of a file with the secret.
pub(super) const SUFFIX: &str = "_FILE";

/// The longest secret in a file, in bytes: whoever names a device must not fill the memory.
const MAX_BYTES: u64 = 64 * 1024;

/// The arguments, and behind them the secrets of files.
#[derive(Debug)]
pub struct Arguments {
    /// As a program is given them.
    pub all: Vec<OsString>,
    /// The settings of which the value stands in a file.
    pub from_files: Vec<String>,
}

/// Reads the files that `arguments`, or the environment, name. `command` is the program.
///
/// # Errors
/// A secret is given twice, or its file cannot be read. The error never holds a secret.
pub fn arguments(command: &Command, arguments: &[OsString]) -> Result<Arguments, String> {
    let mut read = Arguments { all: arguments.to_vec(), from_files: Vec::new() };
    let (chosen, position) = chosen(command, arguments);
    for argument in chosen.get_arguments().filter(|argument| argument.is_hide_env_values_set()) {
        let (Some(name), Some(long)) = (text_of(argument.get_env()), argument.get_long()) else { continue };
        let Some(file) = file_argument(chosen, argument) else { continue };
        let Some(path) = given(file, arguments) else { continue };
        if given(argument, arguments).is_some() {
            return Err(format!("{name} and {name}{SUFFIX} are both set: one is enough"));
        }
        let secret =
            self::read(Path::new(&path)).map_err(|error| format!("{name}{SUFFIX} {}: {error}", path.display()))?;
        read.all.insert(position, format!("--{long}={secret}").into());
        read.from_files.push(name);
    }
    Ok(read)
}

/// The secret that a file contains, without the end of its line.
pub fn read(file: &Path) -> Result<String, String> {
    let size = fs::metadata(file).map_err(|error| error.to_string())?;
    if !size.is_file() || size.len() > MAX_BYTES {
        return Err("it is not a file of a secret".to_owned());
    }
    let text = fs::read_to_string(file).map_err(|error| error.to_string())?;
    let secret = text.trim_end_matches(['\r', '\n']);
    if secret.is_empty() { Err("it is empty".to_owned()) } else { Ok(secret.to_owned()) }
}

/// The command that the arguments name, below a program with several, and where its own arguments begin.
fn chosen<'c>(command: &'c Command, arguments: &[OsString]) -> (&'c Command, usize) {
    let mut chosen = (command, 1.min(arguments.len()));
    for (at, argument) in arguments.iter().enumerate().skip(1) {
        if let Some(inner) = argument.to_str().and_then(|name| chosen.0.find_subcommand(name)) {
            chosen = (inner, at + 1);
        }
    }
    chosen
}

fn file_argument<'c>(command: &'c Command, argument: &Arg) -> Option<&'c Arg> {
    let name = format!("{}{SUFFIX}", text_of(argument.get_env())?);
    command.get_arguments().find(|file| text_of(file.get_env()).is_some_and(|known| known == name))
}

/// The value of a setting, by its flag or its variable.
fn given(argument: &Arg, arguments: &[OsString]) -> Option<OsString> {
    let flag = format!("--{}", argument.get_long()?);
    let mut given = arguments.iter().skip(1);
    while let Some(one) = given.next() {
        if *one == *flag {
            return given.next().cloned();
        }
        if let Some(value) = one.to_str().and_then(|one| one.strip_prefix(&flag)?.strip_prefix('=')) {
            return Some(value.into());
        }
    }
    names::value_of(argument.get_env()?)
}

fn text_of(name: Option<&OsStr>) -> Option<String> {
    Some(name?.to_str()?.to_owned())
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, Parser};

    use super::*;

    #[derive(Debug, Parser)]
    struct Sample {
        #[arg(long, env = "SAMPLE_SECRET", hide_env_values = true)]
        secret: Option<String>,
        #[arg(long, env = "SAMPLE_SECRET_FILE")]
        secret_file: Option<std::path::PathBuf>,
    }

    #[test]
    fn a_secret_of_a_file_stands_behind_its_command() {
        let folder = std::env::temp_dir().join(format!("postern-secret-{}", std::process::id()));
        fs::write(&folder, "5ecret \n").unwrap();
        let file = format!("--secret-file={}", folder.display());
        let program = Command::new("sample").subcommand(Sample::command().name("serve"));
        let line = |words: &[&str]| -> Vec<OsString> { words.iter().map(OsString::from).collect() };
        let read = arguments(&program, &line(&["sample", "serve", &file])).unwrap();
        assert_eq!(read.all, line(&["sample", "serve", "--secret=5ecret ", &file]));
        assert_eq!(read.from_files, ["SAMPLE_SECRET"]);
        let parsed = Sample::try_parse_from(&read.all[1..]).unwrap();
        assert_eq!((parsed.secret.as_deref(), parsed.secret_file.is_some()), (Some("5ecret "), true));
        for (words, says) in [
            (vec!["sample", "serve", &file, "--secret", "x"], "SAMPLE_SECRET and SAMPLE_SECRET_FILE are both set"),
            (vec!["sample", "serve", "--secret-file", "/nowhere/x"], "SAMPLE_SECRET_FILE /nowhere/x: No such file"),
            (vec!["sample", "serve", "--secret-file", "/dev/zero"], "not a file of a secret"),
        ] {
            let error = arguments(&program, &line(&words)).unwrap_err();
            assert!(error.contains(says) && !error.contains("5ecret"), "{error}");
        }
        fs::remove_file(folder).unwrap();
    }
}
