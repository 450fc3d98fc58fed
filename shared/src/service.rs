//! The program of a service: it reads the settings, starts the log, runs the service, and reports why it stopped.

use std::process::ExitCode;

use crate::options::{self, Settings, TelemetryOptions};
use crate::shutdown::Shutdown;
use crate::telemetry;

/// Whatever can end a service before its time, in words.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// A service and its program.
#[derive(Debug, Clone, Copy)]
pub struct Names {
    /// The program, as it is named before there is a log.
    pub program: &'static str,
    /// The service, as the log names it.
    pub service: &'static str,
}

/// Runs the service of a program until shutdown.
pub fn main<O: Settings>(
    names: Names,
    telemetry_of: impl FnOnce(&O) -> &TelemetryOptions,
    run: impl AsyncFnOnce(O, Shutdown) -> Result<(), Failure>,
) -> ExitCode {
    let arguments: Vec<_> = std::env::args_os().collect();
    let options: O = match options::read(&arguments) {
        Ok(options) => options,
        Err(refusal) => return refusal.tell(names.program),
    };
    let _log = match telemetry::start(telemetry_of(&options)) {
        Ok(log) => log,
        Err(error) => {
            options::tell(names.program, &error);
            return ExitCode::FAILURE;
        }
    };
    match start(options, run) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(%error, "{} stops", names.service);
            ExitCode::FAILURE
        }
    }
}

fn start<O: Settings>(options: O, run: impl AsyncFnOnce(O, Shutdown) -> Result<(), Failure>) -> Result<(), Failure> {
    options::names::warn_of_unknown(&O::command());
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async { run(options, Shutdown::on_signal()?).await })
}
