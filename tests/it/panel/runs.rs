//! Runs, receipts and records are found and read.

use crate::harness::{DEMO, eventually};

use super::visitor::Visitor;
use super::{started, without_worker};

#[tokio::test(flavor = "multi_thread")]
async fn the_run_of_a_posted_lead_is_found_with_its_path_and_its_values() {
    let mut postern = started(DEMO).await;
    let accepted = postern
        .post("/trigger?workflow_id=77&utm_source=ads")
        .form("lastname=Lovelace&email=ada@example.org&fristname=Ada");
    let accepted = accepted.send().await;
    postern.ended(&accepted).await;
    let receipt = accepted.json["receipt"].as_str().unwrap();
    let mut visitor = Visitor::logged_in(&mut postern).await;
    let list = visitor.get("/runs?state=finished&workflow=77").await;
    assert!(list.text.contains(&format!("/receipts/{receipt}#run-1")), "{}", list.text);
    assert!(list.text.contains("<td class=\"wide\">→ 1</td>"), "the record that it created: {}", list.text);
    let none = visitor.get("/runs?state=failed").await;
    assert!(none.text.contains("No run is like that"), "{}", none.text);
    let page = visitor.get(&format!("/receipts/{receipt}")).await;
    for expected in [
        "<strong>usable</strong>",
        "→ yes",
        "<strong>lead</strong>",
        "Lovelace",
        "utm_source",
        "<svg",
        "loopback",
        "fristname",
        "firstname",
    ] {
        assert!(page.text.contains(expected), "{expected} is missing in {}", page.text);
    }
    let records = visitor.get("/records").await;
    assert!(records.text.contains("Lovelace") && records.text.contains("/records/1\""), "{}", records.text);
    let record = visitor.get("/records/1").await;
    assert!(record.text.contains("ada@example.org") && record.text.contains("Asked about"), "{}", record.text);
    assert_eq!(visitor.get(&format!("/search?q={receipt}")).await.location, format!("/receipts/{receipt}"));
    assert!(visitor.get("/search?q=ada&workflow=Old+lead").await.text.contains("by its number, such as 77"));
    // Filters take keys and titles.
    let by_titles = "/search?q=lovelace&workflow=new+LEAD&permission=this+machine";
    eventually("the lead is found", async || visitor.get(by_titles).await.text.contains(receipt).then_some(())).await;
    let of_others = by_titles.replace("this+machine", "office");
    assert!(!visitor.get(&of_others).await.text.contains(receipt));
    assert_eq!(visitor.get("/search?q=new+lead").await.location, "/workflows/77");
    assert_eq!(visitor.get("/search?q=1").await.location, "/records/1");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_graph_of_a_failed_run_marks_its_way_and_the_step_where_it_failed() {
    let settings = "permission: test\naddresses: 127.0.0.1\nworkflows: [1]\n---\nworkflow: 1\n\
                    start: {without_record: true, next: check}\nsteps:\n  \
                    check: {condition: '$env[\"a\"] == 1', then: write, else: write}\n  \
                    write: {comment: 'Asked by {{ $env[\"a\"] }}', record: 9}\n";
    let mut postern = started(settings).await;
    let receipt = postern.outcome("/trigger?workflow_id=1", "a=2").await;
    let mut visitor = Visitor::logged_in(&mut postern).await;
    let page = visitor.get(&format!("/receipts/{}", receipt["receipt"].as_str().unwrap())).await.text;
    assert!(page.contains("class=\"taken failing\"") && page.contains(">✕ 2</text>"), "{page}");
    assert!(page.contains("Asked by {{ $env["), "what the step does: {page}");
    // From the start, and by one of the two outputs.
    assert_eq!(page.matches("<path class=\"way went\"").count(), 2, "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_leads_to_those_that_it_has_started_and_back() {
    let mut postern = started(
        "permission: test\naddresses: 127.0.0.1\nworkflows: [1]\n---\nworkflow: 1\nstart: {without_record: true, next: go}\nsteps: {go: {run_workflow: 2}}\n---\nworkflow: 2\nstart: {without_record: true, next: end}\nsteps: {end: {stop: finished}}\n",
    )
    .await;
    let receipt = postern.outcome("/trigger?workflow_id=1", "").await;
    let mut visitor = Visitor::logged_in(&mut postern).await;
    let page = visitor.get(&format!("/receipts/{}", receipt["receipt"].as_str().unwrap())).await;
    let (parent, child) = page.text.split_once("id=\"run-2\"").unwrap();
    assert!(parent.contains("Has started <a href=\"#run-2\">#2</a>"), "{parent}");
    assert!(child.contains("Started in step 1 of <a href=\"#run-1\">#1</a>"), "{child}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_of_runs_goes_on_behind_its_last_one() {
    let mut postern = without_worker(DEMO).await;
    postern
        .sql(
            "INSERT INTO runs (receipt, number, workflow, version, state, steps_taken, started_at)
             SELECT (lpad(to_hex((extract(epoch FROM now()) * 1000)::bigint - n), 12, '0') || '7000800000000000' ||
                 lpad(to_hex(n), 4, '0'))::uuid, 1, 77, 1, 'failed', n, now() FROM generate_series(1, 120) n",
        )
        .await;
    let mut visitor = Visitor::logged_in(&mut postern).await;
    let (mut path, mut seen) = ("/runs".to_owned(), Vec::new());
    for _ in 0..3 {
        let page = visitor.get(&path).await;
        seen.extend(page.text.split("href=\"/receipts/").skip(1).map(|rest| rest[..36].to_owned()));
        path = page
            .text
            .split("href=\"/runs?")
            .nth(1)
            .and_then(|rest| rest.split('"').next())
            .unwrap_or("")
            .replace("&#38;", "&");
        path = format!("/runs?{path}");
        assert!(page.text.contains("class=\"count\" title=\"120 runs failed"), "{}", page.text);
    }
    assert_eq!(seen.len(), 120);
    seen.dedup();
    assert_eq!(seen.len(), 120);
}
