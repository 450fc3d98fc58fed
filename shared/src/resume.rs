//! A message that wakes a run: it names the run, and the state in which it is to be found. The JSON written here is a
//! contract between versions: `tests/it/golden` pins it byte for byte. Readers ignore fields that they do not know.

use serde::{Deserialize, Serialize};

use crate::id::{ReceiptId, WorkflowId};

/// The AMQP `type` of a message that wakes one run.
pub const RESUME_V1: &str = "resume.v1";

/// A run, named.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RunKey {
    /// The receipt that started it.
    pub receipt: ReceiptId,
    /// Its workflow.
    pub workflow: WorkflowId,
    /// Empty, or the number of the replay.
    #[serde(default)]
    pub origin: String,
}

/// Wakes a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resume {
    /// The run.
    #[serde(flatten)]
    pub run: RunKey,
    /// The revision of its checkpoint. A run with another one has gone on since: the message is nothing to it.
    pub revision: i32,
}

/// Why a message cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("the body names no run to resume: {0}")]
pub struct UnreadableResume(#[from] serde_json::Error);

impl Resume {
    /// The body of a [`RESUME_V1`] message.
    pub fn encode(&self) -> Vec<u8> {
        // A struct of numbers and texts can always be written.
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// Reads the body of a [`RESUME_V1`] message.
    pub fn decode(body: &[u8]) -> Result<Self, UnreadableResume> {
        Ok(serde_json::from_slice(body)?)
    }
}
