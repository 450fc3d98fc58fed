//! Which names a submission posted and nothing read, and which were read and nobody posted: what finds a misspelt
//! name or a renamed field of a form, since an unknown name is empty and no error.

use std::collections::BTreeSet;

use postern_shared::env::Env;
use postern_shared::expression::Reads;
use postern_shared::store::receipts::Unmet;

/// The most names of each kind that a receipt keeps: more than a person compares.
const MAX_NAMES: usize = 100;

/// What the conditions and steps that were evaluated for one submission read of `$env`.
#[derive(Debug, Clone, Default)]
pub struct FieldUsage {
    /// Whether anything was evaluated: else nothing can be said.
    evaluated: bool,
    read: BTreeSet<String>,
    all: bool,
    /// Read when they had no value, not even null.
    missing: BTreeSet<String>,
}

impl FieldUsage {
    /// Notes what a condition or a step read. `env` is that behind the step: what it sets itself is not missing.
    pub fn note(&mut self, reads: &Reads, env: &Env) {
        self.evaluated = true;
        self.all |= reads.all;
        for name in &reads.names {
            let list = if env.get(name).is_some() { &mut self.read } else { &mut self.missing };
            // A loop notes the same names again and again.
            if !list.contains(name) {
                list.insert(name.clone());
            }
        }
    }

    /// Counts names as read that a step may read later.
    pub fn expect(&mut self, reads: &Reads) {
        self.all |= reads.all;
        self.read.extend(reads.names.iter().cloned());
    }

    /// Adds what another run of the submission read.
    pub fn add(&mut self, mut other: Self) {
        self.evaluated |= other.evaluated;
        self.all |= other.all;
        self.read.append(&mut other.read);
        self.missing.append(&mut other.missing);
    }

    /// The names that did not meet, posted ones in the order in which they were posted; nothing = all met. `read` are
    /// names that were read before any workflow was.
    pub fn unmet(self, posted: &Env, read: &[String]) -> Option<Unmet> {
        let is_read = |name: &String| self.all || self.read.contains(name) || read.contains(name);
        let unread = posted.0.keys().filter(|name| self.evaluated && !is_read(name));
        let unmet = Unmet {
            unread: unread.take(MAX_NAMES).cloned().collect(),
            unposted: self.missing.iter().take(MAX_NAMES).cloned().collect(),
        };
        (unmet != Unmet::default()).then_some(unmet)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unmet(posted: &str, reads: &[(&str, bool)]) -> Option<(String, String)> {
        let posted: Env = serde_json::from_str(posted).unwrap();
        let mut names = FieldUsage::default();
        for (read, all) in reads {
            let read = read.split_whitespace().map(str::to_owned).collect();
            names.note(&Reads { names: read, all: *all, ..Reads::default() }, &posted);
        }
        names.unmet(&posted, &["lead_id".to_owned()]).map(|unmet| (unmet.unread.join(" "), unmet.unposted.join(" ")))
    }

    fn some(unread: &str, unposted: &str) -> Option<(String, String)> {
        Some((unread.to_owned(), unposted.to_owned()))
    }

    #[test]
    fn names_that_do_not_meet_are_told_once_something_was_evaluated() {
        let posted = r#"{"emial":1,"city":null,"a":2,"lead_id":3}"#;
        for (reads, expected) in [
            (&[][..], None),
            (&[("", false)], some("emial city a", "")),
            (&[("email a", false), ("a city email", false)], some("emial", "email")),
            (&[("emial a city", false)], None),
            (&[("email", true)], some("", "email")),
        ] {
            assert_eq!(unmet(posted, reads), expected, "{reads:?}");
        }
    }

    #[test]
    fn a_receipt_keeps_a_hundred_names() {
        let posted: Env = (0..1_000).map(|n| (format!("n{n}"), n.into())).collect();
        let mut names = FieldUsage::default();
        names.note(&Reads::default(), &posted);
        assert_eq!(names.unmet(&posted, &[]).unwrap().unread.len(), MAX_NAMES);
    }
}
