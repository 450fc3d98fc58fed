//! The program `postern`.

use std::process::ExitCode;

fn main() -> ExitCode {
    postern::command::main()
}
