//! `postern completion`: what a shell completes.

use std::io::{self, Write};

use clap::{Args, CommandFactory};
use clap_complete::{Shell, generate};

use crate::output::Failure;

/// Arguments of `completion`.
#[derive(Debug, Args)]
pub struct Options {
    /// The shell. For bash: postern completion bash > ~/.local/share/bash-completion/completions/postern
    #[arg(value_enum)]
    shell: Shell,
}

/// Prints the script.
pub fn run(options: &Options) -> Result<(), Failure> {
    // Writing into memory does not fail; standard output may.
    let mut script = Vec::new();
    generate(options.shell, &mut super::Options::command(), "postern", &mut script);
    Ok(io::stdout().write_all(&script)?)
}
