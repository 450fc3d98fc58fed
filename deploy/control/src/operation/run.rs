//! The runs of all workflows.

pub mod cancel;
pub mod decide;
pub mod dismiss;
pub mod effects;
pub mod failure_groups;
pub mod list;
pub mod replay;
pub mod run_again;
pub mod wake;

use postern_shared::id::ReceiptId;
use postern_shared::resume::RunKey;
use postern_shared::store::run_actions::{Obstacle, Rescued};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Error;
use super::field::Text;

/// A run by its name.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NamedRun {
    /// The name of the run.
    pub run: Text<RunKey>,
}

/// A run that a person has changed.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct ChangedRun {
    /// Its name.
    pub run: String,
}

impl From<RunKey> for ChangedRun {
    fn from(run: RunKey) -> Self {
        Self { run: run.to_string() }
    }
}

/// A new run in the place of another one.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct NewRun {
    /// Its name.
    pub run: String,
    /// Its receipt.
    pub receipt: ReceiptId,
    /// Its number among the runs of the receipt.
    pub number: i16,
}

impl From<RunKey> for NewRun {
    fn from(run: RunKey) -> Self {
        Self { run: run.to_string(), receipt: run.receipt, number: run.number }
    }
}

/// The run that goes on.
fn goes(rescued: Rescued) -> Result<RunKey, Error> {
    rescued.map_err(|obstacle| match obstacle {
        Obstacle::Unknown => Error::Unknown("run"),
        obstacle => Error::Run(obstacle),
    })
}
