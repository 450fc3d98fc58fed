//! Traces: one lead is one trace, from its caller to the systems that its steps reach. Without a collector there are none,
//! and a collector that is away changes nothing.

use std::time::{Duration, Instant};

use crate::harness::call::Answer;
use crate::harness::collector::{Collector, Span};
use crate::harness::outside::Outside;
use crate::harness::{Postern, SOON, eventually, private};

const ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";
const ALLOWED: [(&str, &str); 1] = [("POSTERN_ALLOWED_TARGETS", "127.0.0.0/8")];
const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const CALLER: &str = "00f067aa0ba902b7";

/// A workflow that calls a target, then starts another one.
fn settings(outside: &Outside) -> String {
    format!(
        "
permission: test
addresses: 127.0.0.1
workflows: [1]
---
workflow: 1
start: {{without_record: true, next: make}}
steps:
  make: {{create_record: Leads, fields: {{n: '$env[\"n\"]'}}, created: pause}}
  pause: {{delay: {{for: 1s}}, next: call}}
  call: {{http_request: '{}', method: PUT, query: {{n: '$env[\"n\"]'}}, store: answer, next: start}}
  start: {{run_workflow: 2}}
---
workflow: 2
start: {{without_record: true, next: last}}
steps:
  last: {{stop: failed, message: 'it was $env[\"n\"]'}}
",
        outside.url("/leads")
    )
}

/// A Postern with these variables, and a target.
async fn start(environment: &[(&str, &str)]) -> (Postern, Outside) {
    let outside = Outside::start().await;
    let mut postern = Postern::with_ingress(&settings(&outside), environment).await;
    postern.start_worker_with(&[environment, &ALLOWED[..]].concat()).await;
    (postern, outside)
}

async fn post(postern: &Postern, traceparent: Option<&str>) -> Answer {
    let call = postern.post("/trigger?workflow_id=1").form("n=5ecret");
    let call = if let Some(header) = traceparent { call.header("traceparent", header) } else { call };
    let answer = call.send().await;
    assert_eq!(answer.status, 202, "{}", answer.json);
    answer
}

/// The header of a caller.
fn caller(flags: &str) -> String {
    format!("00-{TRACE}-{CALLER}-{flags}")
}

/// Waits for a span with this name.
async fn span(collector: &Collector, name: &str) -> Span {
    eventually(name, async || collector.spans().into_iter().find(|span| span.name == name)).await
}

/// The trace, the span and the flags of the header that a target got.
fn sent(outside: &Outside) -> (String, String, String) {
    let header = outside.got().pop().unwrap().headers["traceparent"].clone();
    let [_, trace, span, flags]: [&str; 4] = header.split('-').collect::<Vec<_>>().try_into().unwrap();
    (trace.to_owned(), span.to_owned(), flags.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn one_lead_is_one_trace_from_its_caller_to_the_target() {
    let collector = Collector::start().await;
    let (endpoint, headers) = (collector.endpoint(), ("OTEL_EXPORTER_OTLP_HEADERS", "x-api-key=of%20mine"));
    let (postern, outside) = start(&[(ENDPOINT, &endpoint), headers]).await;
    let accepted = post(&postern, Some(&caller("01"))).await;
    postern.ended(&accepted).await;
    // Below each span stand those that are indented further. The run of the first workflow ends last.
    let way = [
        ("POST", "postern-ingress", 2, None),
        ("publish", "postern-ingress", 4, Some("POST")),
        ("process", "postern-worker", 5, Some("publish")),
        ("workflow 1", "postern-worker", 1, Some("process")),
        ("make", "postern-worker", 1, Some("workflow 1")),
        ("pause", "postern-worker", 1, Some("workflow 1")),
        ("call", "postern-worker", 1, Some("workflow 1")),
        ("PUT", "postern-worker", 3, Some("call")),
        ("start", "postern-worker", 1, Some("workflow 1")),
        ("workflow 2", "postern-worker", 1, Some("start")),
        ("last", "postern-worker", 1, Some("workflow 2")),
    ];
    let receipt = accepted.json["receipt"].as_str().unwrap();
    for (name, service, kind, above) in way {
        let span = span(&collector, name).await;
        assert_eq!((span.service.as_str(), span.kind, span.trace.as_str()), (service, kind, TRACE), "{span:?}");
        assert_eq!(span.attributes["postern.receipt"], receipt, "{span:?}");
        assert!(span.start <= span.end, "{span:?}");
        let parent = match above {
            Some(above) => self::span(&collector, above).await.id,
            None => CALLER.to_owned(),
        };
        assert_eq!(span.parent, parent, "{span:?}");
        assert_eq!(span.has_failed, ["workflow 2", "last"].contains(&name), "{span:?}");
    }
    assert_eq!(collector.spans().len(), way.len(), "{:#?}", collector.spans());
    let [call, put] = [span(&collector, "call").await, span(&collector, "PUT").await];
    assert_eq!(sent(&outside), (TRACE.to_owned(), put.id.clone(), "01".to_owned()));
    assert!(call.start <= put.start && put.end <= call.end, "{call:?} {put:?}");
    for (name, key, value) in [
        ("POST", "http.response.status_code", "202"),
        ("POST", "postern.permission", "test"),
        ("publish", "messaging.system", "rabbitmq"),
        ("process", "postern.permission", "test"),
        ("workflow 1", "postern.workflow", "1"),
        ("make", "postern.step", "make"),
        ("make", "postern.task", "create_record"),
        ("make", "postern.output", "created"),
        ("PUT", "http.response.status_code", "201"),
    ] {
        assert_eq!(span(&collector, name).await.attributes[key], value, "{name} {key}");
    }
    // Neither what was posted nor where it went.
    assert!(!collector.has_seen("5ecret") && !collector.has_seen("/leads"));
    let head = collector.heads().remove(0).to_lowercase();
    assert!(head.starts_with("post /v1/traces http/1.1\r\n") && head.contains("x-api-key: of mine\r\n"), "{head}");
    assert!(head.contains("content-type: application/x-protobuf\r\n"), "{head}");
}

#[tokio::test(flavor = "multi_thread")]
async fn ingress_begins_a_trace_and_keeps_those_of_the_sampler() {
    let collector = Collector::start().await;
    let endpoint = collector.endpoint();
    let sampler = ("OTEL_TRACES_SAMPLER", "parentbased_always_off");
    let (postern, outside) = start(&[(ENDPOINT, &endpoint), sampler, ("OTEL_SERVICE_NAME", "leads")]).await;
    // Neither is kept; the target learns the trace all the same.
    for header in [None, Some(caller("00"))] {
        postern.ended(&post(&postern, header.as_deref()).await).await;
        let (trace, span, flags) = sent(&outside);
        assert_eq!((trace == TRACE, flags.as_str()), (header.is_some(), "00"));
        assert!(trace.bytes().any(|byte| byte != b'0') && span != CALLER);
    }
    postern.ended(&post(&postern, Some(&caller("01"))).await).await;
    let kept = span(&collector, "workflow 1").await;
    assert_eq!((kept.trace.as_str(), kept.service.as_str()), (TRACE, "leads"));
    assert!(collector.spans().iter().filter(|span| span.name == "process").count() == 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_an_endpoint_no_trace_is_read_kept_or_sent() {
    let (postern, outside) = start(&[]).await;
    let accepted = post(&postern, Some(&caller("01"))).await;
    let waiting = "SELECT count(*) FROM checkpoints WHERE document->'trace' IS NULL";
    eventually("the run waits", async || (postern.count(waiting).await == 1).then_some(())).await;
    postern.ended(&accepted).await;
    assert!(!outside.got()[0].headers.contains_key("traceparent"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_collector_changes_nothing_for_the_caller() {
    // It takes connections and never answers; the other one takes none.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let refused = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    for address in [silent.local_addr().unwrap(), refused] {
        let endpoint = format!("http://{address}");
        let (mut postern, _outside) = start(&[(ENDPOINT, &endpoint)]).await;
        let began = Instant::now();
        let mut accepted = Vec::new();
        for _ in 0..100 {
            accepted.push(post(&postern, None).await);
        }
        assert!(began.elapsed() < SOON / 3, "{:?}", began.elapsed());
        for one in &accepted {
            postern.ended(one).await;
        }
        let mut worker = postern.workers.pop().unwrap();
        for process in [&mut postern.ingress, &mut worker] {
            let stops = Instant::now();
            process.terminate();
            assert!(process.ended().await, "{}", process.log());
            assert!(stops.elapsed() < Duration::from_secs(10), "{:?}", stops.elapsed());
            let log = process.log();
            let lines = log.lines().filter(|line| line.contains("the collector of traces")).count();
            assert!(lines <= 5, "{log}");
            assert!(address != refused || lines >= 1, "{log}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_others_note_of_a_trace_reaches_every_target() {
    let (collector, outside) = (Collector::start().await, Outside::start().await);
    let (endpoint, url) = (collector.endpoint(), outside.url("/leads"));
    let text = format!(
        "
permission: test
addresses: 127.0.0.1
workflows: [1]
---
workflow: 1
start: {{without_record: true, next: pause}}
steps:
  pause: {{delay: {{for: 1s}}, next: all}}
  all: {{for_each: '$env[\"all\"]', each: call, parallel: 2, next: start}}
  call: {{http_request: '{url}'}}
  start: {{run_workflow: 2}}
---
workflow: 2
start: {{without_record: true, next: call}}
steps:
  call: {{http_request: '{url}'}}
"
    );
    let traced = (ENDPOINT, endpoint.as_str());
    let mut postern = Postern::with_ingress(&text, &[traced]).await;
    postern.start_worker_with(&[traced, ALLOWED[0]]).await;
    let noted = ["congo=t61rcWkgMzE", "rojo=a b,congo2=1"];
    for (traceparent, tracestate, expected) in [
        (Some(caller("01")), noted, Some("congo=t61rcWkgMzE,rojo=a b,congo2=1")),
        // What belongs to no trace, or cannot be read, is left out.
        (None, noted, None),
        (Some(caller("01")), ["congo=t61rcWkgMzE", "=nonsense"], None),
    ] {
        let mut call = postern.post("/trigger?workflow_id=1").json(r#"{"all": [1, 2]}"#);
        if let Some(header) = &traceparent {
            call = call.header("traceparent", header);
        }
        for header in tracestate {
            call = call.header("tracestate", header);
        }
        let before = outside.got().len();
        let accepted = call.send().await;
        eventually("all targets were called", async || (outside.got().len() == before + 3).then_some(())).await;
        for got in &outside.got()[before..] {
            assert!(got.headers.contains_key("traceparent"), "{got:?}");
            assert_eq!(got.headers.get("tracestate").map(String::as_str), expected, "{got:?}");
        }
        postern.ended(&accepted).await;
    }
    assert!(!collector.has_seen("t61rcWkgMzE"), "no span holds it");
}

#[tokio::test(flavor = "multi_thread")]
async fn spans_are_counted_by_whether_the_collector_took_them() {
    let (collector, refusing) = (Collector::start().await, Outside::start().await);
    for (name, endpoint, outcome, other) in [
        (ENDPOINT, collector.endpoint(), "sent", "dropped"),
        ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", refusing.url("/status/400"), "dropped", "sent"),
    ] {
        let (mut postern, _outside) = start(&[(name, &endpoint)]).await;
        post(&postern, None).await;
        let counted = |outcome, count| {
            format!("postern_trace_spans_total{{component=\"ingress\",outcome=\"{outcome}\"}} {count}\n")
        };
        eventually("both spans of the ingress are counted", async || {
            let metrics = private(&mut postern.ingress, "/metrics").await.1;
            (metrics.contains(&counted(outcome, 2)) && metrics.contains(&counted(other, 0))).then_some(())
        })
        .await;
    }
}
