//! YAML documents, read with the line of every value, and written so that reading gives the same value again.
//! Of YAML 1.2 this is what settings need: maps, lists and scalars. Anchors, aliases and tags are refused, since
//! no document that Postern writes could keep them.

mod read;
mod scalar;
mod write;

use std::collections::HashMap;

use serde_json::Value;

pub use read::read;
pub use write::write;

use crate::finding::{Finding, Located};

/// The longest text that is read, in bytes: some hundred times the largest sensible workflow.
pub const MAX_BYTES: usize = 4 * 1024 * 1024;

/// The deepest nesting that is read, in levels: reading and writing recurse once per level.
pub const MAX_DEPTH: usize = 64;

/// One document of a YAML text.
#[derive(Debug, Clone)]
pub struct Document {
    /// What it says. Keys keep their order, numbers their digits.
    pub value: Value,
    lines: HashMap<String, usize>,
}

impl Document {
    /// The line, from 1, at which the value of a path begins, or that of the nearest value around it.
    pub fn line(&self, path: &str) -> usize {
        let mut path = path;
        loop {
            match (self.lines.get(path), path.rsplit_once('.')) {
                (Some(line), _) => return *line,
                (None, Some((outer, _))) => path = outer,
                (None, None) => return self.lines.get("").copied().unwrap_or(1),
            }
        }
    }

    /// Adds its line to a finding.
    pub fn locate(&self, finding: Finding) -> Located {
        Located { line: self.line(&finding.path), finding }
    }
}

/// The path of a key or an index below a path.
pub fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}
