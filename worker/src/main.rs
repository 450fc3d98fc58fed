//! The program of the worker.

use std::process::ExitCode;

use postern_shared::service::{self, Names};
use postern_shared::wakeup::Wakeup;
use postern_worker::Options;

fn main() -> ExitCode {
    let names = Names { program: "postern-worker", service: "the worker" };
    service::main(
        names,
        |options: &Options| &options.telemetry,
        async |options, shutdown| postern_worker::run(options, Wakeup::default(), shutdown).await,
    )
}
