//! What differs from step to step: the clock and its zone, and what is drawn. All of it is fixed when a step begins, so
//! that a step which is computed again, or tried again, has the same values.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::tz::TimeZone;
use jiff::{Timestamp, ZonedDateTime};
use minijinja::value::Object;
use minijinja::{State, Value};
use sha2::{Digest, Sha256};

use super::Scope;
use crate::comparison::Notes;

/// The clock and the lots of one step.
#[derive(Debug, Clone)]
pub struct Local {
    /// The zone of clock times that name none.
    pub zone: TimeZone,
    /// When the step began.
    pub now: Timestamp,
    /// The number of each counter that the step names.
    pub counters: BTreeMap<String, i64>,
    /// The run, the step and its visit in one text. Everything that the step draws is made of this text.
    of: String,
}

impl Local {
    /// The local values of a step. `of` names its run, the step and its visit.
    pub fn new(zone: TimeZone, now: Timestamp, of: impl Into<String>) -> Self {
        Self { zone, now, counters: BTreeMap::new(), of: of.into() }
    }

    /// The time by the clock of the zone.
    pub(super) fn clock(&self) -> ZonedDateTime {
        self.now.to_zoned_datetime(self.zone.clone())
    }

    /// The bytes that the step draws under a name: always the same ones.
    pub(super) fn draw(&self, name: &str) -> [u8; 16] {
        let seed = Sha256::digest(self.of.as_bytes());
        let hash: [u8; 32] = Sha256::new().chain_update(seed).chain_update(name.as_bytes()).finalize().into();
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&hash[..16]);
        bytes
    }

    /// That of an evaluation.
    pub(super) fn of(state: &State) -> Arc<Self> {
        within(state)
            .and_then(|value| Some(Arc::clone(&value.downcast_object_ref::<Within>()?.local)))
            .unwrap_or_default()
    }
}

/// In UTC, now.
impl Default for Local {
    fn default() -> Self {
        Self::new(TimeZone::UTC, Timestamp::now(), "")
    }
}

/// What filters, tests and functions see of the scope of an evaluation.
#[derive(Debug)]
struct Within {
    local: Arc<Local>,
    notes: Notes,
}

impl Object for Within {}

/// Its name in the state of an evaluation.
const WITHIN: &str = "within";

/// Gives the state of an evaluation what filters, tests and functions see of its scope.
pub(super) fn put_in(state: &mut State, scope: &Scope) {
    let within = Within { local: Arc::clone(&scope.local), notes: scope.notes.clone() };
    state.set_temp(WITHIN, Value::from_object(within));
}

/// The notes of the step that evaluates.
pub(super) fn notes_of(state: &State) -> Notes {
    within(state).and_then(|value| Some(value.downcast_object_ref::<Within>()?.notes.clone())).unwrap_or_default()
}

fn within(state: &State) -> Option<Value> {
    state.get_temp(WITHIN)
}
