//! Dry runs of a hot key: leads that all change one record, without and beside people who try the same lead without end.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use serde_json::json;

use crate::Scale;
use crate::honest::{self, Answer};
use crate::isolation::PER_SECOND;
use crate::it::harness::{DEMO, Postern};
use crate::lead;
use crate::report::{Beside, Figure, Reach, Rounds, quantile};

/// How many people try at once.
const PEOPLE: usize = 2;

/// The lead of all posts and of all dry runs.
const HOT: u64 = 7;

const BESIDE: Beside = Beside { times: 1.2, least: 20.0 };

pub async fn dry_runs(scale: Scale) -> Vec<Figure> {
    let (mut rounds, mut tried) = (Rounds::default(), Vec::new());
    for _ in 0..scale.rounds {
        let postern = Postern::start(DEMO).await;
        commits(&postern, Duration::from_secs(1)).await;
        rounds.floor.push(commits(&postern, scale.round).await);
        let ended = AtomicU64::new(0);
        let people = join_all((0..PEOPLE).map(|_| tries(&postern, &ended)));
        let beside = tokio::select! {
            _ = people => unreachable!("they try without end"),
            beside = commits(&postern, scale.round) => beside,
        };
        rounds.postern.push(beside);
        tried.push(ended.into_inner() as f64);
    }
    vec![
        Figure::beside("dry runs of a hot key: p99 to the commit", "ms", rounds, BESIDE),
        Figure::value("dry runs that ended meanwhile", "dry runs", tried, Reach::AtLeast(1.0)),
    ]
}

/// Tries the hot lead without end, and counts the dry runs that ended; one that finds the record busy ends, too.
async fn tries(postern: &Postern, ended: &AtomicU64) {
    let values = json!({"env": lead::env(HOT)}).to_string();
    loop {
        let answer = postern.api("POST", "/workflows/77/try").json(&values).send().await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        ended.fetch_add(1, Ordering::Relaxed);
    }
}

/// The p99 from when the posts of the hot lead were due to their commits.
async fn commits(postern: &Postern, time: Duration) -> f64 {
    let posts = honest::post_as(postern.public(), PER_SECOND, time, hot).await;
    assert!(posts.iter().all(|post| matches!(post.answer, Answer::Accepted(_))), "not all were accepted");
    let (times, missing) = honest::commits(&postern.connection().await, &posts).await;
    assert_eq!(missing, 0, "not all were committed");
    quantile(&times, 0.99)
}

fn hot(_: u64) -> (String, String) {
    (lead::PATH.to_owned(), lead::form(HOT))
}
