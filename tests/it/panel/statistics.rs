//! What the steps did: on the graph of the designer, and as a table in which two versions are compared.

use super::started;
use super::visitor::Visitor;
use crate::harness::{DEMO, eventually};
use crate::search::digested;

#[tokio::test(flavor = "multi_thread")]
async fn the_designer_shows_what_steps_did_and_two_versions_are_compared() {
    let mut postern = started(DEMO).await;
    for n in 0..3 {
        postern.outcome("/trigger?workflow_id=77", &format!("lastname=Ada&email=ada{n}@example.org")).await;
    }
    postern.outcome("/trigger?workflow_id=77", "firstname=nobody").await;
    postern.apply(&DEMO.replace("title: New lead", "title: Lead")).await;
    postern.outcome("/trigger?workflow_id=77", "firstname=nobody").await;
    digested(&postern).await;
    let mut visitor = Visitor::logged_in(&mut postern).await;
    let plain = visitor.get("/workflows/77/design?step=reject").await.text;
    assert!(!plain.contains("failing") && !plain.contains(" %"), "{plain}");
    let page = visitor.get("/workflows/77/design?step=reject&last=day").await.text;
    for expected in [
        "class=\"step failing chosen\"",
        "yes 60 % · 3",
        "no 40 % · 2",
        "/runs?workflow=77&amp;state=failed&amp;step=reject&amp;last=day\">2</a>",
        "name=\"last\" value=\"day\"",
        "href=\"?step=lead&amp;last=day\"",
    ] {
        assert!(page.contains(expected), "{expected} is missing in {page}");
    }
    let failed = visitor.get("/runs?workflow=77&state=failed&step=reject&last=day").await.text;
    assert_eq!(failed.matches("class=\"whole\"").count(), 2, "{failed}");
    let page = visitor.get("/workflows/77/statistics?last=week&version=2&with=1").await.text;
    for expected in ["<td>v2</td><td class=\"num\">1</td>", "<td>v1</td><td class=\"num\">4</td>", "75 % · 3"] {
        assert!(page.contains(expected), "{expected} is missing in {page}");
    }
    assert!(visitor.get("/workflows/77/statistics?last=hour").await.text.contains("60 % · 3"));
    assert_eq!(visitor.get("/workflows/78/statistics").await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_leads_to_the_runs_that_wait_at_it() {
    let settings = "permission: test\naddresses: 127.0.0.1\nworkflows: [1]\n---\nworkflow: 1\n\
                    start: {without_record: true, next: pause}\n\
                    steps:\n  pause: {delay: 1d, next: end}\n  end: {stop: finished}\n";
    let mut postern = started(settings).await;
    for _ in 0..2 {
        assert_eq!(postern.post("/trigger?workflow_id=1").form("a=1").send().await.status, 202);
    }
    eventually("both wait", async || {
        (postern.count("SELECT count(*) FROM runs WHERE state = 'waiting'").await == 2).then_some(())
    })
    .await;
    let mut visitor = Visitor::logged_in(&mut postern).await;
    let page = visitor.get("/workflows/1/design?step=pause&last=day").await.text;
    let link = "/runs?workflow=1&amp;state=waiting&amp;step=pause";
    assert!(page.contains(&format!("{link}\">2</a>")) && page.contains("◔ 2"), "{page}");
    for (step, count) in [("end", 0), ("pause", 2)] {
        let page = visitor.get(&format!("/runs?workflow=1&state=waiting&step={step}")).await.text;
        assert_eq!(page.matches("class=\"whole\"").count(), count, "{step}: {page}");
        assert_eq!(page.matches(">goes on at 20").count(), count, "{step}: {page}");
    }
    // Another version has none of them, and the line behind the delay is not taken yet.
    postern.apply(&settings.replace("delay: 1d", "delay: 2d")).await;
    let page = visitor.get("/workflows/1/statistics?version=2&with=1").await.text;
    assert_eq!(page.matches(&format!("{link}\">2</a>")).count(), 1, "{page}");
    let receipt = "SELECT receipt::text FROM runs LIMIT 1";
    let receipt: String = postern.connection().await.query_one(receipt, &[]).await.unwrap().get(0);
    let page = visitor.get(&format!("/receipts/{receipt}")).await.text;
    assert_eq!(page.matches("class=\"way went\"").count(), 1, "{page}");
}
