//! A search is narrowed by filters and read page by page.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{digested, find};
use crate::cli::Cli;
use crate::harness::Postern;

const SETTINGS: &str = "permission: one\naddresses: 127.0.0.1\nworkflows: [1, 2, 3]\ntriggers: [nobody]\n---\n\
    permission: two\naddresses: 127.0.0.1\nshort_url: /two\nworkflows: [1]\n---\n\
    trigger: nobody\n---\n\
    workflow: 1\nstart: {without_record: true, next: a}\nsteps: {a: {set_env: {x: 1}}}\n---\n\
    workflow: 2\nstart: {without_record: true, next: a}\nsteps: {a: {set_value: {x: 1}, record: 999}}\n---\n\
    workflow: 3\nstart: {without_record: true, next: a}\nsteps: {a: {stop: failed, message: no last name}}\n";

/// The receipts of a list.
fn receipts(found: &Value) -> Vec<String> {
    found["receipts"].as_array().unwrap().iter().map(|one| one["receipt"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_is_narrowed_by_what_became_of_the_call() {
    let postern = Postern::start(SETTINGS).await;
    let mut posted = Vec::new();
    for path in [
        "/trigger?workflow_id=1",
        "/two",
        "/trigger?workflow_id=2",
        "/trigger?workflow_trigger=nobody",
        "/trigger?workflow_id=3",
    ] {
        let receipt = postern.outcome(path, "name=Ada&email=ada@example.org").await;
        posted.push(receipt["receipt"].as_str().unwrap().to_owned());
    }
    assert_eq!(postern.post("/trigger?workflow_id=1").form("name=Ada&x=%FF").send().await.code(), "invalid_body");
    super::eventually("the refused body is kept", async || {
        (postern.count("SELECT count(*) FROM refused_body_keys").await > 0).then_some(())
    })
    .await;
    digested(&postern).await;
    for (filter, expected, refused) in [
        (vec![("status", "failed")], vec![4, 2], 0),
        (vec![("status", "unmatched")], vec![3], 0),
        (vec![("status", "refused")], vec![], 1),
        (vec![("status", "finished"), ("permission", "two")], vec![1], 0),
        (vec![("permission", "one")], vec![4, 3, 2, 0], 1),
        (vec![("workflow", "2")], vec![2], 0),
        (vec![("message", "record-missing")], vec![2], 0),
        (vec![("message", "nobody-listens")], vec![3], 0),
        (vec![("message", "said")], vec![4], 0),
        (vec![("message", "no last name")], vec![4], 0),
        (vec![("message", "no last")], vec![], 0),
        (vec![("message", "invalid_body")], vec![], 1),
        (vec![("from", "2100-01-01T00:00:00Z")], vec![], 0),
        (vec![("to", "2100-01-01T00:00:00Z")], vec![4, 3, 2, 1, 0], 1),
    ] {
        let found = find(&postern, "ada", &filter).await;
        let expected: Vec<&String> = expected.iter().map(|at: &usize| &posted[*at]).collect();
        assert_eq!(json!(receipts(&found)), json!(expected), "{filter:?}: {found}");
        assert_eq!(found["refused_bodies"].as_array().unwrap().len(), refused, "{filter:?}: {found}");
    }
    let printed = Cli::of(&postern).run("find ada --status failed --workflow 2").text();
    assert_eq!(printed, format!("receipt {} failed\n", posted[2]));
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_a_search_name_each_receipt_once() {
    let postern = Postern::start(SETTINGS).await;
    for n in 0..5 {
        // Each is found by two of the keys that the text may be.
        postern.outcome("/trigger?workflow_id=1", &format!("name=4711 12 34 {n}&tel=4711 12 34")).await;
    }
    digested(&postern).await;
    let (mut all, mut next) = (Vec::new(), None::<String>);
    for page in [2, 2, 1] {
        let mut query = vec![("last", "2")];
        query.extend(next.as_deref().map(|next| ("before", next)));
        let found = find(&postern, "4711 12 34", &query).await;
        assert_eq!(receipts(&found).len(), page, "{found}");
        all.extend(receipts(&found));
        next = found["next"].as_str().map(str::to_owned);
    }
    assert!(all.is_sorted_by(|one, next| one > next), "{all:?}");
    assert_eq!((all.iter().collect::<BTreeSet<_>>().len(), next), (5, None));
}
