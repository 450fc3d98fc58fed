//! The program of the control plane.

use std::process::ExitCode;

use postern_control::{Options, Watched};
use postern_shared::service::{self, Names};

fn main() -> ExitCode {
    let names = Names { program: "postern-control", service: "the control plane" };
    service::main(
        names,
        |options: &Options| &options.telemetry,
        async |options, shutdown| postern_control::run(options, Watched::default(), shutdown).await,
    )
}
