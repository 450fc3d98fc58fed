//! What the commands print. Results go to standard output, everything else to standard error, so that a result can be
//! piped. On a terminal people get tables with heads, colours and relative times; elsewhere lines are plain and stable.

mod failure;
mod moment;
mod style;
pub mod table;
mod words;

use std::fmt::Display;
use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use clap::ValueEnum;
use postern_shared::yaml;
use serde::Serialize;
use serde_json::Value;

pub use failure::{Failure, Trouble};
pub use moment::{named, parse as parse_moment};
pub use style::{difference, state};
pub use words::harmless;

use crate::texts::tell;
use table::{Column, Table};

/// How results are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people: a table on a terminal, else one line per result, its values divided by tabs.
    Text,
    /// JSON as the API returns it.
    Json,
    /// The same as YAML.
    Yaml,
    /// Names alone, one a line, as other commands take them.
    Name,
}

/// Where the commands print to.
#[derive(Debug)]
pub struct Output {
    format: Format,
    is_terminal: bool,
}

impl Output {
    /// An output of this format.
    pub fn new(format: Format) -> Self {
        Self { format, is_terminal: io::stdout().is_terminal() }
    }

    /// How results are written.
    pub fn format(&self) -> Format {
        self.format
    }

    /// Whether a person reads the results as they come.
    pub fn is_for_a_terminal(&self) -> bool {
        self.is_terminal && self.format == Format::Text
    }

    /// Prints one result that has no name, as its text for people or as JSON; an empty text is left out.
    pub fn result(&mut self, text: impl Display, result: &impl Serialize) -> Result<(), Failure> {
        match self.format {
            Format::Text => self.line(&text.to_string()),
            Format::Json => self.line(&json(result)?.to_string()),
            Format::Yaml => self.yaml(&json(result)?),
            Format::Name => Err(Failure::usage("this result has no name", "-o json prints all of it")),
        }
    }

    /// Prints one result that has a name.
    pub fn named(&mut self, name: &str, text: impl Display, result: &impl Serialize) -> Result<(), Failure> {
        if self.format == Format::Name { self.line(name) } else { self.result(text, result) }
    }

    /// Prints a list; `whole` is the answer that contains it. Returns the table, to which rows can be added.
    pub fn list<T>(
        &mut self,
        columns: &'static [Column<T>],
        name: impl Fn(&T) -> String,
        list: &[T],
        whole: &impl Serialize,
    ) -> Result<Table<T>, Failure> {
        let table = Table::new(columns, list);
        match self.format {
            Format::Json | Format::Yaml => self.result("", whole)?,
            Format::Name => list.iter().try_for_each(|item| self.line(&name(item)))?,
            Format::Text if self.is_terminal => table.lines(list).iter().try_for_each(|line| self.line(line))?,
            Format::Text => list.iter().try_for_each(|item| self.line(&table.plain(item)))?,
        }
        Ok(table)
    }

    /// Prints one more item of a list.
    pub fn row<T: Serialize>(&mut self, table: &Table<T>, name: &str, item: &T) -> Result<(), Failure> {
        let text = if self.is_terminal { table.line(item) } else { table.plain(item) };
        self.named(name, text, item)
    }

    /// Prints a line; an empty one is left out.
    pub fn line(&mut self, line: &str) -> Result<(), Failure> {
        if line.is_empty() { Ok(()) } else { Ok(writeln!(io::stdout(), "{line}")?) }
    }

    fn yaml(&mut self, value: &Value) -> Result<(), Failure> {
        Ok(write!(io::stdout(), "---\n{}", yaml::write(value))?)
    }

    /// Tells people what is allowed and probably not meant.
    pub fn warning(&mut self, text: impl Display) {
        self.note(tell!("warning", text = text.to_string()));
    }

    /// Tells people something that is not a result; in the other formats the results must contain it.
    pub fn note(&mut self, text: impl Display) {
        if self.format == Format::Text {
            complain(text);
        }
    }

    /// The exit code of a command's end, after telling why.
    pub fn exit_code(&mut self, end: Result<(), Failure>) -> ExitCode {
        let (code, trouble) = match end {
            Ok(()) => return ExitCode::SUCCESS,
            // The reader of the results, such as `head`, had enough.
            Err(Failure::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => return ExitCode::SUCCESS,
            Err(Failure::Output(error)) => {
                let message = tell!("output-full", reason = error.to_string());
                (1, Trouble { message, hint: tell!("output-full-hint") })
            }
            Err(Failure::Reported) => return ExitCode::from(1),
            Err(Failure::Failed(trouble)) => (1, trouble),
            Err(Failure::Usage(trouble)) => (2, trouble),
        };
        complain(format_args!("postern: {}", trouble.message));
        complain(tell!("hint", text = trouble.hint));
        ExitCode::from(code)
    }
}

/// A result as JSON.
pub fn json(result: &impl Serialize) -> Result<Value, Failure> {
    serde_json::to_value(result).map_err(|error| Failure::fault(error.to_string()))
}

fn complain(text: impl Display) {
    // When standard error is closed there is nobody left to tell.
    let _ = writeln!(io::stderr(), "{text}");
}
