//! YAML documents, read with the line of every value, and written so that reading gives the same value again.
//! Of YAML 1.2 this is what settings need: maps, lists and scalars. Anchors, aliases and tags are refused, since
//! no document that Postern writes could keep them.

mod edit;
mod hint;
mod indentation;
mod read;
mod scalar;
mod write;

use std::collections::HashMap;

use serde_json::Value;

pub use edit::{edit, edit_lines, rename, reorder, says};
pub use read::read;
pub use write::write;

use crate::finding::{Finding, Located};
use crate::message::DocumentFault;

/// The longest text of YAML that is read, in bytes: some hundred times the largest sensible workflow.
pub const MAX_BYTES: usize = 4 * 1024 * 1024;

/// The deepest nesting of YAML that is read, in levels: reading and writing recurse once per level.
pub const MAX_DEPTH: usize = 64;

/// One document of a YAML text.
#[derive(Debug, Clone)]
pub struct Document {
    /// What it says. Keys keep their order, numbers their digits.
    pub value: Value,
    /// Its lines, comments included, ending with a line break; of a document that was written as JSON as YAML.
    pub text: String,
    lines: HashMap<String, usize>,
    /// The paths of unquoted texts behind which a comment such as `#5` begins.
    pub cut: Vec<String>,
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

/// Reads one document that is written as JSON. Its lines are known as far as it is YAML as well, which most is.
pub fn read_json(text: &str) -> Result<Document, Located> {
    let value: Value = serde_json::from_str(text).map_err(|error| {
        let fault = DocumentFault::NotJson { reason: error.to_string() };
        Located { line: error.line().max(1), finding: Finding::new("", fault) }
    })?;
    if deeper_than(&value, MAX_DEPTH) {
        let fault = DocumentFault::NestedDeeper { most: MAX_DEPTH };
        return Err(Located { line: 1, finding: Finding::new("", fault) });
    }
    let lines = match read(text).as_deref() {
        Ok([same]) if same.value == value => same.lines.clone(),
        _ => HashMap::new(),
    };
    let text = write(&value);
    Ok(Document { value, text, lines, cut: Vec::new() })
}

fn deeper_than(value: &Value, levels: usize) -> bool {
    let inner = |value: &Value| levels == 0 || deeper_than(value, levels - 1);
    match value {
        Value::Array(items) => items.iter().any(inner),
        Value::Object(map) => map.values().any(inner),
        _ => false,
    }
}
