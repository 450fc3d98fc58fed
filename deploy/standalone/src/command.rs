//! The commands: a file each. This one reads the arguments, runs one command and turns its end into an exit code.

mod account;
mod apply;
mod audit;
mod bulk;
mod cancel;
mod changes;
mod completion;
mod connection;
mod dead;
mod decide;
mod delete;
mod diff;
mod dismiss;
mod draft;
mod dry_run;
mod explain;
mod export;
mod failures;
mod find;
mod forget;
mod get;
mod habits;
mod init;
mod jobs;
mod man;
mod migrate;
mod receipt;
mod record;
mod records;
mod refused;
mod rejected;
mod replay;
mod run_again;
mod runs;
mod schema;
mod secret;
mod send;
mod statistics;
mod status;
mod token;
mod unmatched;
mod usage;
mod validate;
mod var;
mod wake;

use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};
use postern_shared::options::{Settings, names};
use postern_shared::{telemetry, tls};

use crate::output::{Failure, Format, Output};
use crate::serve;

/// Postern takes a POST, checks who knocks, and never loses what was handed in.
///
/// Exit codes: 0 done, 1 findings or a failure, 2 wrong usage.
#[derive(Debug, Parser)]
#[command(name = "postern", version)]
pub struct Options {
    /// How results are written
    #[arg(short = 'o', long = "output", global = true, value_enum, default_value_t = Format::Text)]
    format: Format,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Runs all services in this process, with a PostgreSQL of its own unless told of another
    Serve(Box<serve::Options>),
    /// Writes a first trigger, workflow and permission, with comments, for `apply`
    Init(init::Options),
    /// Shows whether all is well, and what needs a person; fails if something does
    Status(status::Options),
    /// Checks documents; needs no server and no database
    Validate(validate::Options),
    /// Shows how documents differ from what is set; fails if they do
    Diff(diff::Options),
    /// Checks documents and sets them, all or none
    Apply(apply::Options),
    /// Shows what is set: all of a kind, or one
    Get(get::Options),
    /// Removes what is set
    Delete(delete::Options),
    /// Shows, changes, publishes or discards the draft of a workflow
    Draft(draft::Options),
    /// Writes what is set as documents
    Export(export::Options),
    /// Explains an address, a document, a task, a setting, expressions or secrets
    ///
    /// Of an address it shows which permissions admit it, and why the others do not.
    Explain(explain::Options),
    /// Prints the JSON Schema of documents, for editors
    Schema(schema::Options),
    /// Posts a submission, or one for each row of a file, and prints the receipts
    Send(send::Options),
    /// Shows what a workflow would do with some data; changes nothing and sends nothing
    Try(dry_run::Options),
    /// Shows what became of a submission
    Receipt(receipt::Options),
    /// Lists runs, the newest first
    Runs(runs::Options),
    /// Shows what the steps of a workflow did: how often, by which output, how long
    Statistics(statistics::Options),
    /// Lists failed runs in groups of those that are alike, the largest first
    Failures(failures::Options),
    /// Goes on at the failed step of a run, or of many, as a new run
    Replay(replay::Options),
    /// Runs a run that has ended, or many, again from the start, as a new run of the newest version
    ///
    /// It first lists what one run has done already, which would be done twice.
    RunAgain(run_again::Options),
    /// Cancels a run that waits, is on hold or needs attention, or many
    Cancel(cancel::Options),
    /// Lets a run go on now that waits for a time, or many: at a delay, or until a call is tried again
    Wake(wake::Options),
    /// Dismisses a failed run that needs nobody, or many: it stays in the history and is not counted as failed any more
    Dismiss(dismiss::Options),
    /// Lists, shows or stops jobs, which do something with many runs at a rate
    Jobs(jobs::Options),
    /// Tells what came of the step at which a run needs attention
    Decide(decide::Options),
    /// Shows one record with its comments, and the receipts that did something to it
    Record(record::Options),
    /// Finds what a text names or what has it as a value: calls, whatever became of them, records and settings
    Find(find::Options),
    /// Finds a person in all that is kept, exports what is found, and forgets the person
    Forget(forget::Options),
    /// Lists the records of a module, the newest first
    Records(records::Options),
    /// Shows or replays submissions that started nothing
    Unmatched(unmatched::Options),
    /// Shows or replays what permitted callers sent and was refused
    Refused(refused::Options),
    /// Lists the callers that no permission admits
    Rejected(rejected::Options),
    /// Shows, replays or discards what could not be run
    Dead(dead::Options),
    /// Shows where the submissions of each hour are, and which are lost; fails if any is
    Audit(audit::Options),
    /// Lists who changed what, the newest first
    Changes(changes::Options),
    /// Shows how large the tables are, how fast they grow, and what is removed next
    Usage(usage::Options),
    /// Checks whether a connection to another system works
    Connection(connection::Options),
    /// Sets, lists or removes secrets, or encrypts them under a new key
    Secret(secret::Options),
    /// Sets, lists or removes variables of the installation
    Var(var::Options),
    /// Makes, lists or revokes tokens of the API
    Token(token::Options),
    /// Takes away the second factor of an account whose app was lost
    Account(account::Options),
    /// Brings the tables of the database up to this version
    Migrate(migrate::Options),
    /// Prints the completion of a shell
    Completion(completion::Options),
    /// Prints the manual, or writes the manual pages of all commands
    Man(man::Options),
}

impl Settings for Options {
    fn check(&self) -> Result<(), String> {
        match &self.command {
            Command::Serve(options) => options.check(),
            _ => Ok(()),
        }
    }
}

/// Runs the command that the arguments of the process name.
pub fn main() -> ExitCode {
    let arguments = habits::meant(std::env::args_os().collect());
    if arguments.len() == 1 {
        // Standard output may have no reader any more.
        let _ = Options::command().print_help();
        return ExitCode::SUCCESS;
    }
    if let Some(failure) = habits::unknown(&arguments) {
        return Output::new(Format::Text).exit_code(Err(failure));
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
        Err(error) => {
            Err(Failure::failed(format!("the runtime does not start: {error}"), "this process may start no threads"))
        }
    };
    output.exit_code(end)
}

async fn run(command: Command, output: &mut Output) -> Result<(), Failure> {
    match command {
        Command::Serve(options) => run_services(*options).await,
        Command::Init(options) => init::run(&options, output),
        Command::Status(options) => status::run(&options, output).await,
        Command::Validate(options) => validate::run(&options, output),
        Command::Diff(options) => diff::run(&options, output).await,
        Command::Apply(options) => apply::run(&options, output).await,
        Command::Get(options) => get::run(&options, output).await,
        Command::Delete(options) => delete::run(&options, output).await,
        Command::Draft(options) => draft::run(&options, output).await,
        Command::Export(options) => export::run(&options, output).await,
        Command::Explain(options) => explain::run(&options, output).await,
        Command::Schema(options) => schema::run(&options, output),
        Command::Send(options) => send::run(options, output).await,
        Command::Try(options) => dry_run::run(&options, output).await,
        Command::Receipt(options) => receipt::run(&options, output).await,
        Command::Runs(options) => runs::run(&options, output).await,
        Command::Failures(options) => failures::run(&options, output).await,
        Command::Jobs(options) => jobs::run(&options, output).await,
        Command::Statistics(options) => statistics::run(&options, output).await,
        Command::Replay(options) => replay::run(&options, output).await,
        Command::RunAgain(options) => run_again::run(&options, output).await,
        Command::Cancel(options) => cancel::run(&options, output).await,
        Command::Wake(options) => wake::run(&options, output).await,
        Command::Dismiss(options) => dismiss::run(&options, output).await,
        Command::Decide(options) => decide::run(&options, output).await,
        Command::Find(options) => find::run(&options, output).await,
        Command::Forget(options) => forget::run(&options, output).await,
        Command::Record(options) => record::run(&options, output).await,
        Command::Records(options) => records::run(&options, output).await,
        Command::Unmatched(options) => unmatched::run(&options, output).await,
        Command::Refused(options) => refused::run(&options, output).await,
        Command::Rejected(options) => rejected::run(&options, output).await,
        Command::Dead(options) => dead::run(&options, output).await,
        Command::Audit(options) => audit::run(&options, output).await,
        Command::Changes(options) => changes::run(&options, output).await,
        Command::Usage(options) => usage::run(&options, output).await,
        Command::Connection(options) => connection::run(&options, output).await,
        Command::Secret(options) => secret::run(&options, output).await,
        Command::Var(options) => var::run(&options, output).await,
        Command::Token(options) => token::run(&options, output).await,
        Command::Account(options) => account::run(&options, output).await,
        Command::Migrate(options) => migrate::run(&options, output).await,
        Command::Completion(options) => completion::run(&options),
        Command::Man(options) => man::run(&options, output),
    }
}

/// All services, which tell of themselves in their log.
async fn run_services(options: serve::Options) -> Result<(), Failure> {
    let _log = telemetry::start(&options.telemetry)
        .map_err(|error| Failure::failed(error, "POSTERN_LOG sets what is logged"))?;
    names::warn_of_unknown(&Options::command());
    serve::run(options).await.map_err(|error| {
        tracing::error!(%error, "postern stops");
        Failure::Reported
    })
}

#[cfg(test)]
mod tests;
