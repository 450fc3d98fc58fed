//! Fair lanes: a burst of one flow does not delay the others, with a broker and without one.

use futures_util::{StreamExt, stream};
use postern_shared::id::ReceiptId;
use postern_shared::lane::Lane;
use reqwest::Method;

use crate::harness::call::{Answer, Call};
use crate::harness::servers::Servers;
use crate::harness::{DEMO, Postern, eventually};
use crate::standalone::Standalone;

/// The flow of the burst.
const BURST: &str = "/trigger?workflow_id=77";

/// Another one.
const OTHER: &str = "/trigger?workflow_trigger=web_lead";

/// Many times what may stand before the other in the default lane.
const LEADS: i64 = 2_000;

/// Callers of the burst at a time.
const CALLERS: usize = 32;

/// One transaction of bursts at a time, so that the order shows.
const SLOW: (&str, &str) = ("POSTERN_CONCURRENCY", "1");

/// How many runs have ended before that of a receipt.
const BEFORE: &str = "SELECT count(*) FROM runs WHERE ended_at < (SELECT ended_at FROM runs WHERE receipt = $1)";

fn form(n: i64) -> String {
    format!("lastname=Lovelace&email=ada{n}@example.org")
}

/// Posts leads, all of which must be accepted.
async fn post_burst(call: impl Fn() -> Call) {
    let posts = stream::iter(0..LEADS).map(|n| call().form(form(n)).send()).buffer_unordered(CALLERS);
    posts.for_each(async |answer| assert_eq!(answer.status, 202, "{}", answer.json)).await;
}

fn receipt(answer: &Answer) -> ReceiptId {
    assert_eq!(answer.status, 202, "{}", answer.json);
    answer.json["receipt"].as_str().unwrap().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lead_that_comes_after_a_burst_of_another_flow_is_done_while_most_of_the_burst_still_waits() {
    let mut postern = Postern::without_worker(DEMO).await;
    post_burst(|| postern.post(BURST)).await;
    let default = postern.servers().queued_env_in(Lane::Default).await.len();
    assert!((100..400).contains(&default), "{default} of a burst are in the default lane");
    let other = postern.post(OTHER).form(form(LEADS)).send().await;
    postern.start_worker_with(&[SLOW]).await;
    assert_eq!(postern.ended(&other).await["status"], "finished");
    let row = postern.connection().await;
    let before: i64 = row.query_one(BEFORE, &[&receipt(&other).uuid()]).await.unwrap().get(0);
    assert!(before < LEADS / 2, "{before} leads of the burst were done before it");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_broker_a_lead_overtakes_a_burst_of_another_flow_as_well() {
    let servers = Servers::new().await;
    let standalone = Standalone::on_with(&servers, &[SLOW]).await;
    let mut connection = standalone.connection().await;
    let held_up = connection.transaction().await.unwrap();
    // The worker stands still while the spool fills.
    held_up
        .batch_execute("SET LOCAL idle_in_transaction_session_timeout = 0; LOCK TABLE receipts IN SHARE MODE")
        .await
        .unwrap();
    post_burst(|| Call::new(Method::POST, standalone.public, BURST)).await;
    let other = Call::new(Method::POST, standalone.public, OTHER).form(form(LEADS)).send().await;
    held_up.rollback().await.unwrap();
    let receipt = receipt(&other).uuid();
    eventually("it is done", async || {
        let ended = "SELECT FROM runs WHERE receipt = $1 AND state = 'finished'";
        connection.query_opt(ended, &[&receipt]).await.unwrap()
    })
    .await;
    let before: i64 = connection.query_one(BEFORE, &[&receipt]).await.unwrap().get(0);
    assert!(before < LEADS / 2, "{before} leads of the burst were done before it");
}
