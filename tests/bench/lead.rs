//! The lead that is posted: every number is another person, so that every lead makes a record of its own.

use std::sync::Arc;

use postern_shared::env::Env;
use postern_shared::id::ReceiptId;
use postern_shared::intake::call::described;
use postern_shared::submission::{Submission, Target, Ticket};
use serde_json::json;

/// Where it is posted to.
pub const PATH: &str = "/trigger?workflow_id=77";

/// The body of a form.
pub fn form(number: u64) -> String {
    format!(
        "firstname=Ada&lastname=Lovelace&email=lead{number}%40example.org&street=St+James%27s+Square+12\
         &tags%5B%5D=web&tags%5B%5D=news"
    )
}

/// What the form is to the workflows.
pub fn env(number: u64) -> Env {
    let env = json!({
        "firstname": "Ada",
        "lastname": "Lovelace",
        "email": format!("lead{number}@example.org"),
        "street": "St James's Square 12",
        "tags": ["web", "news"],
    });
    serde_json::from_value(env).unwrap()
}

/// The same with what an advertisement adds.
pub fn with_unread_names(number: u64) -> Submission {
    let mut submission = submission(number);
    for (name, value) in [("utm_source", "newsletter"), ("utm_medium", "email"), ("utm_campaign", "autumn-2026")] {
        Arc::make_mut(&mut submission.env).set(name, value.into());
    }
    submission
}

/// What the ingress makes of it.
pub fn submission(number: u64) -> Submission {
    let receipt = ReceiptId::new();
    let accepted = receipt.time().duration_since(std::time::UNIX_EPOCH).unwrap();
    Submission {
        receipt,
        permission: "loopback".parse().unwrap(),
        target: Target::Workflow(77.try_into().unwrap()),
        record: None,
        env: Arc::new(env(number)),
        query: Arc::default(),
        request: Arc::new(described("127.0.0.1", receipt.time())),
        dedupe: None,
        read: Vec::new(),
        dropped_files: Vec::new(),
        accepted_at_ms: accepted.as_millis().try_into().unwrap(),
        settings_version: 1,
        ticket: Some(Ticket { instance: 9_007_199_254_740_991, number: number.try_into().unwrap() }),
        waits: false,
        traceparent: None,
        tracestate: None,
    }
}
