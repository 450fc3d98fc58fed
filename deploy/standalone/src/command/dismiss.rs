//! `postern dismiss`: a failed run that needs nobody is not counted as failed any more.

use postern_control::operation::run::dismiss::DismissRun;
use postern_shared::store::jobs::Kind;

use crate::output::{Failure, Output};

pub use super::bulk::Runs as Options;

/// Dismisses the run.
pub async fn run(options: &Options, output: &mut Output) -> Result<(), Failure> {
    options.change::<DismissRun>(Kind::Dismiss, "dismissed", output).await
}
