//! What the commands print and how they end. Results go to standard output, everything else to standard error,
//! so that a result can be piped.

use std::fmt::Display;
use std::io::{self, Write};
use std::process::ExitCode;

use clap::ValueEnum;
use serde::Serialize;
use serde_json::Value;

/// How results are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people: one line per result.
    Text,
    /// For programs: one JSON value per line.
    Json,
}

/// Why a command did not do what was asked.
#[derive(Debug)]
pub enum Failure {
    /// The arguments ask for something that cannot be.
    Usage(String),
    /// It was tried and did not work.
    Failed(String),
    /// The results that were printed, or the log, hold the reason.
    Reported,
    /// Nobody takes the results any more.
    Output(io::Error),
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

/// Where the commands print to.
#[derive(Debug)]
pub struct Output {
    format: Format,
}

impl Output {
    /// An output of this format.
    pub fn new(format: Format) -> Self {
        Self { format }
    }

    /// Prints one result in the chosen format; an empty text is left out.
    pub fn result(&mut self, text: impl Display, json: &Value) -> io::Result<()> {
        let line = match self.format {
            Format::Text => text.to_string(),
            Format::Json => json.to_string(),
        };
        if line.is_empty() { Ok(()) } else { writeln!(io::stdout(), "{line}") }
    }

    /// Prints what an operation gave, with its text for people.
    pub fn typed(&mut self, text: impl Display, result: &impl Serialize) -> Result<(), Failure> {
        let json = serde_json::to_value(result).map_err(|error| Failure::Failed(error.to_string()))?;
        Ok(self.result(text, &json)?)
    }

    /// Prints each item of a JSON list, with its line for people.
    pub fn each(&mut self, items: &Value, line: impl Fn(&Value) -> String) -> Result<(), Failure> {
        for item in items.as_array().into_iter().flatten() {
            self.result(line(item), item)?;
        }
        Ok(())
    }

    /// Tells people something that is not a result; with `json` the results must say it.
    pub fn note(&mut self, text: impl Display) {
        if self.format == Format::Text {
            self.complain(text);
        }
    }

    /// The exit code of a command's end, after telling why.
    pub fn exit_code(&mut self, end: Result<(), Failure>) -> ExitCode {
        match end {
            Ok(()) => ExitCode::SUCCESS,
            // Whoever read the results, such as `head`, had enough.
            Err(Failure::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
            Err(Failure::Output(error)) => {
                self.complain(format_args!("postern: cannot write the results: {error}"));
                ExitCode::from(1)
            }
            Err(Failure::Reported) => ExitCode::from(1),
            Err(Failure::Failed(message)) => {
                self.complain(format_args!("postern: {message}"));
                ExitCode::from(1)
            }
            Err(Failure::Usage(message)) => {
                self.complain(format_args!("postern: {message}"));
                ExitCode::from(2)
            }
        }
    }

    fn complain(&mut self, text: impl Display) {
        // When standard error is closed there is nobody left to tell.
        let _ = writeln!(io::stderr(), "{text}");
    }
}
