//! The program of the ingress.

use std::process::ExitCode;

use postern_ingress::{Beside, Options};
use postern_shared::service::{self, Names};

fn main() -> ExitCode {
    let names = Names { program: "postern-ingress", service: "the ingress" };
    service::main(
        names,
        |options: &Options| &options.telemetry,
        async |options, shutdown| postern_ingress::run(options, Beside::default(), shutdown).await,
    )
}
