//! A message that wakes a run: it names the run, and the state in which it is to be found. The JSON written here is a
//! contract between versions: `tests/it/golden` pins it byte for byte. Readers ignore fields that they do not know.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::id::{ReceiptId, WorkflowId};
use crate::message::Message;

/// The AMQP `type` of a message that wakes one run.
pub const RESUME_V1: &str = "resume.v1";

/// The name of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RunKey {
    /// The receipt that started it.
    pub receipt: ReceiptId,
    /// Its number among the runs of the receipt, from 1.
    pub number: i16,
}

/// `receipt.number`: one segment of a path, of a `Message-ID` and of an idempotency key.
impl fmt::Display for RunKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.receipt, self.number)
    }
}

impl FromStr for RunKey {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let key = text.split_once('.').and_then(|(receipt, number)| {
            let digits = number.bytes().all(|byte| byte.is_ascii_digit()) && !number.starts_with('0');
            Some(Self { receipt: receipt.parse().ok()?, number: number.parse().ok().filter(|_| digits)? })
        });
        key.ok_or("a run is named by its receipt, a dot and its number")
    }
}

/// Wakes a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resume {
    /// The run.
    #[serde(flatten)]
    pub run: RunKey,
    /// Its workflow, by which it is taken from the spool.
    pub workflow: WorkflowId,
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
        let receipt = "0193a5c8-7d00-7abc-8def-0123456789ab";
        for number in ["1", "32767"] {
            let text = format!("{receipt}.{number}");
            assert_eq!(text.parse::<RunKey>().unwrap().to_string(), text);
        }
        for behind in ["", ".", ".x", ".0", ".01", ".-1", ".+1", ".32768", ".1.2"] {
            assert!(format!("{receipt}{behind}").parse::<RunKey>().is_err(), "{behind}");
        }
        assert!("77".parse::<RunKey>().is_err());
    }
}
