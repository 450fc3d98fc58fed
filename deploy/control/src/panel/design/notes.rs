//! What is no mistake of a draft, and what its author should know all the same: nothing starts it by itself, or it reads
//! names with which no call has come.

use std::collections::BTreeSet;

use postern_shared::env::Env;
use postern_shared::suggestion::nearest;
use serde_json::Value;

use super::tried;
use crate::designer::Sketch;
use crate::panel::visit::Visit;

/// After so many calls a name that never came is worth a note.
const ENOUGH: usize = 10;

/// Sentences about a draft; `posted` are the latest submissions.
pub fn of(visit: &Visit<'_>, document: &Value, sketch: &Sketch, posted: &[Env]) -> Vec<String> {
    let mut notes = Vec::new();
    if sketch.triggers.is_empty() {
        notes.push(visit.t("note-no-trigger"));
    }
    let unposted = unposted(&tried::names(document), posted);
    if !unposted.is_empty() {
        notes.push(format!("{} {}", visit.t("note-unposted"), unposted.join(", ")));
    }
    notes
}

/// The names that no submission had. One that is near a posted name, which the draft does not read, is probably misspelt;
/// the others are told when so many calls have come that they would be known.
fn unposted(read: &[String], posted: &[Env]) -> Vec<String> {
    let came: BTreeSet<&str> = posted.iter().flat_map(|env| env.0.keys().map(String::as_str)).collect();
    let unread: Vec<&str> = came.iter().copied().filter(|name| !read.iter().any(|one| one == name)).collect();
    let missing = read.iter().filter(|name| !came.contains(name.as_str()));
    let shown = missing.filter_map(|name| match nearest(name, unread.iter().copied()).first() {
        Some(meant) => Some(format!("`{name}` (→ `{meant}`?)")),
        None => (posted.len() >= ENOUGH).then(|| format!("`{name}`")),
    });
    shown.collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_that_no_call_had_are_told_with_what_was_meant() {
        let call = |env: serde_json::Value| Env(env.as_object().unwrap().clone());
        let few = [call(json!({"email": "a"})), call(json!({"phone": "1", "email": "b"}))];
        let many: Vec<Env> = (0..ENOUGH).map(|_| few[1].clone()).collect();
        for (read, posted, expected) in [
            (&["email", "phone"][..], &few[..], ""),
            (&["emial", "phone", "utm_term"], &few, "`emial` (→ `email`?)"),
            (&["emial", "phone", "utm_term"], &many, "`emial` (→ `email`?), `utm_term`"),
            (&["email", "emails"], &few, ""),
            (&["emial"], &[], ""),
        ] {
            let read: Vec<String> = read.iter().map(ToString::to_string).collect();
            assert_eq!(unposted(&read, posted).join(", "), expected, "{read:?} {}", posted.len());
        }
    }
}
