//! What differs from step to step: the clock and its zone, and what is drawn. All of it is fixed when a step begins, so
//! that a step which is computed again, or tried again, has the same values.

use jiff::tz::TimeZone;
use jiff::{Timestamp, ZonedDateTime};
use minijinja::State;
use minijinja::value::Object;
use sha2::{Digest, Sha256};

/// The clock and the lots of one step.
#[derive(Debug, Clone)]
pub struct Local {
    /// The zone of clock times that name none.
    pub zone: TimeZone,
    /// When the step began.
    pub now: Timestamp,
    /// Of which everything that the step draws is made.
    seed: [u8; 32],
}

impl Local {
    /// The local values of a step. `of` names its run, the step and its visit, and nothing else has the same text.
    pub fn new(zone: TimeZone, now: Timestamp, of: &str) -> Self {
        Self { zone, now, seed: Sha256::digest(of.as_bytes()).into() }
    }

    /// The time by the clock of the zone.
    pub(super) fn clock(&self) -> ZonedDateTime {
        self.now.to_zoned_datetime(self.zone.clone())
    }

    /// The bytes that the step draws under a name: always the same ones.
    pub(super) fn draw(&self, name: &str) -> [u8; 16] {
        let hash: [u8; 32] = Sha256::new().chain_update(self.seed).chain_update(name.as_bytes()).finalize().into();
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&hash[..16]);
        bytes
    }

    /// That of an evaluation.
    pub(super) fn of(state: &State) -> Self {
        let value = state.lookup(super::value::LOCAL);
        value.and_then(|value| value.downcast_object_ref::<Self>().cloned()).unwrap_or_default()
    }
}

/// In UTC, now.
impl Default for Local {
    fn default() -> Self {
        Self::new(TimeZone::UTC, Timestamp::now(), "")
    }
}

impl Object for Local {}
