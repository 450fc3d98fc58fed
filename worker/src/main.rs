//! Parses the settings, runs the service, reports why it stopped.

use std::process::ExitCode;

use clap::CommandFactory;
use postern_shared::options;
use postern_shared::shutdown::Shutdown;
use postern_shared::telemetry;
use postern_shared::wakeup::Wakeup;
use postern_worker::{Failure, Options};

/// The program, as it is named before there is a log.
const PROGRAM: &str = "postern-worker";

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args_os().collect();
    let options: Options = match options::read(&arguments) {
        Ok(options) => options,
        Err(refusal) => return refusal.tell(PROGRAM),
    };
    let _log = match telemetry::start(&options.telemetry) {
        Ok(log) => log,
        Err(error) => {
            options::tell(PROGRAM, &error);
            return ExitCode::FAILURE;
        }
    };
    match start(options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(%error, "the worker stops");
            ExitCode::FAILURE
        }
    }
}

fn start(options: Options) -> Result<(), Failure> {
    options::names::warn_of_unknown(&Options::command());
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async { postern_worker::run(options, Wakeup::default(), Shutdown::on_signal()?).await })
}
