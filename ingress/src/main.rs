//! Parses the settings, runs the service, reports why it stopped.

use std::process::ExitCode;

use clap::Parser;
use postern_ingress::{Failure, Options};
use postern_shared::bell::Bell;
use postern_shared::shutdown::Shutdown;
use postern_shared::telemetry;

fn main() -> ExitCode {
    let options = Options::parse();
    match start(options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(%error, "the ingress stops");
            ExitCode::FAILURE
        }
    }
}

fn start(options: Options) -> Result<(), Failure> {
    telemetry::start(&options.telemetry)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async { postern_ingress::run(options, Bell::default(), Shutdown::on_signal()?).await })
}
