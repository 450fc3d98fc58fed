//! Which names of `$env` and which referenced records a text reads, known without evaluating it.

use std::collections::BTreeSet;

use super::Related;
use crate::id::{SecretName, VariableName};

/// What an expression or a template reads, whichever way its evaluation takes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reads {
    /// Those that are written out: the outermost names, `a` of `$env["a"]["b"]`.
    pub names: BTreeSet<String>,
    /// It reads `$env` as a whole, or by a name that only its evaluation knows.
    pub all: bool,
    /// The fields of the run's record.
    pub fields: BTreeSet<String>,
    /// The fields of referenced records, each once.
    pub related: Vec<Related>,
    /// The secrets, which only some settings may read.
    pub secrets: BTreeSet<SecretName>,
    /// The variables of the installation that are written out.
    pub variables: BTreeSet<VariableName>,
    /// The counters of the installation that it draws from.
    pub counters: BTreeSet<String>,
}

impl Reads {
    /// Adds what another text reads.
    pub fn add(&mut self, other: &Self) {
        self.names.extend(other.names.iter().cloned());
        self.all |= other.all;
        self.fields.extend(other.fields.iter().cloned());
        self.secrets.extend(other.secrets.iter().cloned());
        self.variables.extend(other.variables.iter().cloned());
        self.counters.extend(other.counters.iter().cloned());
        other.related.iter().for_each(|one| self.add_related(one));
    }

    /// Adds a field of a referenced record.
    pub(super) fn add_related(&mut self, one: &Related) {
        if !self.related.contains(one) {
            self.related.push(one.clone());
        }
    }
}
