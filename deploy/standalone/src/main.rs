//! The command line of Postern: reads the arguments, runs one command, turns its end into an exit code.

mod apply;
mod database;
mod documents;
mod export;
mod migrate;
mod output;
mod receipt;
mod record;
mod records;
mod refused;
mod rejected;
mod runs;
mod send;
mod validate;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use postern::serve;

use output::{Failure, Format, Output};

/// Postern takes a POST, checks who knocks, and never loses what was handed in.
///
/// Exit codes: 0 done, 1 findings or a failure, 2 wrong usage.
#[derive(Debug, Parser)]
#[command(name = "postern", version)]
struct Options {
    /// How results are written.
    #[arg(short = 'o', long = "output", global = true, value_enum, default_value_t = Format::Text)]
    format: Format,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Runs both services in this process, with a PostgreSQL of its own unless told of another; the default
    Serve(Box<serve::Options>),
    /// Checks documents; needs no server and no database
    Validate(validate::Options),
    /// Posts a submission, or one for each row of a file, and prints the receipts
    Send(send::Options),
    /// Brings the tables of the database up to this version
    Migrate(migrate::Options),
    /// Checks documents and puts them into the database, all or none
    Apply(apply::Options),
    /// Writes what is set as documents
    Export(export::Options),
    /// Shows what became of a submission
    Receipt(receipt::Options),
    /// Lists runs, the newest first
    Runs(runs::Options),
    /// Shows one record with its comments
    Record(record::Options),
    /// Lists the records of a module, the newest first
    Records(records::Options),
    /// Shows what permitted callers sent and was refused
    Refused(refused::Options),
    /// Lists the callers that no permission admits
    Rejected(rejected::Options),
}

fn main() -> ExitCode {
    let mut arguments: Vec<_> = std::env::args_os().collect();
    if arguments.len() == 1 {
        arguments.push("serve".into());
    }
    let options = Options::parse_from(arguments);
    let mut output = Output::new(options.format);
    let end = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime.block_on(run(options.command, &mut output)),
        Err(error) => Err(Failure::Failed(format!("the runtime does not start: {error}"))),
    };
    output.exit_code(end)
}

async fn run(command: Command, output: &mut Output) -> Result<(), Failure> {
    match command {
        Command::Serve(options) => serve::run(*options).await.map_err(|error| Failure::Failed(error.to_string())),
        Command::Validate(options) => validate::run(&options, output),
        Command::Send(options) => send::run(options, output).await,
        Command::Migrate(options) => migrate::run(&options, output).await,
        Command::Apply(options) => apply::run(&options, output).await,
        Command::Export(options) => export::run(&options, output).await,
        Command::Receipt(options) => receipt::run(&options, output).await,
        Command::Runs(options) => runs::run(&options, output).await,
        Command::Record(options) => record::run(&options, output).await,
        Command::Records(options) => records::run(&options, output).await,
        Command::Refused(options) => refused::run(&options, output).await,
        Command::Rejected(options) => rejected::run(&options, output).await,
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_arguments_are_declared_without_contradiction() {
        Options::command().debug_assert();
    }

    #[test]
    fn what_does_not_fit_together_is_wrong_usage() {
        for arguments in [
            "validate",
            "send",
            "send http://localhost/trigger --workflow 1 --trigger a",
            "send http://localhost/trigger --workflow 0",
            "send http://localhost/trigger nothing",
            "send http://localhost/trigger =a",
            "send http://localhost/trigger --rate 0/s",
            "send https://localhost/trigger",
            "runs --database-url",
            "export nonsense --database-url postgres://x",
            "receipt 77 --database-url postgres://x",
            "receipt 0192aaaa-0000-7000-8000-000000000000 --timeout 5 --database-url postgres://x",
            "runs --state sleeping --database-url postgres://x",
            "runs --last 0 --database-url postgres://x",
            "record 0 --database-url postgres://x",
            "records --database-url postgres://x",
            "refused --database-url postgres://x",
            "refused show --database-url postgres://x",
        ] {
            assert!(Options::try_parse_from(format!("postern {arguments}").split(' ')).is_err(), "{arguments}");
        }
        for arguments in [
            "validate - -o json",
            "send http://localhost/trigger --trigger a --record 5 --rate 50/s a=1 b=x=y",
            "export workflow 77 --database-url postgres://x",
            "receipt 0192aaaa-0000-7000-8000-000000000000 --wait --database-url postgres://x",
            "refused show 5 --raw --database-url postgres://x",
            "runs --workflow 77 --state failed --last 5 --database-url postgres://x",
        ] {
            Options::try_parse_from(format!("postern {arguments}").split(' ')).unwrap();
        }
    }
}
