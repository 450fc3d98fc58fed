//! No page is over 150 kB, also where there is much to show.

use std::fmt::Write;

use super::started;
use super::visitor::Visitor;

/// What a page may have at most, as it is sent without compression.
const MAX_BYTES: usize = 150 * 1024;

/// A workflow of a hundred steps in a row, and a permission for it.
fn large() -> String {
    let mut text = "permission: test\naddresses: 127.0.0.1\nworkflows: [1]\n---\nworkflow: 1\ntitle: Large\n\
                    start: {without_record: true, next: s0}\nsteps:\n"
        .to_owned();
    for at in 0..99 {
        let _ = writeln!(
            text,
            "  s{at}: {{condition: '$env[\"lastname\"] and $env[\"n\"] == \"{at}\"', then: s{next}, else: s{next}}}",
            next = at + 1
        );
    }
    text + "  s99: {stop: finished}\n"
}

#[tokio::test(flavor = "multi_thread")]
async fn no_page_is_over_150_kb() {
    let mut postern = started(&large()).await;
    let form = (0..60).fold("lastname=Lovelace Ada".to_owned(), |form, n| format!("{form}&name{n}=Some Value {n}"));
    let mut receipt = String::new();
    for _ in 0..60 {
        let report = postern.outcome("/trigger?workflow_id=1", &form).await;
        report["receipt"].as_str().unwrap().clone_into(&mut receipt);
    }
    let mut visitor = Visitor::logged_in(&mut postern).await;
    let receipt = format!("/receipts/{receipt}");
    for path in [
        "/",
        "/runs",
        "/workflows/1",
        "/workflows/new",
        "/workflows/1/design?step=s5&last=day",
        "/workflows/1/draft",
        "/workflows/1/versions",
        "/workflows/1/statistics",
        "/http-handler/new",
        "/http-handler/test",
        "/audit",
        receipt.as_str(),
    ] {
        let page = visitor.get(path).await;
        assert_eq!(page.status, 200, "{path}");
        assert!(page.text.len() < MAX_BYTES, "{path} has {} bytes", page.text.len());
    }
}
