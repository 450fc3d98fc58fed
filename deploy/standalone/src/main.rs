//! The command line of Postern: reads the arguments, runs one command, turns its end into an exit code.

mod api;
mod apply;
mod audit;
mod changes;
mod database;
mod dead;
mod documents;
mod export;
mod listing;
mod migrate;
mod operations;
mod options;
mod output;
mod receipt;
mod record;
mod records;
mod refused;
mod rejected;
mod rescue;
mod runs;
mod schema;
mod send;
mod unmatched;
mod validate;

use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};
use postern::serve;
use postern_shared::options::{Settings, names};
use postern_shared::{telemetry, tls};

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
    /// Prints the JSON Schema of documents, for editors
    Schema(schema::Options),
    /// Posts a submission, or one for each row of a file, and prints the receipts
    Send(send::Options),
    /// Brings the tables of the database up to this version
    Migrate(migrate::Options),
    /// Checks documents and sets them, all or none
    Apply(apply::Options),
    /// Writes what is set as documents
    Export(export::Options),
    /// Shows what became of a submission
    Receipt(receipt::Options),
    /// Lists runs, the newest first
    Runs(runs::Options),
    /// Goes on at the failed step of a run, as a new run
    Replay(rescue::Replay),
    /// Says what came of the step at which a run needs attention
    Decide(rescue::Decide),
    /// Shows one record with its comments
    Record(record::Options),
    /// Lists the records of a module, the newest first
    Records(records::Options),
    /// Shows what permitted callers sent and was refused
    Refused(refused::Options),
    /// Lists the callers that no permission admits
    Rejected(rejected::Options),
    /// Shows or replays submissions that started nothing
    Unmatched(unmatched::Options),
    /// Shows, replays or discards what nobody could run
    Dead(dead::Options),
    /// Tells where the submissions of each hour are, and which are lost
    Audit(audit::Options),
    /// Lists who changed what, the newest first
    Changes(changes::Options),
}

impl Settings for Options {
    fn check(&self) -> Result<(), String> {
        match &self.command {
            Command::Serve(options) => options.check(),
            _ => Ok(()),
        }
    }
}

fn main() -> ExitCode {
    let mut arguments: Vec<_> = std::env::args_os().collect();
    if arguments.len() == 1 {
        arguments.push("serve".into());
    }
    let options: Options = match postern_shared::options::read(&arguments) {
        Ok(options) => options,
        Err(refusal) => return refusal.tell("postern"),
    };
    tls::provide();
    let mut output = Output::new(options.format);
    let runtime = tokio::runtime::Builder::new_multi_thread().thread_name("postern").enable_all().build();
    let end = match runtime {
        Ok(runtime) => runtime.block_on(run(options.command, &mut output)),
        Err(error) => Err(Failure::Failed(format!("the runtime does not start: {error}"))),
    };
    output.exit_code(end)
}

async fn run(command: Command, output: &mut Output) -> Result<(), Failure> {
    match command {
        Command::Serve(options) => run_services(*options).await,
        Command::Validate(options) => validate::run(&options, output),
        Command::Schema(options) => schema::run(&options, output),
        Command::Send(options) => send::run(options, output).await,
        Command::Migrate(options) => migrate::run(&options, output).await,
        Command::Apply(options) => apply::run(&options, output).await,
        Command::Export(options) => export::run(&options, output).await,
        Command::Receipt(options) => receipt::run(&options, output).await,
        Command::Runs(options) => runs::run(&options, output).await,
        Command::Replay(options) => rescue::replay(&options, output).await,
        Command::Decide(options) => rescue::decide(&options, output).await,
        Command::Record(options) => record::run(&options, output).await,
        Command::Records(options) => records::run(&options, output).await,
        Command::Refused(options) => refused::run(&options, output).await,
        Command::Rejected(options) => rejected::run(&options, output).await,
        Command::Unmatched(options) => unmatched::run(&options, output).await,
        Command::Dead(options) => dead::run(&options, output).await,
        Command::Audit(options) => audit::run(&options, output).await,
        Command::Changes(options) => changes::run(&options, output).await,
    }
}

/// Both services, which speak through their log.
async fn run_services(options: serve::Options) -> Result<(), Failure> {
    let _log = telemetry::start(&options.telemetry).map_err(Failure::Failed)?;
    names::warn_of_unknown(&Options::command());
    serve::run(options).await.map_err(|error| {
        tracing::error!(%error, "postern stops");
        Failure::Reported
    })
}

#[cfg(test)]
mod tests {
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
            "runs --token",
            "export nonsense --token x",
            "receipt 77 --token x",
            "receipt 0192aaaa-0000-7000-8000-000000000000 --timeout 5 --token x",
            "runs --state sleeping --token x",
            "runs --last 0 --token x",
            "record 0 --token x",
            "records --token x",
            "refused --token x",
            "refused show --token x",
            "runs --url https://x --token x",
            "dead replay --token x",
            "refused replay --token x",
            "refused replay 5 --permission a --token x",
            "unmatched replay --token x",
            "unmatched replay --workflow 1 --trigger a --token x",
            "unmatched list --workflow 1 --trigger a --token x",
            "dead replay 5 --all --token x",
            "dead replay --all --env - --token x",
            "dead discard 5 --token x",
            "audit --hours 169 --token x",
        ] {
            assert!(Options::try_parse_from(format!("postern {arguments}").split(' ')).is_err(), "{arguments}");
        }
        for arguments in [
            "validate - -o json",
            "send http://localhost/trigger --trigger a --record 5 --rate 50/s a=1 b=x=y",
            "export workflow 77 --token x",
            "receipt 0192aaaa-0000-7000-8000-000000000000 --wait --token x",
            "refused replay 5 --charset cp1251 --token x",
            "unmatched replay --trigger web_lead --token x",
            "dead replay --group a --per-second 0.5 --token x",
            "dead replay 5 --env - --token x",
            "dead discard --all --reason old --token x",
            "changes workflow 77 --token x",
            "refused show 5 --raw --token x",
            "runs --workflow 77 --state failed --last 5 --token x",
        ] {
            Options::try_parse_from(format!("postern {arguments}").split(' ')).unwrap();
        }
    }
}
