//! A message that wakes a run: it names the run, and the state in which it is to be found. The JSON written here is a
//! contract between versions: `tests/it/golden` pins it byte for byte. Readers ignore fields that they do not know.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::id::{ReceiptId, WorkflowId};
use crate::message::Message;

/// The AMQP `type` of a message that wakes one run.
pub const RESUME_V1: &str = "resume.v1";

/// A run, named.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct RunKey {
    /// The receipt that started it.
    pub receipt: ReceiptId,
    /// Its workflow.
    pub workflow: WorkflowId,
    /// Where it comes from: see [`crate::origin`].
    #[serde(default)]
    pub origin: String,
}

/// `receipt.workflow`, or `receipt.workflow.origin`.
impl fmt::Display for RunKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.receipt, self.workflow)?;
        if self.origin.is_empty() { Ok(()) } else { write!(f, ".{}", self.origin) }
    }
}

impl FromStr for RunKey {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut parts = text.splitn(3, '.');
        let (receipt, workflow) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let origin = parts.next().unwrap_or_default();
        match (receipt.parse(), workflow.parse()) {
            (Ok(receipt), Ok(workflow)) if !origin.contains('\0') => {
                Ok(Self { receipt, workflow, origin: origin.to_owned() })
            }
            _ => Err("a run is named by its receipt, a dot and its workflow"),
        }
    }
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

impl From<UnreadableResume> for Message {
    fn from(UnreadableResume(error): UnreadableResume) -> Self {
        Self::NoResume { reason: error.to_string() }
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_run_is_read_as_it_was_written() {
        for text in ["0193a5c8-7d00-7abc-8def-0123456789ab.77", "0193a5c8-7d00-7abc-8def-0123456789ab.77.2"] {
            assert_eq!(text.parse::<RunKey>().unwrap().to_string(), text);
        }
        for text in ["", "77", "0193a5c8-7d00-7abc-8def-0123456789ab", "0193a5c8-7d00-7abc-8def-0123456789ab.x"] {
            assert!(text.parse::<RunKey>().is_err(), "{text}");
        }
    }
}
