//! `postern cancel`: a run that has not ended is ended.

use postern_control::operation::run::cancel::CancelRun;
use postern_shared::store::jobs::Kind;

use crate::output::{Failure, Output};

pub use super::bulk::Runs as Options;

/// Cancels the run.
pub async fn run(options: &Options, output: &mut Output) -> Result<(), Failure> {
    options.change::<CancelRun>(Kind::Cancel, "cancelled", output).await
}
