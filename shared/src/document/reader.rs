//! Reads the keys of one map of a document and collects every finding with its path, so that a person sees all
//! that is wrong at once. The reader knows only the keys that are described. Any other key is a finding: a misspelt
//! key would be silently ignored.

mod secret;
mod templates;
mod values;

use serde_json::{Map, Value};

pub use secret::named_secret;

use crate::blank::{is_wide, trim};
use crate::excerpt::excerpt;
use crate::expression::Reads;
use crate::finding::Finding;
use crate::message::{DocumentFault, Message};
use crate::spec::{self, Setting};
use crate::suggestion::{MAX_SUGGESTED, Meant, did_you_mean, nearest};
use crate::yaml::join;

/// The longest title of a document, in bytes: it must fit a table cell.
pub const MAX_TITLE_BYTES: usize = 200;

/// The longest name of a record's field, in bytes.
pub const MAX_FIELD_BYTES: usize = 64;

/// Reads one map. Code that reads a key which is not described, or that leaves out a described key, is a mistake of
/// ours: both fail wherever debug assertions are on, which is in every test.
pub struct Reader<'d, 'f> {
    path: String,
    map: &'d Map<String, Value>,
    settings: &'static [Setting],
    /// Keys whose values are steps.
    outputs: &'static [&'static str],
    /// The keys that were read.
    read: Vec<&'static str>,
    refused: Vec<&'static str>,
    reads: Reads,
    takes_secrets: bool,
    findings: &'f mut Vec<Finding>,
}

impl<'d, 'f> Reader<'d, 'f> {
    /// A reader of the map at a path, which may hold these keys; anything but a map is a finding.
    pub fn new(
        path: impl Into<String>,
        value: &'d Value,
        settings: &'static [Setting],
        findings: &'f mut Vec<Finding>,
    ) -> Option<Self> {
        let path = path.into();
        let Value::Object(map) = value else {
            findings.push(Finding::new(path, DocumentFault::MustBeMap));
            return None;
        };
        let (read, refused, reads) = (Vec::new(), Vec::new(), Reads::default());
        Some(Self { path, map, settings, outputs: &[], read, refused, reads, takes_secrets: false, findings })
    }

    /// From now on these keys may stand in the map, and these outputs.
    pub fn describe(&mut self, settings: &'static [Setting], outputs: &'static [&'static str]) {
        (self.settings, self.outputs) = (settings, outputs);
    }

    /// From now on texts of this map may read secrets.
    pub fn take_secrets(&mut self) {
        self.takes_secrets = true;
    }

    /// Notes a finding at a key of this map; an empty key is the map itself.
    pub fn report(&mut self, key: &str, message: impl Into<Message>) {
        let path = if key.is_empty() { self.path.clone() } else { join(&self.path, key) };
        self.findings.push(Finding::new(path, message));
    }

    /// The keys of the map, in written order.
    pub fn keys(&self) -> impl Iterator<Item = &'d str> + use<'d> {
        self.map.keys().map(String::as_str)
    }

    /// The value of a key; null counts as missing. What must stand here and is missing is a finding.
    pub fn value(&mut self, key: &'static str) -> Option<&'d Value> {
        let setting = spec::find(self.settings, key);
        let is_described = setting.is_some() || self.outputs.contains(&key);
        debug_assert!(is_described, "`{key}` is read at `{}`, but it is not described", self.path);
        let value = self.map.get(key).filter(|value| is_described && !value.is_null());
        if !self.read.contains(&key) {
            self.read.push(key);
            if value.is_none() && setting.is_some_and(|setting| setting.required) && !self.is_misspelt(key) {
                self.report(key, DocumentFault::Missing);
            }
        }
        value
    }

    /// A reader of the map at a key.
    pub fn inner(&mut self, key: &'static str, settings: &'static [Setting]) -> Option<Reader<'d, '_>> {
        let value = self.value(key)?;
        Reader::new(join(&self.path, key), value, settings, self.findings)
    }

    /// A reader of the map at a key that is not known beforehand, such as the name of a step.
    pub fn entry(&mut self, key: &str, settings: &'static [Setting]) -> Option<Reader<'d, '_>> {
        let value = self.map.get(key)?;
        Reader::new(join(&self.path, key), value, settings, self.findings)
    }

    /// A reader of an item of the list at a key.
    pub fn item(
        &mut self,
        key: &'static str,
        item: &'d Value,
        at: usize,
        settings: &'static [Setting],
    ) -> Option<Reader<'d, '_>> {
        Reader::new(join(&join(&self.path, key), &at.to_string()), item, settings, self.findings)
    }

    /// The value at a key that is not known beforehand: to look ahead without findings.
    pub fn peek(&self, key: &str) -> Option<&'d Value> {
        self.map.get(key)
    }

    /// The map at a key, if one stands there: to look ahead without findings.
    pub fn map(&self, key: &str) -> Option<&'d Map<String, Value>> {
        self.map.get(key).and_then(Value::as_object)
    }

    /// The names of `$env` that the expressions and templates read so far do read; those of inner readers are theirs.
    pub fn reads(&self) -> &Reads {
        &self.reads
    }

    /// Names of `$env` that the step itself gives to what was read so far: nothing that was posted or set is meant.
    pub fn forget_reads(&mut self, names: &[&str]) {
        names.iter().for_each(|name| {
            self.reads.names.remove(*name);
        });
    }

    /// Adds what an inner reader has read.
    pub fn also_reads(&mut self, reads: &Reads) {
        self.reads.add(reads);
    }

    /// Reports a key, if it stands here, as one that cannot.
    pub fn refuse(&mut self, key: &'static str, message: impl Into<Message>) {
        if self.map.contains_key(key) && !self.refused.contains(&key) {
            self.refused.push(key);
            self.report(key, message);
        }
    }

    /// Whether a key that is not described is probably this one: then its absence is no finding of its own.
    pub fn is_misspelt(&self, key: &str) -> bool {
        let is_strange = |written: &&String| !self.known().any(|known| known == *written);
        let mut strange = self.map.keys().filter(is_strange);
        !self.map.contains_key(key) && strange.any(|written| nearest(written, self.known()).contains(&key))
    }

    /// The known words near a misspelt one; none behind [`MAX_SUGGESTED`] findings.
    pub fn did_you_mean<'k>(&self, word: &str, known: impl IntoIterator<Item = &'k str>) -> Meant {
        if self.findings.len() < MAX_SUGGESTED { did_you_mean(word, known) } else { Meant::default() }
    }

    /// Reports every key that is not described.
    pub fn finish(self) {
        let known: Vec<&'static str> = self.known().collect();
        for key in self.map.keys() {
            if !known.contains(&key.as_str()) && !self.refused.contains(&key.as_str()) {
                let (path, written) = (join(&self.path, key), excerpt(key));
                let meant = self.did_you_mean(key, known.iter().copied());
                let fault = match meant.is_empty() {
                    _ if key.starts_with(is_wide) => DocumentFault::KeyNoBreakSpace { key: excerpt(trim(key)) },
                    true => DocumentFault::UnknownKeyHere { key: written, known: known.join(", ") },
                    false => DocumentFault::UnknownKey { key: written },
                };
                self.findings.push(Finding::new(path, Message::from(fault).meant(meant)));
            }
        }
        debug_assert!(
            known.iter().all(|key| self.read.contains(key)),
            "not all of {known:?} are read at `{}`, only {:?}",
            self.path,
            self.read
        );
    }

    fn known(&self) -> impl Iterator<Item = &'static str> + use<'d, 'f> {
        self.settings.iter().map(|setting| setting.key).chain(self.outputs.iter().copied())
    }

    fn default(&self, key: &str) -> Option<&'static str> {
        spec::find(self.settings, key)?.default
    }

    fn checked<T>(&mut self, place: &str, result: Result<T, impl Into<Message>>) -> Option<T> {
        result.map_err(|message| self.report(place, message)).ok()
    }
}
