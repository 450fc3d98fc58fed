//! Refused bodies fill no disk: whatever is kept of them counts.

use crate::harness::{DEMO, Postern, eventually};

#[tokio::test(flavor = "multi_thread")]
async fn refused_bodies_count_with_their_queries_and_long_ones_are_cut() {
    let postern = Postern::without_worker(DEMO).await;
    let put = "INSERT INTO refused_bodies (permission, address, code, message, query, body, refused_at)
        SELECT 'p', 'a', 'c', repeat('m', 5 * 1048576), repeat('q', 5 * 1048576), 'x', now() FROM generate_series(1, 20)";
    postern.sql(put).await;
    let long = format!("application/json; a={}", "a".repeat(2_000));
    let refused = postern.post("/trigger?workflow_id=77").header("content-type", &long).body("[1]").send().await;
    assert_eq!(refused.status, 400, "{}", refused.json);
    // Three of them fill the share of their permission.
    eventually("the oldest are gone", async || {
        (postern.count("SELECT count(*) FROM refused_bodies").await == 4).then_some(())
    })
    .await;
    let cut = "SELECT count(*) FROM refused_bodies
        WHERE permission = 'loopback' AND octet_length(content_type) = 1024 AND body IS NULL";
    assert_eq!(postern.count(cut).await, 1);
}
