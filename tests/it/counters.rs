//! Counters of the installation: `counter("orders")`, and `next_of` for turns.

use std::collections::BTreeSet;

use futures_util::future::join_all;

use crate::harness::Postern;
use crate::harness::outside::Outside;
use crate::workflows::settings;

const ALLOWED: [(&str, &str); 1] = [("POSTERN_ALLOWED_TARGETS", "127.0.0.0/8")];

const WORKFLOW: &str = "\n---\nworkflow: 1\nstart: {without_record: true, next: give}\nsteps:\n  give:\n    \
     set_env: {number: '{{ counter(\"orders\") }}', again: '{{ counter(\"orders\") }}', who: '{{ next_of([\"anna\", \"boris\"], \"sales\") }}'}\n    \
     next: tell\n  tell: {stop: finished, message: '$env[\"number\"] $env[\"again\"] $env[\"who\"] {{ counter(\"orders\") }}'}\n";

#[tokio::test(flavor = "multi_thread")]
async fn runs_at_once_draw_each_number_once_and_take_turns() {
    let postern = Postern::start(&settings(WORKFLOW)).await;
    let posts = (0..60).map(|_| postern.outcome("/trigger?workflow_id=1", ""));
    let receipts = join_all(posts).await;
    let told: Vec<String> =
        receipts.iter().map(|one| one["runs"][0]["message"].as_str().unwrap_or_default().to_owned()).collect();
    let words: Vec<Vec<&str>> = told.iter().map(|one| one.split(' ').collect()).collect();
    let numbers = words.iter().flat_map(|one| [one[0], one[3]]).map(|number| number.parse::<i64>().unwrap());
    assert_eq!(numbers.collect::<BTreeSet<_>>(), (1..=120).collect(), "{told:?}");
    assert!(words.iter().all(|one| one[0] == one[1]), "{told:?}");
    assert_eq!(words.iter().filter(|one| one[2] == "anna").count(), 30, "{told:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_that_waits_for_its_admission_keeps_the_numbers_it_has_drawn() {
    let outside = Outside::start().await;
    let text = "{{ counter(\"orders\") }} {{ next_of([\"anna\", \"boris\"], \"sales\") }}";
    let workflow = format!(
        "\n---\nworkflow: 1\nstart: {{without_record: true, at_most: 5, next: tell}}\nsteps:\n  \
         tell: {{http_request: '{}', text: '{text}'}}\n",
        outside.url("/orders"),
    );
    let mut postern = Postern::without_worker(&settings(&workflow)).await;
    postern.start_worker_with(&ALLOWED).await;
    for _ in 0..4 {
        let answer = postern.post("/trigger?workflow_id=1").form("").send().await;
        assert_eq!(postern.ended(&answer).await["status"], "finished");
    }
    let told: Vec<String> = outside.got().into_iter().map(|one| one.body).collect();
    assert_eq!(told, ["1 anna", "2 boris", "3 anna", "4 boris"]);
}
