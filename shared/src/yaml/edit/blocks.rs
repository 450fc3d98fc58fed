//! The lines of entries and items that have lines of their own.

use std::ops::Range;

use serde_json::{Map, Value};

use super::{Edit, indent};
use crate::yaml::join;

/// The lines of an entry or an item: first the comments above it.
pub(super) struct Block {
    pub(super) begin: usize,
    pub(super) line: usize,
    pub(super) end: usize,
}

impl Edit<'_> {
    /// The lines of each entry of a map, in the order of the text; nothing if two share a line.
    pub(super) fn entries(&self, path: &str, map: &Map<String, Value>, lines: Range<usize>) -> Option<Vec<Block>> {
        self.blocks(path, map.keys().map(String::as_str), opens_entry, lines)
    }

    /// The lines of each item of a list.
    pub(super) fn items(&self, path: &str, count: usize, lines: Range<usize>) -> Option<Vec<Block>> {
        let names: Vec<String> = (0..count).map(|at| at.to_string()).collect();
        self.blocks(path, names.iter().map(String::as_str), |line, _| opens_item(line), lines)
    }

    fn blocks<'n>(
        &self,
        path: &str,
        names: impl Iterator<Item = &'n str>,
        opens: fn(&str, &str) -> bool,
        lines: Range<usize>,
    ) -> Option<Vec<Block>> {
        let mut blocks: Vec<Block> = Vec::new();
        let mut from = lines.start;
        for name in names {
            let line = self.document.lines.get(&join(path, name))?.checked_sub(1)?;
            if line < from || line >= lines.end || !opens(self.lines[line], name) {
                return None;
            }
            let begin = self.end_of_content(from..line, indent(self.lines[line]));
            if let Some(before) = blocks.last_mut() {
                before.end = begin;
            }
            from = line + 1;
            blocks.push(Block { begin, line, end: lines.end });
        }
        // What stands above the first entry and below the last one belongs to the map: it stays when they go.
        if let Some(first) = blocks.first_mut() {
            first.begin = first.line;
        }
        if let Some(last) = blocks.last_mut() {
            last.end = self.end_of_content(from..lines.end, indent(self.lines[last.line]));
        }
        Some(blocks)
    }

    /// Where empty lines and comments begin that close these lines and are not indented deeper than an entry.
    fn end_of_content(&self, lines: Range<usize>, column: usize) -> usize {
        let is_comment = |at: &usize| {
            let line = self.lines[*at];
            line.trim().is_empty() || (line.trim_start().starts_with('#') && indent(line) <= column)
        };
        lines.end - lines.rev().take_while(is_comment).count()
    }
}

/// Whether a line begins with a key of a block map.
fn opens_entry(line: &str, key: &str) -> bool {
    let line = line.trim_start_matches(' ');
    let quotes: &[char] = &['"', '\''];
    line.starts_with(quotes) || line.strip_prefix(key).is_some_and(|rest| rest.trim_start().starts_with(':'))
}

fn opens_item(line: &str) -> bool {
    let line = line.trim_start_matches(' ');
    line.starts_with("- ") || line == "-"
}
