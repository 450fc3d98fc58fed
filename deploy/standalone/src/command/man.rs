//! `postern man`: the manual, made from the same declarations as `--help`.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::{Args, Command, CommandFactory};
use clap_mangen::Man;

use crate::output::{Failure, Output};

/// Arguments of `man`.
#[derive(Debug, Args)]
pub struct Options {
    /// Writes a page for every command into this folder, such as ~/.local/share/man/man1
    #[arg(long, value_name = "FOLDER")]
    folder: Option<PathBuf>,
}

/// Prints the page of the program, for `man -l -`, or writes all pages.
pub fn run(options: &Options, output: &mut Output) -> Result<(), Failure> {
    let mut command = super::Options::command();
    command.build();
    let Some(folder) = &options.folder else {
        return Ok(io::stdout().write_all(&page(&command)?)?);
    };
    fs::create_dir_all(folder).map_err(|error| unwritable(folder, &error))?;
    write_all(folder, &command, "postern", output)
}

fn write_all(folder: &Path, command: &Command, name: &str, output: &mut Output) -> Result<(), Failure> {
    let file = folder.join(format!("{name}.1"));
    fs::write(&file, page(command)?).map_err(|error| unwritable(&file, &error))?;
    output.line(&file.display().to_string())?;
    for inner in command.get_subcommands().filter(|inner| inner.get_name() != "help") {
        write_all(folder, inner, &format!("{name}-{}", inner.get_name()), output)?;
    }
    Ok(())
}

fn page(command: &Command) -> Result<Vec<u8>, Failure> {
    let mut text = Vec::new();
    Man::new(command.clone()).render(&mut text)?;
    Ok(text)
}

fn unwritable(path: &Path, error: &io::Error) -> Failure {
    Failure::failed(format!("{}: {error}", path.display()), "--folder names one in which files can be written")
}
