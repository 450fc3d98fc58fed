//! How a run stands: one list, in the order of urgency, which is that of the type `run_state` of the database.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// How a run stands. The states that most need a person come first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// A person must decide.
    NeedsAttention,
    /// A step failed, or a `stop` said so.
    Failed,
    /// It has steps left and a worker.
    Running,
    /// It has steps left that are not due.
    Waiting,
    /// Its workflow is on hold, and it has not begun.
    Held,
    /// It came to its end.
    Finished,
}

impl State {
    /// All, with the word that the store, the API and the panel use.
    pub const ALL: [(Self, &str); 6] = [
        (Self::NeedsAttention, "needs_attention"),
        (Self::Failed, "failed"),
        (Self::Running, "running"),
        (Self::Waiting, "waiting"),
        (Self::Held, "held"),
        (Self::Finished, "finished"),
    ];

    /// Its word.
    pub fn word(self) -> &'static str {
        Self::ALL.iter().find(|(state, _)| *state == self).map_or("", |(_, word)| word)
    }

    /// The state of a word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known)| *known == word).map(|(state, _)| *state)
    }

    /// Whether a run in this state takes no further step by itself.
    pub fn is_end(self) -> bool {
        matches!(self, Self::Failed | Self::Finished)
    }

    /// Whether something is wrong with a run in this state.
    pub fn is_fault(self) -> bool {
        matches!(self, Self::NeedsAttention | Self::Failed)
    }

    /// The state of several runs together: the most urgent of those that have not ended, or else the most urgent.
    pub fn of_all(states: impl Iterator<Item = Self> + Clone) -> Option<Self> {
        states.clone().filter(|state| !state.is_end()).min().or_else(|| states.min())
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl FromStr for State {
    type Err = &'static str;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        Self::from_word(word).ok_or("is not the state of a run")
    }
}

#[cfg(test)]
mod tests {
    use super::State::{self, Failed, Finished, Held, NeedsAttention, Running, Waiting};

    #[test]
    fn the_list_of_states_is_that_of_the_database() {
        assert!(State::ALL.is_sorted());
        let list = State::ALL.map(|(_, word)| format!("'{word}'")).join(", ");
        let sql = include_str!("../../../migrations/0003_history.sql");
        assert!(sql.contains(&format!("CREATE TYPE run_state AS ENUM ({list});")), "{list}");
    }

    #[test]
    fn several_runs_have_ended_when_each_of_them_has() {
        for (states, expected) in [
            (&[][..], None),
            (&[Finished, Failed], Some(Failed)),
            (&[Failed, Finished, Held, Waiting], Some(Waiting)),
            (&[Failed, Running, NeedsAttention], Some(NeedsAttention)),
            (&[Finished, Finished], Some(Finished)),
        ] {
            assert_eq!(State::of_all(states.iter().copied()), expected, "{states:?}");
        }
    }
}
