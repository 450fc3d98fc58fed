//! `postern wake`: a run that waits for a time goes on now.

use postern_control::operation::run::wake::WakeRun;
use postern_shared::store::jobs::Kind;

use crate::output::{Failure, Output};

pub use super::bulk::Runs as Options;

/// Wakes the run.
pub async fn run(options: &Options, output: &mut Output) -> Result<(), Failure> {
    options.change::<WakeRun>(Kind::Wake, "going on", output).await
}
