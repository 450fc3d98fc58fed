//! Open loop: so many posts a second, whatever becomes of them. Times run from when a post was due, to the 202 and to
//! the commit, which PostgreSQL dates (`track_commit_timestamp`). The floor has no worker beside it; so that like is
//! compared with like, Postern is asked without one as well as with one.

use std::collections::HashMap;
use std::time::{Duration, Instant, UNIX_EPOCH};

use postern_shared::store::digest;
use tokio::time::sleep;
use uuid::Uuid;

use crate::Scale;
use crate::floor_accept::Floor;
use crate::it::harness::{DEMO, Postern};
use crate::load::{self, Posted, milliseconds};
use crate::report::{Figure, Reach, Rounds, quantile, sorted};

/// Connections that share the posts.
const CONNECTIONS: usize = 64;

/// How far search keys and statistics may be behind, in seconds.
const MOST_BEHIND: f64 = 5.0;

/// The quantiles that are shown, with their names.
const QUANTILES: [(&str, f64); 3] = [("p50", 0.5), ("p99", 0.99), ("p99.9", 0.999)];

pub async fn open(scale: Scale, per_second: u64) -> Vec<Figure> {
    let (floor, quiet) = (Floor::start().await, Postern::without_worker(DEMO).await);
    let whole = Postern::start(DEMO).await;
    let mut accepted: [Rounds; 3] = Default::default();
    let mut committed: [Rounds; 3] = Default::default();
    let mut lags = Vec::new();
    for _ in 0..scale.rounds {
        let bare = answers(&load::open(floor.address, CONNECTIONS, per_second, scale.round).await);
        let answered = answers(&load::open(quiet.public(), CONNECTIONS, per_second, scale.round).await);
        let (posted, lag) = tokio::join!(
            load::open(whole.public(), CONNECTIONS, per_second, scale.round),
            longest_lag(&whole, scale.round)
        );
        lags.push(lag);
        let (answered_meanwhile, ends) = (answers(&posted), commits(&whole, &posted).await);
        for (at, (_, part)) in QUANTILES.iter().enumerate() {
            accepted[at].postern.push(quantile(&answered, *part));
            accepted[at].floor.push(quantile(&bare, *part));
            committed[at].postern.push(quantile(&ends, *part));
            committed[at].floor.push(quantile(&answered_meanwhile, *part));
        }
    }
    let judged = per_second == 1_000;
    let figures = |what: &'static str, most: f64, all: [Rounds; 3]| {
        QUANTILES.iter().zip(all).map(move |((name, _), rounds)| {
            let reach = if judged && *name == "p99" { Reach::AtMost(most) } else { Reach::Anything };
            Figure::ratio(format!("{per_second} posts/s: {name} to {what}"), "ms", rounds, reach)
        })
    };
    let reach = if judged { Reach::AtMost(MOST_BEHIND) } else { Reach::Anything };
    let digest = Figure::value(format!("{per_second} posts/s: the digest lags by"), "s", lags, reach);
    figures("202", 1.5, accepted).chain(figures("commit ÷ to 202 meanwhile", 5.0, committed)).chain([digest]).collect()
}

/// How far the digest was behind at most, for a time.
async fn longest_lag(postern: &Postern, time: Duration) -> f64 {
    let (connection, began) = (postern.connection().await, Instant::now());
    let mut longest = 0;
    while began.elapsed() < time {
        longest = longest.max(digest::lag(&connection).await.unwrap());
        sleep(Duration::from_millis(500)).await;
    }
    longest as f64
}

fn answers(posted: &[Posted]) -> Vec<f64> {
    sorted(posted.iter().map(|one| one.answered))
}

/// The times from when the posts were due to the commits of their leads.
pub async fn commits(postern: &Postern, posted: &[Posted]) -> Vec<f64> {
    let due: HashMap<Uuid, Duration> =
        posted.iter().map(|one| (one.receipt, one.due.duration_since(UNIX_EPOCH).unwrap())).collect();
    let ids: Vec<Uuid> = due.keys().copied().collect();
    let count =
        "SELECT id, extract(epoch FROM pg_xact_commit_timestamp(xmin))::float8 FROM receipts WHERE id = ANY($1)";
    let connection = postern.connection().await;
    loop {
        let rows = connection.query(count, &[&ids]).await.unwrap();
        if rows.len() == posted.len() {
            let end = |row: &tokio_postgres::Row| Duration::from_secs_f64(row.get(1));
            return sorted(rows.iter().map(|row| milliseconds(end(row).saturating_sub(due[&row.get::<_, Uuid>(0)]))));
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
