//! Writes another value into a text and keeps the lines that need not change, comments among them.

use std::ops::Range;

use serde_json::{Map, Value};

use super::{Document, join, read, write};

/// The text with this value in it. Entries of maps are kept, replaced, added and removed one by one; a list is replaced
/// whole. A text in which that cannot be done is written anew.
pub fn edit(text: &str, value: &Value) -> String {
    let edited = read(text).ok().filter(|documents| documents.len() == 1).and_then(|documents| {
        let (Value::Object(old), Value::Object(new)) = (&documents[0].value, value) else { return None };
        let edit = Edit { document: &documents[0], lines: text.lines().collect() };
        let lines = edit.map("", old, new, 0..edit.lines.len())?;
        Some(lines.join("\n") + "\n")
    });
    edited.filter(|edited| says(edited, value)).unwrap_or_else(|| write(value))
}

/// Whether a text holds one document with this value, in its order.
fn says(text: &str, value: &Value) -> bool {
    read(text).is_ok_and(|documents| match documents.as_slice() {
        [one] => are_alike(&one.value, value),
        _ => false,
    })
}

/// Whether two values are the same in the same order. Maps are equal in any order.
fn are_alike(one: &Value, other: &Value) -> bool {
    let (one, other) = (one.to_string(), other.to_string());
    one == other
}

struct Edit<'t> {
    document: &'t Document,
    lines: Vec<&'t str>,
}

/// The lines of an entry: first the comments above it.
struct Entry<'t> {
    key: &'t str,
    begin: usize,
    line: usize,
    end: usize,
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
        let entries = self.entries(path, old, lines.clone())?;
        let indent = indent(self.lines[entries.first()?.line]);
        let mut kept = entries.iter().filter(|entry| new.contains_key(entry.key)).map(|entry| entry.key);
        if new.is_empty() || !new.keys().filter(|key| old.contains_key(*key)).all(|key| kept.next() == Some(key)) {
            return None;
        }
        let mut out = self.copy(lines.start..entries.first()?.begin);
        for (key, value) in new {
            let Some(entry) = entries.iter().find(|entry| entry.key == key) else {
                out.extend(written(key, value, indent));
                continue;
            };
            out.extend(self.copy(entry.begin..entry.line));
            out.extend(self.entry(path, entry, (&old[key], value), indent));
        }
        out.extend(self.copy(entries.last()?.end..lines.end));
        Some(out)
    }

    fn entry(&self, path: &str, entry: &Entry<'_>, (old, new): (&Value, &Value), indent: usize) -> Vec<String> {
        if are_alike(old, new) {
            return self.copy(entry.line..entry.end);
        }
        if let (Value::Object(old), Value::Object(new)) = (old, new)
            && let Some(inner) = self.map(&join(path, entry.key), old, new, entry.line + 1..entry.end)
        {
            return self.copy(entry.line..entry.line + 1).into_iter().chain(inner).collect();
        }
        let mut lines = written(entry.key, new, indent);
        if let ([line], Some(comment)) = (lines.as_mut_slice(), self.comment_behind(entry, old)) {
            line.push_str(comment);
        }
        lines
    }

    /// The lines of each entry, in the order of the text; nothing if two share a line.
    fn entries<'k>(&self, path: &str, map: &'k Map<String, Value>, lines: Range<usize>) -> Option<Vec<Entry<'k>>> {
        let mut entries: Vec<Entry<'k>> = Vec::new();
        let mut from = lines.start;
        for key in map.keys() {
            let line = self.document.lines.get(&join(path, key))?.checked_sub(1)?;
            if line < from || line >= lines.end || !opens(self.lines[line], key) {
                return None;
            }
            let begin = self.end_of_content(from..line, indent(self.lines[line]));
            if let Some(before) = entries.last_mut() {
                before.end = begin;
            }
            from = line + 1;
            entries.push(Entry { key, begin, line, end: lines.end });
        }
        // What stands above the first entry and below the last one belongs to the map: it stays when they go.
        if let Some(first) = entries.first_mut() {
            first.begin = first.line;
        }
        if let Some(last) = entries.last_mut() {
            last.end = self.end_of_content(from..lines.end, indent(self.lines[last.line]));
        }
        Some(entries)
    }

    /// Where empty lines and comments begin that close these lines and are not indented deeper than an entry.
    fn end_of_content(&self, lines: Range<usize>, column: usize) -> usize {
        let is_comment = |at: &usize| {
            let line = self.lines[*at];
            line.trim().is_empty() || (line.trim_start().starts_with('#') && indent(line) <= column)
        };
        lines.end - lines.rev().take_while(is_comment).count()
    }

    /// The comment at the end of the one line of an entry.
    fn comment_behind(&self, entry: &Entry<'_>, value: &Value) -> Option<&str> {
        let line = self.lines[entry.line];
        let mut alone = Map::new();
        alone.insert(entry.key.to_owned(), value.clone());
        let alone = Value::Object(alone);
        line.match_indices(" #").map(|(at, _)| line.split_at(at)).find_map(|(entry, comment)| {
            let blanks = entry.len() - entry.trim_end().len();
            says(entry.trim(), &alone).then_some(&line[line.len() - comment.len() - blanks..])
        })
    }

    fn copy(&self, lines: Range<usize>) -> Vec<String> {
        self.lines[lines].iter().map(|line| (*line).to_owned()).collect()
    }
}

fn written(key: &str, value: &Value, indent: usize) -> Vec<String> {
    let entry = Value::Object(Map::from_iter([(key.to_owned(), value.clone())]));
    let line = |line: &str| if line.is_empty() { String::new() } else { format!("{}{line}", " ".repeat(indent)) };
    write(&entry).lines().map(line).collect()
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start_matches(' ').len()
}

/// Whether a line begins with a key of a block map.
fn opens(line: &str, key: &str) -> bool {
    let line = line.trim_start_matches(' ');
    let quotes: &[char] = &['"', '\''];
    line.starts_with(quotes) || line.strip_prefix(key).is_some_and(|rest| rest.trim_start().starts_with(':'))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const TEXT: &str = "\
# The form of the web site.
workflow: 77

title: New lead  # shown in the list
steps:
  # first of all
  usable:
    condition: $env[\"lastname\"]
    then: lead
  # then the lead
  lead:
    create_record: Leads  # not Contacts
    fields: {lastname: a}
    text: |
      # no comment
      x
  # at the end
  end:
    stop: finished
# the last line
";

    fn after(change: impl FnOnce(&mut Value)) -> String {
        let mut value = read(TEXT).unwrap().remove(0).value;
        change(&mut value);
        let edited = edit(TEXT, &value);
        assert!(says(&edited, &value), "{edited}");
        edited
    }

    /// Lines that are gone, and lines that are new.
    fn difference(change: impl FnOnce(&mut Value)) -> (Vec<String>, Vec<String>) {
        let edited = after(change);
        let of = |one: &str, other: &str| -> Vec<String> {
            one.lines().filter(|line| !other.lines().any(|other| other == *line)).map(str::to_owned).collect()
        };
        (of(TEXT, &edited), of(&edited, TEXT))
    }

    #[test]
    fn an_edit_changes_the_lines_that_it_must() {
        type Change = fn(&mut Value);
        let cases: [(Change, &[&str], &[&str]); 9] = [
            (|_| {}, &[], &[]),
            (
                |value| value["title"] = json!("Lead"),
                &["title: New lead  # shown in the list"],
                &["title: Lead  # shown in the list"],
            ),
            (|value| value["steps"]["usable"]["then"] = json!("end"), &["    then: lead"], &["    then: end"]),
            (|value| value["steps"]["usable"]["else"] = json!("end"), &[], &["    else: end"]),
            (
                |value| value["steps"]["lead"]["create_record"] = json!("People"),
                &["    create_record: Leads  # not Contacts"],
                &["    create_record: People  # not Contacts"],
            ),
            (
                |value| value["steps"]["lead"]["fields"]["lastname"] = json!("b"),
                &["    fields: {lastname: a}"],
                &["    fields:", "      lastname: b"],
            ),
            (
                |value| drop(value["steps"].as_object_mut().unwrap().shift_remove("end")),
                &["  # at the end", "  end:", "    stop: finished"],
                &[],
            ),
            (|value| value["active"] = json!(true), &[], &["active: true"]),
            (
                |value| value["steps"]["lead"]["text"] = json!("short"),
                &["    text: |", "      # no comment", "      x"],
                &["    text: short"],
            ),
        ];
        for (change, gone, new) in cases {
            let (was, is) = difference(change);
            assert_eq!(
                (was, is),
                (gone.iter().map(ToString::to_string).collect(), new.iter().map(ToString::to_string).collect())
            );
        }
    }

    #[test]
    fn a_text_that_cannot_be_edited_line_by_line_is_written_anew() {
        for text in
            ["{trigger: a, title: b}", "trigger: a\n---\ntrigger: b\n", "[1]", "", "trigger: [", "? trigger\n: a\n"]
        {
            let value = json!({"trigger": "a", "title": "c"});
            assert_eq!(edit(text, &value), write(&value), "{text}");
        }
        let moved = json!({"title": "b", "trigger": "a"});
        assert_eq!(edit("# x\ntrigger: a\ntitle: b\n", &moved), write(&moved));
    }

    #[test]
    fn a_new_entry_stands_behind_the_one_before_it() {
        let value = json!({"trigger": "a", "via": "x", "title": "b"});
        assert_eq!(edit("trigger: a\n# t\ntitle: b # x\n", &value), "trigger: a\nvia: x\n# t\ntitle: b # x\n");
    }
}
