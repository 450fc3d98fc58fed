//! Writes another value into a text and keeps the lines that need not change, comments among them.

mod blocks;
mod keys;
#[cfg(test)]
mod tests;

use std::ops::Range;

use serde_json::{Map, Value};

use super::{Document, join, read, write};
use blocks::Block;
pub use keys::{rename, reorder};

/// The text with this value in it. Entries of maps and items of lists are kept, replaced, added and removed one by one.
/// A text in which that cannot be done is written anew.
pub fn edit(text: &str, value: &Value) -> String {
    edited(text, value, Comments::MayGo).unwrap_or_else(|| write(value))
}

/// The same, but nothing where other lines would be written anew, or a comment would be lost that does not belong to
/// something that goes.
pub fn edit_lines(text: &str, value: &Value) -> Option<String> {
    edited(text, value, Comments::Stay)
}

/// Whether a text holds one document with this value, in its order.
pub fn says(text: &str, value: &Value) -> bool {
    read(text).is_ok_and(|documents| match documents.as_slice() {
        [one] => are_alike(&one.value, value),
        _ => false,
    })
}

/// How a line ends behind which a text of several lines begins.
const TEXT_HEADS: [&str; 6] = [" |", " >", " |-", " >-", " |+", " >+"];

/// What becomes of comments inside of a value that is replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Comments {
    MayGo,
    Stay,
}

fn edited(text: &str, value: &Value, comments: Comments) -> Option<String> {
    let documents = read(text).ok().filter(|documents| documents.len() == 1)?;
    let (Value::Object(old), Value::Object(new)) = (&documents[0].value, value) else { return None };
    let edit = Edit { document: &documents[0], lines: text.lines().collect(), comments };
    let lines = edit.map("", old, new, 0..edit.lines.len())?;
    Some(lines.join("\n") + "\n").filter(|edited| says(edited, value))
}

/// Whether two values are the same in the same order. Maps are equal in any order.
fn are_alike(one: &Value, other: &Value) -> bool {
    let (one, other) = (one.to_string(), other.to_string());
    one == other
}

struct Edit<'t> {
    document: &'t Document,
    lines: Vec<&'t str>,
    comments: Comments,
}

impl Edit<'_> {
    /// The lines of a map in which each entry has lines of its own; nothing if that is not so, or if the order of the
    /// entries is another.
    fn map(
        &self,
        path: &str,
        old: &Map<String, Value>,
        new: &Map<String, Value>,
        lines: Range<usize>,
    ) -> Option<Vec<String>> {
        let keys: Vec<&String> = old.keys().collect();
        let blocks = self.entries(path, old, lines.clone())?;
        let indent = indent(self.lines[blocks.first()?.line]);
        let mut kept = keys.iter().filter(|key| new.contains_key(**key));
        if new.is_empty() || !new.keys().filter(|key| old.contains_key(*key)).all(|key| kept.next() == Some(&key)) {
            return None;
        }
        let mut out = self.copy(lines.start..blocks.first()?.begin);
        for (key, value) in new {
            let Some((block, old)) = keys.iter().position(|one| *one == key).map(|at| (&blocks[at], &old[key])) else {
                out.extend(written(key, value, indent));
                continue;
            };
            out.extend(self.copy(block.begin..block.line));
            let anew = || (written(key, value, indent), entry(key, old));
            out.extend(self.block(&join(path, key), block, (old, value), anew)?);
        }
        out.extend(self.copy(blocks.last()?.end..lines.end));
        Some(out)
    }

    /// The lines of a list in which each item has lines of its own. Items at both ends that stay the same are kept; of
    /// those between, each new one takes the place of an old one.
    fn list(&self, path: &str, old: &[Value], new: &[Value], lines: Range<usize>) -> Option<Vec<String>> {
        let blocks = self.items(path, old.len(), lines.clone())?;
        let indent = indent(self.lines[blocks.first()?.line]);
        if new.is_empty() {
            return None;
        }
        let same =
            |pairs: &mut dyn Iterator<Item = (&Value, &Value)>| pairs.take_while(|(a, b)| are_alike(a, b)).count();
        let head = same(&mut old.iter().zip(new));
        let tail = same(&mut old[head..].iter().rev().zip(new[head..].iter().rev()));
        let (gone, come) = (&blocks[head..old.len() - tail], &new[head..new.len() - tail]);
        let mut out = self.copy(lines.start..blocks.first()?.begin);
        out.extend(blocks[..head].iter().flat_map(|block| self.copy(block.begin..block.end)));
        for (at, value) in come.iter().enumerate() {
            let Some(block) = gone.get(at) else {
                out.extend(item(value, indent));
                continue;
            };
            let (old, path) = (&old[head + at], join(path, &(head + at).to_string()));
            out.extend(self.copy(block.begin..block.line));
            let anew = || (item(value, indent), Value::Array(vec![old.clone()]));
            out.extend(self.block(&path, block, (old, value), anew)?);
        }
        out.extend(blocks[old.len() - tail..].iter().flat_map(|block| self.copy(block.begin..block.end)));
        out.extend(self.copy(blocks.last()?.end..lines.end));
        Some(out)
    }

    /// The lines of an entry or an item. Written anew they are the first of the pair; the other one says what its old
    /// lines say.
    fn block(
        &self,
        path: &str,
        block: &Block,
        (old, new): (&Value, &Value),
        anew: impl FnOnce() -> (Vec<String>, Value),
    ) -> Option<Vec<String>> {
        if are_alike(old, new) {
            return Some(self.copy(block.line..block.end));
        }
        let below = block.line + 1..block.end;
        let inner = match (old, new) {
            (Value::Object(old), Value::Object(new)) => self.map(path, old, new, below),
            (Value::Array(old), Value::Array(new)) => self.list(path, old, new, below),
            _ => None,
        };
        if let Some(inner) = inner {
            return Some(self.copy(block.line..block.line + 1).into_iter().chain(inner).collect());
        }
        let (mut lines, alone) = anew();
        match (self.comment_behind(block, &alone), lines.as_mut_slice()) {
            (Some(comment), [line]) => line.push_str(comment),
            (Some(comment), _) => {
                let indent = indent(self.lines[block.line]);
                lines.insert(0, format!("{}{}", " ".repeat(indent), comment.trim_start()));
            }
            (None, _) if self.comments == Comments::Stay && !old.is_string() => {
                let has_comment = |line: &&str| line.trim_start().starts_with('#') || line.contains(" #");
                if self.lines[block.line..block.end].iter().any(has_comment) {
                    return None;
                }
            }
            (None, _) => {}
        }
        Some(lines)
    }

    /// The comment at the end of the first line of an entry or an item.
    fn comment_behind(&self, block: &Block, alone: &Value) -> Option<&str> {
        let line = self.lines[block.line];
        let opens_text =
            |text: &str| block.end > block.line + 1 && TEXT_HEADS.iter().any(|head| text.trim_end().ends_with(head));
        line.match_indices(" #").map(|(at, _)| line.split_at(at)).find_map(|(before, comment)| {
            let blanks = before.len() - before.trim_end().len();
            (says(before.trim(), alone) || opens_text(before)).then_some(&line[line.len() - comment.len() - blanks..])
        })
    }

    fn copy(&self, lines: Range<usize>) -> Vec<String> {
        self.lines[lines].iter().map(|line| (*line).to_owned()).collect()
    }
}

fn entry(key: &str, value: &Value) -> Value {
    Value::Object(Map::from_iter([(key.to_owned(), value.clone())]))
}

fn written(key: &str, value: &Value, indent: usize) -> Vec<String> {
    let line = |line: &str| if line.is_empty() { String::new() } else { format!("{}{line}", " ".repeat(indent)) };
    write(&entry(key, value)).lines().map(line).collect()
}

fn item(value: &Value, indent: usize) -> Vec<String> {
    let line = |(at, line): (usize, &str)| match line {
        "" => String::new(),
        line => format!("{}{}{line}", " ".repeat(indent), if at == 0 { "- " } else { "  " }),
    };
    write(value).lines().enumerate().map(line).collect()
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start_matches(' ').len()
}
