//! What a map of a document may hold, described once as data. The reader of documents knows no other keys than those
//! that are described, and the reference, the JSON Schema and the forms of the designer are made from the same tables.

pub mod reference;
pub mod schema;
pub mod texts;
mod topics;

#[cfg(test)]
mod tests;

use std::time::Duration;

use crate::expression::Context;
use crate::{connection, document, module, permission, task, trigger, workflow};

/// A task, or a kind of document.
#[derive(Debug)]
pub struct Spec {
    /// The key that tells what the map is.
    pub name: &'static str,
    /// The keys whose values are names of steps; only tasks have them.
    pub outputs: &'static [&'static str],
    /// Every key that may stand in the map, in the order in which a person reads them.
    pub settings: &'static [Setting],
    /// An example in YAML: a document, or the steps of a workflow, of which the first is where it begins.
    pub example: &'static str,
}

/// One key of a map.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    /// The key as it is written.
    pub key: &'static str,
    /// What its value is.
    pub kind: Kind,
    /// Whether it must stand there; a list or a map must not be empty either.
    pub required: bool,
    /// Whose text it has, if several tasks share the setting.
    pub group: Option<&'static str>,
    /// The value that a missing key has, as it would be written; none = the help says what happens without it.
    pub default: Option<&'static str>,
}

/// What the value of a key is.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    /// A value whose texts may hold references.
    Template,
    /// A web address whose text may hold references, each percent-encoded by its place.
    Url,
    /// A web address whose text may hold references, or a map with these keys, whose texts begin with this word.
    UrlOr(&'static str, &'static [Setting]),
    /// A web address as it stands.
    Address,
    /// HTML whose text may hold references, each escaped.
    Html,
    /// Mail addresses: a text, joined by commas, or a list; they may hold references.
    MailAddresses,
    /// A Jinja expression with references.
    Expression,
    /// A text as it stands, of at most so many bytes.
    Text(usize),
    /// Several texts.
    Texts,
    /// Any value, as it stands.
    Value,
    /// True or false.
    Flag,
    /// Only `true`: the key alone says it.
    True,
    /// A whole number.
    Whole,
    /// A whole number of a range.
    Number(i64, i64),
    /// A length of time, longer than 0.
    Duration(Duration),
    /// One of some words.
    Choice(&'static [&'static str]),
    /// Fields of a record, each with a value whose texts may hold references.
    Fields,
    /// Names of `$env`, each with a value whose texts may hold references.
    Env,
    /// Headers of a request, each with a text that may hold references.
    Headers,
    /// A name of `$env` that the step fills.
    EnvName,
    /// The number or key of something that is set.
    Name(document::Kind),
    /// Several such numbers or keys.
    Names(document::Kind),
    /// Names of steps that follow.
    Steps,
    /// Texts with which a value is compared, each with the names of the steps that follow: the output of the case.
    Cases,
    /// Statuses of HTTP: `200`, `2xx`, `200-299`.
    Statuses,
    /// One status that a caller can get.
    Status,
    /// A media type.
    MediaType,
    /// Conditions on fields of a record.
    Conditions,
    /// Fields by which records are sorted; `-` before a name is descending.
    Sort,
    /// A length of time whose text may hold references.
    Delay,
    /// A length of time or a moment whose text may hold references, or a map with these keys, whose texts begin with this
    /// word.
    DelayOr(&'static str, &'static [Setting]),
    /// A clock time, a weekday or a moment, whose text may hold references.
    Time,
    /// The name of a time zone.
    Zone,
    /// A moment or a date, as it stands.
    Moment,
    /// Rules for addresses of callers.
    AddressRules,
    /// Origins of web pages.
    Origins,
    /// A path segment.
    ShortUrl,
    /// A charset of the WHATWG.
    Charset,
    /// Calls in a time, such as `50/s`.
    Rate,
    /// Pairs such as `test=test`, joined by `&`.
    Pairs,
    /// A map with these keys, whose texts begin with this word.
    Map(&'static str, &'static [Setting]),
    /// Maps with these keys, whose texts begin with this word.
    Maps(&'static str, &'static [Setting]),
    /// Declared fields by their names: a word of the first key's choice, or a map with these keys.
    FieldTypes(&'static [Setting]),
    /// `$secret["name"]`, with nothing beside it.
    Secret,
    /// The same, or a map with these keys, whose texts begin with this word.
    SecretOr(&'static str, &'static [Setting]),
    /// Steps by their names.
    Graph,
}

/// The kinds of documents, in the order of [`document::Kind::ALL`].
pub const DOCUMENTS: [&Spec; 5] =
    [&connection::SPEC, &module::SPEC, &trigger::SPEC, &workflow::SPEC, &permission::SPEC];

impl Spec {
    /// The setting of a key.
    pub fn setting(&self, key: &str) -> Option<&'static Setting> {
        find(self.settings, key)
    }

    /// The key of its title and help in [`texts`].
    pub fn text_key(&self) -> String {
        self.name.replace('_', "-")
    }
}

impl Kind {
    /// The keys of a map of this kind, with the word with which their texts begin.
    pub fn inner(self) -> Option<(&'static str, &'static [Setting])> {
        match self {
            Self::Map(prefix, inner)
            | Self::SecretOr(prefix, inner)
            | Self::DelayOr(prefix, inner)
            | Self::UrlOr(prefix, inner)
            | Self::Maps(prefix, inner) => Some((prefix, inner)),
            Self::FieldTypes(inner) => Some(("field", inner)),
            _ => None,
        }
    }

    /// For what texts of this kind are written.
    pub fn context(self) -> Context {
        match self {
            Self::Url | Self::UrlOr(..) => Context::Url,
            Self::Html => Context::Html,
            Self::MailAddresses => Context::Addresses,
            _ => Context::Text,
        }
    }
}

impl Setting {
    /// A key that may be missing.
    pub const fn new(key: &'static str, kind: Kind) -> Self {
        Self { key, kind, required: false, group: None, default: None }
    }

    /// A value whose texts may hold references.
    pub const fn template(key: &'static str) -> Self {
        Self::new(key, Kind::Template)
    }

    /// True or false, and which of both a missing key is.
    pub const fn flag(key: &'static str, default: bool) -> Self {
        Self::new(key, Kind::Flag).or(if default { "true" } else { "false" })
    }

    /// The same, but it must stand there.
    pub const fn required(self) -> Self {
        Self { required: true, ..self }
    }

    /// The same setting of several tasks, with one text for all.
    pub const fn of(self, group: &'static str) -> Self {
        Self { group: Some(group), ..self }
    }

    /// The key of its title and help in [`texts`], in a map whose texts begin with this word.
    pub fn text_key(&self, prefix: &str) -> String {
        format!("{}-{}", self.group.unwrap_or(prefix), self.key).replace('_', "-")
    }

    /// The same with a default.
    pub const fn or(self, default: &'static str) -> Self {
        Self { default: Some(default), ..self }
    }
}

/// The setting of a key.
pub fn find(settings: &'static [Setting], key: &str) -> Option<&'static Setting> {
    settings.iter().find(|setting| setting.key == key)
}

/// Every map that is described, with the word with which its texts begin.
pub fn described() -> Vec<(String, &'static [Setting])> {
    let tasks = task::KINDS.iter().map(|kind| kind.spec);
    let outer = DOCUMENTS.into_iter().chain(tasks).map(|spec| (spec.text_key(), spec.settings));
    outer.flat_map(|(prefix, settings)| with_inner(prefix, settings)).collect()
}

/// A map and those within it, each with the word with which its texts begin.
fn with_inner(prefix: String, settings: &'static [Setting]) -> Vec<(String, &'static [Setting])> {
    let inner = settings.iter().filter_map(|setting| setting.kind.inner());
    let inner = inner.flat_map(|(prefix, settings)| with_inner(prefix.to_owned(), settings));
    std::iter::once((prefix, settings)).chain(inner).collect()
}

/// The longest duration of a setting, as it is written in documents.
pub fn longest(max: Duration) -> String {
    const DAY_S: u64 = 24 * 3600;
    match max.as_secs() {
        seconds if seconds >= DAY_S && seconds % DAY_S == 0 => format!("{}d", seconds / DAY_S),
        seconds => format!("{seconds}s"),
    }
}

/// The words of a choice: one table has them with what they mean.
pub const fn words<T: Copy, const N: usize>(choices: &[(&'static str, T); N]) -> [&'static str; N] {
    let mut words = [""; N];
    let mut at = 0;
    while at < N {
        words[at] = choices[at].0;
        at += 1;
    }
    words
}
