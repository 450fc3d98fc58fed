//! The runs of all workflows.

pub mod decide;
pub mod list;
pub mod replay;

use postern_shared::resume::RunKey;
use postern_shared::store::run_actions::Rescued;

use super::Error;

/// The run that goes on.
fn goes(rescued: Rescued) -> Result<RunKey, Error> {
    match rescued {
        Rescued::Goes(run) => Ok(run),
        Rescued::Unknown => Err(Error::Unknown("run")),
        Rescued::Refused(why) => Err(Error::Conflict(why.to_string())),
    }
}
