//! The query: what to run and on which record; everything else in it is readable as `$query`. Selectors come from
//! here only, variables from the body only. The selectors must be clear. The rest is never a reason to refuse a call: tags
//! of campaigns are cut and recoded on their way.

use crate::body::fields::RESERVED;
use crate::body::{Nesting, decode_anyhow, decoded, pairs};
use crate::env::{Env, Limits};
use crate::id::{InvalidId, RecordId, TriggerKey, WorkflowId};
use crate::message::Message;
use crate::submission::Target;
use encoding_rs::Encoding;

/// What a query selects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selectors<'q> {
    /// The record to run on; none = without a record.
    pub record: Option<RecordId>,
    /// What to run; none = the permission's only target.
    pub target: Option<Target>,
    /// The other variables of the query.
    pub query: RawQuery<'q>,
}

/// The variables of a query, as they were sent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RawQuery<'q>(Vec<(&'q [u8], &'q [u8])>);

/// The variables of a query.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Query {
    /// What `$query` reads.
    pub env: Env,
    /// The names of those in which something that is no text became U+FFFD, and of those that were left out since they are
    /// beyond a limit.
    pub altered: Vec<String>,
}

/// Why a query is not accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SelectorError {
    /// Not a whole number.
    InvalidRecordId(InvalidId),
    /// `workflow_id` or `workflow_trigger` cannot be one.
    InvalidTarget {
        /// The selector.
        name: &'static str,
        /// What is wrong with it.
        error: InvalidId,
    },
    /// The value of the selector is not UTF-8.
    NotText(&'static str),
    /// The same selector twice, with different values.
    Repeated(&'static str),
    /// Both targets at once.
    Ambiguous,
}

impl From<SelectorError> for Message {
    fn from(error: SelectorError) -> Self {
        match error {
            SelectorError::InvalidRecordId(error) => Self::RecordIdWrong { message: Box::new(error.into()) },
            SelectorError::InvalidTarget { name, error } => {
                Self::SelectorWrong { name: name.to_owned(), message: Box::new(error.into()) }
            }
            SelectorError::NotText(name) => Self::SelectorNoText { name: name.to_owned() },
            SelectorError::Repeated(name) => Self::SelectorTwice { name: name.to_owned() },
            SelectorError::Ambiguous => Self::TwoTargets,
        }
    }
}

const RECORD: &str = "record_id";
const WORKFLOW: &str = "workflow_id";
const TRIGGER: &str = "workflow_trigger";

/// The names of all selectors.
pub const SELECTORS: [&str; 3] = [RECORD, WORKFLOW, TRIGGER];

/// Reads a query, without its leading `?`. A stray second `?` is read as `&`, for real callers send it; a third one
/// is a character like others. So is `&amp;`, of a URL that was copied out of HTML. A selector with an empty value counts as missing.
pub fn selectors(raw_query: &str) -> Result<Selectors<'_>, SelectorError> {
    replaced(raw_query, Replaced::default())
}

/// What a person has replaced of a query.
#[derive(Debug, Clone, Default)]
pub struct Replaced {
    /// The target.
    pub target: Option<Target>,
    /// The record, or none.
    pub record: Option<Option<RecordId>>,
}

/// Reads a query of which a person has replaced something: what it names itself does not count there, clear or not.
pub fn replaced(raw_query: &str, replaced: Replaced) -> Result<Selectors<'_>, SelectorError> {
    let (first, second) = raw_query.split_once('?').unwrap_or((raw_query, ""));
    let mut found = Found::default();
    let mut query = Vec::new();
    for (name, value) in pairs(first.as_bytes()).chain(pairs(second.as_bytes())) {
        let name = name.strip_prefix(b"amp;").unwrap_or(name);
        match &*decoded(name) {
            b"record_id" if replaced.record.is_some() => {}
            b"workflow_id" | b"workflow_trigger" if replaced.target.is_some() => {}
            b"record_id" => only(RECORD, &mut found.record, value)?,
            b"workflow_id" => only(WORKFLOW, &mut found.workflow, value)?,
            b"workflow_trigger" => only(TRIGGER, &mut found.trigger, value)?,
            _ => query.push((name, value)),
        }
    }
    let record = match replaced.record {
        Some(record) => record,
        None => record_id(found.record.as_deref())?,
    };
    let target = match replaced.target {
        Some(target) => Some(target),
        None => target(found.workflow, found.trigger)?,
    };
    Ok(Selectors { record, target, query: RawQuery(query) })
}

fn record_id(text: Option<&str>) -> Result<Option<RecordId>, SelectorError> {
    match text {
        None | Some("0") => Ok(None),
        Some(text) => text.parse().map(Some).map_err(SelectorError::InvalidRecordId),
    }
}

impl RawQuery<'_> {
    /// The variables; `charset` is that of values that are not UTF-8.
    pub fn read(&self, charset: Option<&'static Encoding>, limits: &Limits) -> Query {
        let (mut query, mut altered) = (Nesting::new(limits), Vec::new());
        for (name, value) in &self.0 {
            let (name, is_name_altered) = storable(decode_anyhow(decoded(name), charset));
            let (value, is_value_altered) = storable(decode_anyhow(decoded(value), charset));
            let is_left_out = query.add(name.clone(), value).is_err();
            if is_name_altered || is_value_altered || is_left_out {
                altered.push(shortened(name, limits.name_bytes));
            }
        }
        let mut env = query.finish();
        altered.extend(limits.retain(&mut env).into_iter().map(|name| shortened(name, limits.name_bytes)));
        let mut seen = std::collections::HashSet::new();
        altered.retain(|name| seen.insert(name.clone()));
        Query { env, altered }
    }
}

/// A text as the store and the wire take it.
fn storable((text, is_altered): (String, bool)) -> (String, bool) {
    if text.contains('\0') || text.contains(RESERVED) {
        (text.replace('\0', "\u{fffd}").replace(RESERVED, "\u{fffd}"), true)
    } else {
        (text, is_altered)
    }
}

fn shortened(mut name: String, most: usize) -> String {
    name.truncate((0..=most.min(name.len())).rev().find(|at| name.is_char_boundary(*at)).unwrap_or_default());
    name
}

#[derive(Default)]
struct Found {
    record: Option<String>,
    workflow: Option<String>,
    trigger: Option<String>,
}

fn only(name: &'static str, place: &mut Option<String>, value: &[u8]) -> Result<(), SelectorError> {
    let value = String::from_utf8(decoded(value).into_owned()).map_err(|_| SelectorError::NotText(name))?;
    if value.is_empty() {
        return Ok(());
    }
    match place.replace(value) {
        Some(before) if place.as_ref() != Some(&before) => Err(SelectorError::Repeated(name)),
        _ => Ok(()),
    }
}

fn target(workflow: Option<String>, trigger: Option<String>) -> Result<Option<Target>, SelectorError> {
    match (workflow, trigger) {
        (Some(_), Some(_)) => Err(SelectorError::Ambiguous),
        (Some(id), None) => match id.parse::<WorkflowId>() {
            Ok(id) => Ok(Some(Target::Workflow(id))),
            Err(error) => Err(SelectorError::InvalidTarget { name: WORKFLOW, error }),
        },
        (None, Some(key)) => match key.parse::<TriggerKey>() {
            Ok(key) => Ok(Some(Target::Trigger(key))),
            Err(error) => Err(SelectorError::InvalidTarget { name: TRIGGER, error }),
        },
        (None, None) => Ok(None),
    }
}

#[cfg(test)]
mod tests;
