//! Which names of `$env` a text reads, known without evaluating it.

use std::collections::BTreeSet;

/// The names of `$env` that an expression or a template reads, whichever way its evaluation takes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reads {
    /// Those that are written out: the outermost names, `a` of `$env["a"]["b"]`.
    pub names: BTreeSet<String>,
    /// It reads `$env` as a whole, or by a name that only its evaluation knows.
    pub all: bool,
}

impl Reads {
    /// Adds what another text reads.
    pub fn add(&mut self, other: &Self) {
        self.names.extend(other.names.iter().cloned());
        self.all |= other.all;
    }
}
