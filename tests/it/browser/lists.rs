//! A list that changes while one looks at it: its rows stay where they are as long as one points at them (P13). And a
//! receipt as a person reads it (P10).

use serde_json::json;

use super::driver::Browser;
use super::{PASSWORD, pages};
use crate::harness::{DEMO, Postern};

async fn started() -> (Postern, Browser) {
    let mut postern = Postern::with_ingress(DEMO, &[("POSTERN_ADMIN_PASSWORD", PASSWORD)]).await;
    postern.start_worker().await;
    let panel = postern.control.address("the control listener is open").await;
    let browser = Browser::start(panel, "en").await;
    pages::log_in(&browser).await;
    (postern, browser)
}

/// Points at a place of the page.
async fn point(browser: &Browser, x: u32, y: u32) {
    browser.command("Input.dispatchMouseEvent", json!({"type": "mouseMoved", "x": x, "y": y})).await;
}

async fn rows(browser: &Browser) -> i64 {
    browser.run("return document.querySelectorAll('.table .whole').length").await.as_i64().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn new_rows_are_announced_while_one_points_at_a_list() {
    let (postern, browser) = started().await;
    postern.outcome("/trigger?workflow_id=77", "lastname=Ada&email=ada@example.org").await;
    browser.go("/runs").await;
    browser.shows("finished").await;
    let at = browser
        .run("const box = document.querySelector('.table tbody').getBoundingClientRect(); return [box.x + 90, box.y + 9]")
        .await;
    let at = |place: usize| u32::try_from(at[place].as_f64().unwrap() as i64).unwrap();
    point(&browser, at(0), at(1)).await;
    for n in 0..3 {
        postern.outcome("/trigger?workflow_id=77", &format!("lastname=Eve&email=eve{n}@example.org")).await;
    }
    browser.shows("3 new").await;
    assert_eq!(rows(&browser).await, 1, "the list stays as it was");
    browser.press("3 new").await;
    browser.shows("4").await;
    assert_eq!(rows(&browser).await, 4);
    // Pointing elsewhere, new rows come by themselves.
    point(&browser, 5, 5).await;
    postern.outcome("/trigger?workflow_id=77", "lastname=Joe&email=joe@example.org").await;
    crate::harness::eventually("it comes", async || (rows(&browser).await == 5).then_some(())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receipt_shows_its_values_first_and_marks_the_deciding_step() {
    let (postern, browser) = started().await;
    let failed = postern.outcome("/trigger?workflow_id=77", "lastname=Ada&email=none").await;
    browser.go(&format!("/receipts/{}", failed["receipt"].as_str().unwrap())).await;
    browser.shows("Ada").await;
    let script = "const tree = document.querySelector('.tree'), run = document.querySelector('#run-1');
        return [!!(tree.compareDocumentPosition(run) & Node.DOCUMENT_POSITION_FOLLOWING),
            document.querySelector('.path .deciding strong').textContent]";
    assert_eq!(browser.run(script).await, json!([true, "reject"]));
    browser.press("Run again from the start…").await;
    browser.fill("[name='text:email']", "ada@example.org").await;
    browser.press("Run again from the start now").await;
    browser.shows("It runs again, as a new run of this receipt.").await;
    browser.shows("in place of run 1").await;
    postern.records("Leads").await;
    browser.shows("create_record").await;
    // The run that goes on in its place is the one to go on with.
    assert_eq!(browser.run("return document.querySelectorAll('[value=replay]').length").await, 0);
}
