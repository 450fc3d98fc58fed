//! A submission: one accepted POST on its way from ingress to a worker, and the bundle that carries it.
//! The JSON written here is a contract between versions: `tests/it/golden` pins it byte for byte. Readers
//! ignore fields that they do not know.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use crate::env::{Env, EnvError, Limits};
use crate::id::{PermissionKey, ReceiptId, TriggerKey, WorkflowId};
use crate::message::Message;
use crate::record_ref::RecordRef;
use crate::trace::{self, TraceContext, TraceState};

/// The AMQP `type` of a message that holds a list of submissions.
pub const SUBMISSIONS_V1: &str = "submissions.v1";

/// One accepted POST.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Submission {
    /// What the caller got as its receipt.
    pub receipt: ReceiptId,
    /// The permission that let it in.
    pub permission: PermissionKey,
    /// What it asks to run.
    pub target: Target,
    /// The record that the workflows run on, or none.
    pub record: Option<RecordRef>,
    /// The posted variables.
    // Runs share these three.
    pub env: Arc<Env>,
    /// The query variables that are not selectors.
    pub query: Arc<Env>,
    /// What `$request` reads: `ip` and `time`.
    pub request: Arc<Env>,
    /// What makes it the same as another one of its permission.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dedupe: Option<Dedupe>,
    /// The posted names that the permission reads by itself, so that nobody takes them for misspelt ones.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub read: Vec<String>,
    /// The names of the parts whose files were left out, as the permission says.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dropped_files: Vec<String>,
    /// Milliseconds since 1970, by the clock of the ingress.
    pub accepted_at_ms: i64,
    /// The version of the settings under which ingress accepted it: a worker with older ones reloads first.
    pub settings_version: i64,
    /// By which it is missed if it never arrives. None: of a version that gave no numbers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<Ticket>,
    /// Whether its caller waits for a response.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub waits: bool,
    /// The span by which ingress handed it on; none = it is not traced. A worker of a version without traces ignores it.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "trace::lenient")]
    pub traceparent: Option<TraceContext>,
    /// What other systems have noted about its trace.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "trace::lenient_state")]
    pub tracestate: Option<TraceState>,
}

/// Which of the submissions of an ingress it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Ticket {
    /// The process of the ingress: drawn when it started.
    pub instance: i64,
    /// Counted from 1. Numbers of submissions that were not accepted are left out.
    pub number: i64,
}

/// What makes a submission the same as another one of its permission: only the first of one key runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Dedupe {
    /// The caller's `Idempotency-Key`, or the values of the permission's `dedupe_by`.
    pub key: String,
    /// How long the key counts, in days.
    pub days: u16,
}

/// What a submission asks to run.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// This one workflow.
    Workflow(WorkflowId),
    /// Every workflow that listens to this trigger.
    Trigger(TriggerKey),
}

/// Why a message cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("the body is not a bundle of submissions: {0}")]
pub struct UnreadableBundle(#[from] serde_json::Error);

impl From<UnreadableBundle> for Message {
    fn from(UnreadableBundle(error): UnreadableBundle) -> Self {
        Self::NoBundle { reason: error.to_string() }
    }
}

/// Why the `$env` of a message cannot be replaced.
#[derive(Debug, thiserror::Error)]
pub enum EditError {
    /// The message cannot be read.
    #[error(transparent)]
    Unreadable(#[from] UnreadableBundle),
    /// There are several `$env`, or none.
    #[error("the message holds {0} submissions: only that of a single one can be edited")]
    NotOne(usize),
    /// The new `$env` cannot be accepted.
    #[error("env: {0}")]
    Env(#[from] EnvError),
    /// It cannot be written as JSON.
    #[error("the submission cannot be encoded: {0}")]
    Unencodable(#[from] serde_json::Error),
}

#[derive(Deserialize)]
struct Bundle {
    submissions: Vec<Submission>,
}

/// Encodes one submission, as it stands in a bundle.
pub fn encode(submission: &Submission) -> Result<Vec<u8>, serde_json::Error> {
    serde_json::to_vec(submission)
}

/// Encodes the submissions of one call, as they stand in a bundle: joined, so that they stay together in its message.
pub fn encode_all(submissions: &[Submission]) -> Result<Vec<u8>, serde_json::Error> {
    let mut encoded = Vec::new();
    for (index, one) in submissions.iter().enumerate() {
        if index > 0 {
            encoded.push(b',');
        }
        serde_json::to_writer(&mut encoded, one)?;
    }
    Ok(encoded)
}

/// Puts encoded submissions into the body of one message, without reading them again.
pub fn bundle<'a>(encoded: impl IntoIterator<Item = &'a [u8]>) -> Vec<u8> {
    let mut body = br#"{"submissions":["#.to_vec();
    for (index, one) in encoded.into_iter().enumerate() {
        if index > 0 {
            body.push(b',');
        }
        body.extend_from_slice(one);
    }
    body.extend_from_slice(b"]}");
    body
}

/// Reads the body of a [`SUBMISSIONS_V1`] message.
pub fn unbundle(body: &[u8]) -> Result<Vec<Submission>, UnreadableBundle> {
    Ok(serde_json::from_slice::<Bundle>(body)?.submissions)
}

/// Milliseconds since 1970.
pub fn millis(moment: SystemTime) -> i64 {
    let since = moment.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// The moment that is so many milliseconds after 1970.
pub fn moment(millis: i64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_millis(u64::try_from(millis).unwrap_or(0))
}

/// A message of one submission with another `$env`; everything else of it stays.
pub fn with_env(body: &[u8], env: Env, limits: &Limits) -> Result<Vec<u8>, EditError> {
    limits.check(&env)?;
    let mut submissions = unbundle(body)?;
    let [submission] = submissions.as_mut_slice() else { return Err(EditError::NotOne(submissions.len())) };
    submission.env = Arc::new(env);
    Ok(bundle([encode(submission)?.as_slice()]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bundle_gives_back_what_was_put_in() {
        let one = Submission {
            receipt: ReceiptId::new(),
            permission: "office".parse().unwrap(),
            target: Target::Trigger("web_lead".parse().unwrap()),
            record: None,
            env: serde_json::from_str(r#"{"lastname":"Lovelace","price":1.10}"#).unwrap(),
            query: Arc::default(),
            request: Arc::default(),
            dedupe: None,
            read: vec!["lastname".into()],
            dropped_files: vec!["photo".into()],
            accepted_at_ms: 1,
            settings_version: 2,
            ticket: Some(Ticket { instance: 7, number: 1 }),
            waits: true,
            traceparent: Some(TraceContext::root(true)),
            tracestate: TraceState::parse(["vendor=1"]),
        };
        let encoded = encode(&one).unwrap();
        let body = bundle([encoded.as_slice(), encoded.as_slice()]);
        assert_eq!(unbundle(&body).unwrap(), [one.clone(), one]);
        assert_eq!(unbundle(&bundle([])).unwrap(), []);
    }
}
