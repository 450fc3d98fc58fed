//! Entries of a map get another key, or another order, with their lines and comments as they are.

use std::ops::Range;

use serde_json::{Map, Value};

use super::blocks::Block;
use super::{Comments, Edit, indent, says};
use crate::yaml::{join, read, write};

/// The text in which the entry at a path has another key; nothing if it has no line of its own.
pub fn rename(text: &str, path: &[&str], key: &str) -> Option<String> {
    let (name, outer) = path.split_last()?;
    on_map(text, outer, |edit, path, map, lines| {
        let at = map.keys().position(|known| known == name)?;
        let block = &edit.entries(path, map, lines)?[at];
        let line = edit.lines[block.line];
        let key_bytes = key_bytes(&line[indent(line)..], name)?;
        let (before, rest) = line.split_at(indent(line));
        let mut all: Vec<String> = edit.copy(0..edit.lines.len());
        let entry = write(&super::entry(key, &Value::Null));
        let written = entry.strip_suffix(": null\n")?;
        all[block.line] = format!("{before}{written}{}", &rest[key_bytes..]);
        let renamed = |(old, value): (&String, &Value)| (if old == name { key } else { old }.to_owned(), value.clone());
        Some((all, map.iter().map(renamed).collect()))
    })
}

/// The text in which the entries of the map at a path stand in this order; nothing if one has no lines of its own.
pub fn reorder(text: &str, path: &[&str], order: &[&str]) -> Option<String> {
    on_map(text, path, |edit, path, map, lines| {
        let blocks = edit.entries(path, map, lines)?;
        let keys: Vec<&String> = map.keys().collect();
        let places: Vec<usize> = order.iter().filter_map(|key| keys.iter().position(|known| known == key)).collect();
        if places.len() != keys.len() || order.len() != keys.len() {
            return None;
        }
        let copy = |block: &Block| edit.copy(block.begin..block.end);
        let mut all = edit.copy(0..blocks.first()?.begin);
        all.extend(places.iter().flat_map(|at| copy(&blocks[*at])));
        all.extend(edit.copy(blocks.last()?.end..edit.lines.len()));
        Some((all, places.iter().map(|at| (keys[*at].clone(), map[keys[*at]].clone())).collect()))
    })
}

/// Changes the lines of a text for the map at a path. The text must then hold this map, and everything else as before.
fn on_map(
    text: &str,
    path: &[&str],
    change: impl FnOnce(&Edit<'_>, &str, &Map<String, Value>, Range<usize>) -> Option<(Vec<String>, Map<String, Value>)>,
) -> Option<String> {
    let mut documents = read(text).ok().filter(|documents| documents.len() == 1)?;
    let document = documents.pop()?;
    let edit = Edit { document: &document, lines: text.lines().collect(), comments: Comments::Stay };
    let (mut inner, mut map, mut lines) = (String::new(), document.value.as_object()?, 0..edit.lines.len());
    for key in path {
        let at = map.keys().position(|known| known == key)?;
        let block = edit.entries(&inner, map, lines)?.into_iter().nth(at)?;
        (inner, map, lines) = (join(&inner, key), map[*key].as_object()?, block.line + 1..block.end);
    }
    let (all, changed) = change(&edit, &inner, map, lines)?;
    let mut expected = document.value.clone();
    let place = path.iter().try_fold(&mut expected, |value, key| value.get_mut(*key))?;
    *place = Value::Object(changed);
    Some(all.join("\n") + "\n").filter(|text| says(text, &expected))
}

/// How many bytes of a line a key takes that begins it, with its quotes.
fn key_bytes(line: &str, key: &str) -> Option<usize> {
    let quote = line.chars().next().filter(|c| matches!(c, '"' | '\''));
    match quote {
        Some(quote) => Some(1 + line[1..].find(quote)? + 1),
        None => line.starts_with(key).then_some(key.len()),
    }
}
