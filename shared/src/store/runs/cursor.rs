//! The place of a run in the list of all runs, as pages of that list hand it on.

use std::fmt;
use std::str::FromStr;

use super::Run;
use crate::id::{ReceiptId, WorkflowId};

/// The place of a run in the list of all runs, from the newest on. Its text, by `Display`, parses to the same again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    /// Its receipt.
    pub receipt: ReceiptId,
    /// Its place among the runs of the receipt.
    pub place: i32,
    /// Its workflow.
    pub workflow: WorkflowId,
    /// Its origin.
    pub origin: String,
}

impl From<&Run> for Cursor {
    fn from(run: &Run) -> Self {
        Self { receipt: run.receipt, place: run.place, workflow: run.workflow, origin: run.origin.clone() }
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { receipt, place, workflow, origin } = self;
        write!(f, "{receipt}.{place}.{workflow}.{origin}")
    }
}

impl FromStr for Cursor {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut parts = text.splitn(4, '.');
        let mut next = || parts.next();
        let parsed = (|| {
            let (receipt, place, workflow) = (next()?.parse().ok()?, next()?.parse().ok()?, next()?.parse().ok()?);
            Some(Self { receipt, place, workflow, origin: next()?.to_owned() })
        })();
        parsed.ok_or("must be the `next` of an answer")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_as_it_was_written() {
        let receipt = ReceiptId::new();
        for origin in ["", "1", "a.b"] {
            let cursor = Cursor { receipt, place: 2, workflow: 77.try_into().unwrap(), origin: origin.to_owned() };
            let text = cursor.to_string();
            assert_eq!(text.parse(), Ok(cursor));
        }
        let text = format!("{receipt}.2.77.");
        for wrong in ["", "1", &text[1..], &text[..text.len() - 1], &format!("{receipt}.2.x.")] {
            assert!(wrong.parse::<Cursor>().is_err(), "{wrong}");
        }
    }
}
