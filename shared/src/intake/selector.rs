//! The query: what to run and on which record; everything else in it is readable as `$query`. Selectors come from
//! here only, variables from the body only.

use crate::env::{Env, EnvError, Limits};
use crate::id::{InvalidId, RecordId, TriggerKey, WorkflowId};
use crate::submission::Target;
use encoding_rs::UTF_8;

use crate::body::fields::FieldsError;
use crate::body::{Nesting, decode_name, decode_value, decoded, pairs};

/// What a query selects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selectors {
    /// The record to run on; none = without a record.
    pub record: Option<RecordId>,
    /// What to run; none = the permission's only target.
    pub target: Option<Target>,
    /// The other variables of the query.
    pub query: Env,
}

/// Why a query is not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SelectorError {
    /// Not a whole number.
    #[error("record_id is not a whole number: {0}")]
    InvalidRecordId(InvalidId),
    /// `workflow_id` or `workflow_trigger` cannot be one.
    #[error("{name} cannot be used: {error}")]
    InvalidTarget {
        /// The selector.
        name: &'static str,
        /// What is wrong with it.
        error: InvalidId,
    },
    /// The same selector twice, with different values.
    #[error("{0} is given twice, with different values")]
    Repeated(&'static str),
    /// Both targets at once.
    #[error("both workflow_id and workflow_trigger are given: exactly one target can be run")]
    Ambiguous,
    /// Too many variables, not UTF-8, or not to be stored.
    #[error("the query is not accepted: {0}")]
    Query(FieldsError),
}

const RECORD: &str = "record_id";
const WORKFLOW: &str = "workflow_id";
const TRIGGER: &str = "workflow_trigger";

/// The names of all selectors.
pub const SELECTORS: [&str; 3] = [RECORD, WORKFLOW, TRIGGER];

/// Reads a query, without its leading `?`. A stray second `?` is read as `&`, for real callers send it; a third one
/// is a character like others. A selector with an empty value counts as missing.
pub fn selectors(raw_query: &str, limits: &Limits) -> Result<Selectors, SelectorError> {
    let (first, second) = raw_query.split_once('?').unwrap_or((raw_query, ""));
    let mut found = Found::default();
    let mut query = Nesting::new(limits);
    for (name, value) in pairs(first.as_bytes()).chain(pairs(second.as_bytes())) {
        let name = decode_name(decoded(name), UTF_8).map_err(SelectorError::Query)?;
        let value = decode_value(decoded(value), &name, UTF_8).map_err(SelectorError::Query)?;
        match name.as_str() {
            RECORD => only(RECORD, &mut found.record, value)?,
            WORKFLOW => only(WORKFLOW, &mut found.workflow, value)?,
            TRIGGER => only(TRIGGER, &mut found.trigger, value)?,
            _ => query.add(name, value).map_err(SelectorError::Query)?,
        }
    }
    let query = query.finish();
    limits.check(&query).map_err(|error: EnvError| SelectorError::Query(error.into()))?;
    let record = match found.record.as_deref() {
        None | Some("0") => None,
        Some(text) => Some(text.parse().map_err(SelectorError::InvalidRecordId)?),
    };
    Ok(Selectors { record, target: target(found.workflow, found.trigger)?, query })
}

#[derive(Default)]
struct Found {
    record: Option<String>,
    workflow: Option<String>,
    trigger: Option<String>,
}

fn only(name: &'static str, place: &mut Option<String>, value: String) -> Result<(), SelectorError> {
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
mod tests {
    use super::*;

    fn read(query: &str) -> Result<(i64, String, String), SelectorError> {
        let Selectors { record, target, query } = selectors(query, &Limits { fields: 6, ..Limits::default() })?;
        let target = match target {
            None => String::new(),
            Some(Target::Workflow(id)) => format!("workflow {id}"),
            Some(Target::Trigger(key)) => format!("trigger {key}"),
        };
        Ok((record.map_or(0, RecordId::get), target, serde_json::to_string(&query).unwrap()))
    }

    #[test]
    fn a_query_names_record_and_target_and_the_rest_is_kept() {
        for (query, record, target, rest) in [
            ("", 0, "", "{}"),
            ("record_id=852&workflow_id=77", 852, "workflow 77", "{}"),
            ("record_id=0&workflow_trigger=CUSTOM_43", 0, "trigger CUSTOM_43", "{}"),
            ("record_id=&workflow_id=&workflow_trigger=web_lead", 0, "trigger web_lead", "{}"),
            ("record_id", 0, "", "{}"),
            ("record%5Fid=%38&workflow_id=7&workflow_id=7&workflow_id=", 8, "workflow 7", "{}"),
            ("record_id=852?workflow_id=77", 852, "workflow 77", "{}"),
            ("?workflow_id=77&", 0, "workflow 77", "{}"),
            ("workflow_id=7?u=http://x/?a=b", 0, "workflow 7", r#"{"u":"http://x/?a=b"}"#),
            (
                "utm_source=a+b%C3%A4&tag=1&tag=2&x[y]=3",
                0,
                "",
                r#"{"utm_source":"a bä","tag":["1","2"],"x":{"y":"3"}}"#,
            ),
            ("record_id[]=1&Record_Id=2", 0, "", r#"{"record_id":["1"],"Record_Id":"2"}"#),
        ] {
            assert_eq!(read(query), Ok((record, target.to_owned(), rest.to_owned())), "{query}");
        }
    }

    #[test]
    fn a_query_that_is_not_clear_is_refused() {
        for (query, message) in [
            ("record_id=abc", "record_id is not a whole number: record id \"abc\" is not a whole number above zero"),
            ("record_id=-1", "record_id is not a whole number"),
            ("record_id=00", "record_id is not a whole number"),
            ("record_id=1.0", "record_id is not a whole number"),
            ("record_id=+8", "record_id is not a whole number"),
            ("record_id=99999999999999999999", "record_id is not a whole number"),
            ("record_id=1&record_id=2", "record_id is given twice"),
            ("record_id=1?record_id=0", "record_id is given twice"),
            ("workflow_id=1&workflow_id=2", "workflow_id is given twice"),
            ("workflow_id=0", "workflow_id cannot be used"),
            ("workflow_id=CUSTOM_43", "workflow_id cannot be used"),
            ("workflow_trigger=a%20b", "workflow_trigger cannot be used"),
            ("workflow_id=1&workflow_trigger=a", "both workflow_id and workflow_trigger"),
            ("x=%ff", "field \"x\" is not text in UTF-8"),
            ("%ff=1", "is not text in UTF-8"),
            ("x=%00", "holds a NUL"),
            ("a&b&c&d&e&f&g", "more than 6 fields"),
            ("$serde_json::private::Number=1", "must not contain"),
        ] {
            let error = read(query).unwrap_err().to_string();
            assert!(error.contains(message), "{query}: {error}");
        }
    }
}
