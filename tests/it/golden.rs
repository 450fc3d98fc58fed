//! The wire, byte for byte: what one version writes every other must read. A golden file changes only together with
//! the name of its kind.

use std::sync::Arc;

use postern_shared::env::Env;
use postern_shared::resume::{RESUME_V1, Resume, RunKey};
use postern_shared::submission::{self, Dedupe, SUBMISSIONS_V1, Submission, Target, Ticket};
use postern_shared::trace::{TraceContext, TraceState};

/// A bundle of two, with every field used; the line end behind it is the file's, not the wire's.
const GOLDEN: &str = include_str!("golden/submissions.v1.json");

/// A submission whose caller waits.
const WAITING_GOLDEN: &str = include_str!("golden/submissions.v1.waits.json");

/// A submission in which something that is no text became U+FFFD.
const ALTERED_GOLDEN: &str = include_str!("golden/submissions.v1.altered.json");

/// A submission that is traced.
const TRACED_GOLDEN: &str = include_str!("golden/submissions.v1.traced.json");

/// A submission that is traced, with what other systems have noted about its trace.
const NOTED_GOLDEN: &str = include_str!("golden/submissions.v1.tracestate.json");

/// A run to wake.
const RESUME_GOLDEN: &str = include_str!("golden/resume.v1.json");

#[test]
fn a_bundle_is_written_exactly_as_the_golden_file_says() {
    let encoded: Vec<Vec<u8>> = bundle().iter().map(|one| submission::encode(one).unwrap()).collect();
    let written = submission::bundle(encoded.iter().map(Vec::as_slice));
    assert_eq!(String::from_utf8(written).unwrap() + "\n", GOLDEN);
}

#[test]
fn a_submission_whose_caller_waits_says_so_and_nothing_else_changes() {
    let mut second = bundle().remove(1);
    second.waits = true;
    let written = submission::bundle([submission::encode(&second).unwrap().as_slice()]);
    assert_eq!(String::from_utf8(written).unwrap() + "\n", WAITING_GOLDEN);
    assert_eq!(submission::unbundle(WAITING_GOLDEN.as_bytes()).unwrap(), [second]);
}

#[test]
fn a_submission_that_is_traced_says_so_and_nothing_else_changes() {
    let mut second = bundle().remove(1);
    second.traceparent = TraceContext::parse("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
    let written = submission::bundle([submission::encode(&second).unwrap().as_slice()]);
    assert_eq!(String::from_utf8(written).unwrap() + "\n", TRACED_GOLDEN);
    assert_eq!(submission::unbundle(TRACED_GOLDEN.as_bytes()).unwrap(), [second]);
    // A worker takes a lead whatever its trace is called.
    for other in ["\"nonsense\"", "null", "\"\""] {
        let unreadable = TRACED_GOLDEN.replace("\"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\"", other);
        assert_ne!(unreadable, TRACED_GOLDEN);
        assert_eq!(submission::unbundle(unreadable.as_bytes()).unwrap(), [bundle().remove(1)], "{other}");
    }
}

#[test]
fn what_others_note_of_a_trace_travels_beside_it() {
    let mut second = bundle().remove(1);
    second.traceparent = TraceContext::parse("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
    second.tracestate = TraceState::parse(["congo=t61rcWkgMzE,rojo=1"]);
    let written = submission::bundle([submission::encode(&second).unwrap().as_slice()]);
    assert_eq!(String::from_utf8(written).unwrap() + "\n", NOTED_GOLDEN);
    assert_eq!(submission::unbundle(NOTED_GOLDEN.as_bytes()).unwrap(), [second.clone()]);
    second.tracestate = None;
    for other in ["\"nonsense\"", "null", "\"\""] {
        let unreadable = NOTED_GOLDEN.replace("\"congo=t61rcWkgMzE,rojo=1\"", other);
        assert_ne!(unreadable, NOTED_GOLDEN);
        assert_eq!(submission::unbundle(unreadable.as_bytes()).unwrap(), [second.clone()], "{other}");
    }
}

#[test]
fn names_that_were_altered_travel_in_the_request_of_the_submission() {
    let mut second = bundle().remove(1);
    Arc::make_mut(&mut second.request).set("altered", serde_json::json!(["note", "utm_term"]));
    let written = submission::bundle([submission::encode(&second).unwrap().as_slice()]);
    assert_eq!(String::from_utf8(written).unwrap() + "\n", ALTERED_GOLDEN);
    assert_eq!(submission::unbundle(ALTERED_GOLDEN.as_bytes()).unwrap(), [second]);
}

#[test]
fn the_golden_file_reads_as_the_bundle_that_wrote_it() {
    assert_eq!(SUBMISSIONS_V1, "submissions.v1");
    assert_eq!(submission::unbundle(GOLDEN.as_bytes()).unwrap(), bundle());
}

#[test]
fn fields_that_a_later_version_adds_are_ignored_wherever_they_stand() {
    let mut later = GOLDEN.to_owned();
    for (known, with_more) in [
        (r#"{"submissions":["#, r#"{"later":{"a":[1]},"submissions":["#),
        (r#"{"receipt":"#, r#"{"baggage":null,"receipt":"#),
        (r#","env":"#, r#","lane":"default","env":"#),
        (r#","settings_version":"#, r#","reply_to":{"until":1.5},"settings_version":"#),
    ] {
        assert!(later.contains(known), "{known}");
        later = later.replace(known, with_more);
    }
    assert_eq!(submission::unbundle(later.as_bytes()).unwrap(), bundle());
}

#[test]
fn what_wakes_a_run_is_written_exactly_as_its_golden_file_says_and_read_with_more_fields() {
    let resume = Resume {
        run: RunKey { receipt: "0193a5c8-7d00-7abc-8def-0123456789ab".parse().unwrap(), number: 2 },
        workflow: "77".parse().unwrap(),
        revision: 3,
    };
    assert_eq!(RESUME_V1, "resume.v1");
    assert_eq!(String::from_utf8(resume.encode()).unwrap() + "\n", RESUME_GOLDEN);
    assert_eq!(Resume::decode(RESUME_GOLDEN.as_bytes()).unwrap(), resume);
    let later = RESUME_GOLDEN.replace(r#""revision":"#, r#""lane":{"a":[1]},"revision":"#);
    assert_eq!(Resume::decode(later.as_bytes()).unwrap(), resume);
}

fn bundle() -> Vec<Submission> {
    let first = Submission {
        receipt: "0193a5c8-7d00-7abc-8def-0123456789ab".parse().unwrap(),
        permission: "landing-page".parse().unwrap(),
        target: Target::Workflow("77".parse().unwrap()),
        record: Some("852".parse().unwrap()),
        // Order and digits are part of what was posted; `json!` would keep neither 1.10 nor 23 digits.
        env: env(r#"{"lastname":"Lovelace","id":12345678901234567890123,"price":1.10,"small":-1e-7,"on":true,
            "none":null,"a":{"b":{"c":["1",{"d":[]}]},"":"keyless"},"text":"ä \"quoted\"\n\\ \u0001 €","list":[]}"#),
        query: env(r#"{"utm_source":"news letter","utm":["a","b"]}"#),
        request: env(r#"{"ip":"2001:db8::1","time":"2024-12-08T10:00:00.000Z"}"#),
        dedupe: Some(Dedupe { key: "header 8e03978e-40d5-43dd-bc93-6894a57f9324".into(), days: 30 }),
        read: Vec::new(),
        dropped_files: Vec::new(),
        accepted_at_ms: 1_733_652_000_000,
        settings_version: 12,
        ticket: Some(Ticket { instance: 9_007_199_254_740_991, number: 5 }),
        waits: false,
        traceparent: None,
        tracestate: None,
    };
    let second = Submission {
        receipt: "0193a5c8-7d01-7000-8000-000000000000".parse().unwrap(),
        permission: "loopback".parse().unwrap(),
        target: Target::Trigger("web_lead".parse().unwrap()),
        record: None,
        env: Arc::default(),
        query: Arc::default(),
        request: env(r#"{"ip":"127.0.0.1","time":"2024-12-08T10:00:00.001Z"}"#),
        dedupe: None,
        read: Vec::new(),
        dropped_files: Vec::new(),
        accepted_at_ms: 1_733_652_000_001,
        settings_version: 12,
        ticket: None,
        waits: false,
        traceparent: None,
        tracestate: None,
    };
    vec![first, second]
}

fn env(json: &str) -> Arc<Env> {
    serde_json::from_str(json).unwrap()
}
