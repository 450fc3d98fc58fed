//! A call beside its body, and the submission that both become.

use std::sync::Arc;
use std::time::SystemTime;

use serde_json::Value;

use super::error::{ApiError, ErrorCode};
use super::selector::Query;
use crate::body::fields::{FieldSettings, Fields};
use crate::clock;
use crate::env::{Env, Limits};
use crate::id::{ReceiptId, RecordId};
use crate::message::Message;
use crate::permission::Permission;
use crate::record_ref::RecordRef;
use crate::submission::{self, Dedupe, Submission, Target, Ticket};

/// The most bytes of one submission on the wire. JSON escapes can make a body several times larger. An accepted
/// submission must still fit a message and a row.
const MAX_ENCODED_BYTES: usize = 8 * 1024 * 1024;

/// The name in `$request` of the list of names whose values did not arrive as they were sent: U+FFFD stands for what is no
/// text, or a later value of the same name replaced them. It is there only if there are such names. The receipt shows the
/// list.
const ALTERED: &str = "altered";

/// The most names of that list.
const MAX_ALTERED: usize = 100;

/// What is asked for, beside the body.
#[derive(Debug, Clone)]
pub struct Call {
    /// The name of the submission.
    pub receipt: ReceiptId,
    /// What it asks to run.
    pub target: Target,
    /// The record to run on, or none.
    pub record: Option<RecordId>,
    /// The query variables that are no selectors.
    pub query: Query,
    /// What `$request` reads, see [`described`].
    pub request: Env,
    /// The version of the settings under which the call is accepted.
    pub settings_version: i64,
}

impl Call {
    /// What is handed on, perhaps under a number of its own.
    pub fn submission(
        self,
        ticket: Option<Ticket>,
        permission: &Permission,
        fields: Fields,
        dedupe: Option<Dedupe>,
    ) -> Submission {
        let Fields { env, dropped_files, altered } = fields;
        let Query { env: query, altered: of_query } = self.query;
        let mut request = self.request;
        let altered: Vec<Value> = altered.into_iter().chain(of_query).take(MAX_ALTERED).map(Value::String).collect();
        if !altered.is_empty() {
            request.set(ALTERED, Value::Array(altered));
        }
        Submission {
            receipt: self.receipt,
            permission: permission.key.clone(),
            target: self.target,
            record: self.record.map(RecordRef::from),
            read: permission.reads().filter(|name| env.get(name).is_some()).map(str::to_owned).collect(),
            dropped_files,
            env: Arc::new(env),
            query: Arc::new(query),
            request: Arc::new(request),
            dedupe,
            accepted_at_ms: submission::millis(self.receipt.time()),
            settings_version: self.settings_version,
            ticket,
            waits: false,
            traceparent: None,
            tracestate: None,
        }
    }
}

/// Makes the variables of the query those of the body too, if the permission says so. The body wins.
pub fn with_query(permission: &Permission, fields: &mut Fields, query: &Query) {
    if permission.query_is_env {
        for (name, value) in &query.env.0 {
            fields.env.0.entry(name.as_str()).or_insert_with(|| value.clone());
        }
    }
}

/// How the bodies of a permission are read.
pub fn field_settings(limits: Limits, permission: &Permission) -> FieldSettings {
    let Permission { charset, files, raw, batch, .. } = *permission;
    FieldSettings { limits, charset, overriding: None, files, raw, batch }
}

/// What `$request` reads.
pub fn described(address: &str, at: SystemTime) -> Env {
    let text = |name: &str, value: String| (name.to_owned(), Value::String(value));
    [text("ip", address.to_owned()), text("time", clock::time(at))].into_iter().collect()
}

/// The submissions of one call as JSON, as they stand in a bundle, within their limit.
pub fn encode(submissions: &[Submission]) -> Result<Vec<u8>, ApiError> {
    let encoded = submission::encode_all(submissions);
    let encoded = encoded.map_err(|_| ApiError::unavailable("the submission cannot be encoded"))?;
    if encoded.len() > MAX_ENCODED_BYTES {
        let message = Message::SubmissionTooLarge { most: MAX_ENCODED_BYTES };
        return Err(ApiError::new(ErrorCode::BodyTooLarge, message));
    }
    Ok(encoded)
}
