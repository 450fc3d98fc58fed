//! The honest caller: posts leads at a steady rate, whatever becomes of the earlier ones, and takes every answer as it
//! comes. Its times run from when a post was due.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use postern_shared::store::Connection;
use reqwest::header::RETRY_AFTER;
use uuid::Uuid;

use crate::report::sorted;
use crate::{lead, load};

/// How long it waits for an answer.
const PATIENCE: Duration = Duration::from_secs(15);

/// How long a connection may lie idle: less than the ingress allows, or a post may meet its end.
const IDLE: Duration = Duration::from_secs(5);

/// How long the commits of what was accepted are waited for.
const COMMIT_PATIENCE: Duration = Duration::from_secs(60);

/// Between two looks at the commits.
const LOOK: Duration = Duration::from_millis(100);

/// When the accepted ones were committed; a receipt that is not there yet gives no row.
const COMMITTED: &str =
    "SELECT id, extract(epoch FROM pg_xact_commit_timestamp(xmin))::float8 FROM receipts WHERE id = ANY($1)";

/// A post and its answer.
#[derive(Debug)]
pub struct Post {
    pub number: u64,
    due: SystemTime,
    /// In milliseconds.
    pub answered: f64,
    pub answer: Answer,
}

#[derive(Debug, PartialEq, Eq)]
pub enum Answer {
    Accepted(Uuid),
    /// 503 with `Retry-After`.
    Later,
    /// Another status.
    Refused(u16),
    /// The connection broke, or nobody answered: why.
    Nothing(String),
}

/// Posts so many leads a second for a time; returns when the last one was answered.
pub async fn post(to: SocketAddr, per_second: u32, time: Duration) -> Vec<Post> {
    post_as(to, per_second, time, |number| (lead::PATH.to_owned(), lead::form(number))).await
}

/// The same with leads of another kind: `lead` gives path and form of the lead of a number.
pub async fn post_as(
    to: SocketAddr,
    per_second: u32,
    time: Duration,
    lead: impl Fn(u64) -> (String, String),
) -> Vec<Post> {
    let client = reqwest::Client::builder().timeout(PATIENCE).pool_idle_timeout(IDLE).build().unwrap();
    let count = u64::from(per_second) * time.as_secs();
    let mut ticks = tokio::time::interval(Duration::from_secs(1) / per_second);
    let mut open = Vec::new();
    for number in load::numbers(count) {
        ticks.tick().await;
        let (path, form) = lead(number);
        let request = client.post(format!("http://{to}{path}")).body(form);
        open.push(tokio::spawn(one(request, number)));
    }
    let mut posts = Vec::new();
    for post in open {
        posts.push(post.await.unwrap());
    }
    posts
}

async fn one(request: reqwest::RequestBuilder, number: u64) -> Post {
    let (moment, due) = (Instant::now(), SystemTime::now());
    let answer = match request.send().await {
        Err(error) => Answer::Nothing(root_of(&error)),
        Ok(response) => read(response).await,
    };
    Post { number, due, answered: load::milliseconds(moment.elapsed()), answer }
}

async fn read(response: reqwest::Response) -> Answer {
    let (status, later) = (response.status().as_u16(), response.headers().contains_key(RETRY_AFTER));
    match (status, later) {
        (202, _) => {
            let json: Option<serde_json::Value> = response.json().await.ok();
            let receipt = json.and_then(|json| json["receipt"].as_str()?.parse().ok());
            receipt.map_or(Answer::Nothing("no receipt in the answer".to_owned()), Answer::Accepted)
        }
        (503, true) => Answer::Later,
        (status, _) => Answer::Refused(status),
    }
}

/// The cause of an error that has no other cause.
fn root_of(error: &dyn std::error::Error) -> String {
    error.source().map_or_else(|| error.to_string(), root_of)
}

/// The times from when the accepted posts were due to the commits of their leads, in milliseconds, and how many were
/// not committed in time. Those count with the time that was waited for them.
pub async fn commits(connection: &Connection, posts: &[Post]) -> (Vec<f64>, usize) {
    let mut due: HashMap<Uuid, SystemTime> = HashMap::new();
    due.extend(posts.iter().filter_map(|post| match &post.answer {
        Answer::Accepted(receipt) => Some((*receipt, post.due)),
        _ => None,
    }));
    let begin = Instant::now();
    let mut times = Vec::new();
    while !due.is_empty() && begin.elapsed() < COMMIT_PATIENCE {
        let ids: Vec<Uuid> = due.keys().copied().collect();
        for row in connection.query(COMMITTED, &[&ids]).await.unwrap_or_default() {
            let due = due.remove(&row.get(0)).unwrap().duration_since(UNIX_EPOCH).unwrap();
            times.push(load::milliseconds(Duration::from_secs_f64(row.get(1)).saturating_sub(due)));
        }
        tokio::time::sleep(LOOK).await;
    }
    let missing = due.len();
    times.extend(due.into_values().map(|due| load::milliseconds(due.elapsed().unwrap_or_default())));
    (sorted(times), missing)
}
