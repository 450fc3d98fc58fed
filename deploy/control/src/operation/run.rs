//! The runs of all workflows.

pub mod cancel;
pub mod decide;
pub mod effects;
pub mod failure_groups;
pub mod list;
pub mod replay;
pub mod run_again;

use postern_shared::resume::RunKey;
use postern_shared::store::run_actions::{Obstacle, Rescued};

use super::Error;

/// The run that goes on.
fn goes(rescued: Rescued) -> Result<RunKey, Error> {
    rescued.map_err(|obstacle| match obstacle {
        Obstacle::Unknown => Error::Unknown("run"),
        obstacle => Error::Run(obstacle),
    })
}
