//! Thirty weeks by a clock that is moved, under a steady load and beside a reader as `pg_dump` holds it: the weeks that
//! are due go, leads do not stand still, and the history stays as large.

use std::net::SocketAddr;
use std::time::{Duration, Instant, SystemTime};

use postern_shared::store::retention::Retired;
use tokio::time::sleep;

use crate::drain::HISTORY;
use crate::it::harness::fake_clock::FakeClock;
use crate::it::harness::history::{keep, reader, retire};
use crate::it::harness::{DEMO, Postern, eventually, private};
use crate::load::{self, Connection};
use crate::report::{Figure, Reach, quantile, sorted};

const WEEKS: u32 = 30;

/// From this week on as much goes as comes.
const FULL_AT: usize = 10;

/// How many days steps are kept, and everything else.
const KEEP: (u16, u16) = (8, 21);

const WEEK: Duration = Duration::from_secs(7 * 24 * 3600);

/// What a week takes, and for how much of it the reader is there.
const LASTS: Duration = Duration::from_secs(6);
const READS: Duration = Duration::from_secs(2);

/// Posts a second, and the connections that share them.
const PER_SECOND: u64 = 200;
const CONNECTIONS: usize = 8;

/// Between two looks at what was executed.
const LOOK: Duration = Duration::from_millis(100);

/// The load panics when a lead is not accepted.
pub async fn weeks() -> Vec<Figure> {
    let clock = FakeClock::new();
    let mut postern = Postern::with_ingress(DEMO, &clock.environment()).await;
    postern.start_worker().await;
    let worker = postern.workers[0].address("the private listener is open").await;
    postern.sql("SELECT postern_make_partitions(12, now())").await;
    clock.is_off_by("+80d");
    eventually("the ingress knows of what was made ahead", async || {
        (private(&mut postern.ingress, "/health/ready").await.0 == 200).then_some(())
    })
    .await;
    let whole = LASTS * WEEKS;
    let (posted, stalls, sizes) = tokio::join!(
        load::open(postern.public(), CONNECTIONS, PER_SECOND, whole),
        stalls(worker, whole),
        pass(&postern, &clock)
    );
    println!("{} leads, all accepted; the history has {sizes:?} bytes by weeks", posted.len());
    let grown = sizes[sizes.len() - 1] / sizes[FULL_AT - 1];
    vec![
        Figure::value("30 weeks, nothing was executed for", "s", vec![quantile(&stalls, 1.0)], Reach::AtMost(2.0)),
        Figure::value("30 weeks, the history ÷ that of week 10", "", vec![grown], Reach::AtMost(1.2)),
    ]
}

/// Lets the weeks pass; returns the size of the history at the end of each.
async fn pass(postern: &Postern, clock: &FakeClock) -> Vec<f64> {
    let (began, options) = (SystemTime::now(), keep(KEEP.0, KEEP.1));
    let mut sizes = Vec::new();
    for week in 1..=WEEKS {
        let end = Instant::now() + LASTS;
        clock.is_off_by(&format!("+{}d", 7 * week));
        postern.sql(&format!("SELECT postern_make_partitions(12, now() + interval '{week} weeks')")).await;
        let (reader, now) = (reader(postern).await, began + week * WEEK);
        assert!(retire(postern, now, &options).await.iter().all(|one| *one == Retired::InUse), "{week}");
        sleep(READS).await;
        drop(reader);
        eventually("what is due is gone", async || {
            (!retire(postern, now, &options).await.contains(&Retired::InUse)).then_some(())
        })
        .await;
        sizes.push(postern.count(HISTORY).await as f64);
        assert!(Instant::now() < end, "week {week} took longer than the load has time for it");
        sleep(end.saturating_duration_since(Instant::now())).await;
    }
    sizes
}

/// For how long no lead was executed, each time in seconds, sorted.
async fn stalls(worker: SocketAddr, time: Duration) -> Vec<f64> {
    let began = Instant::now();
    let (mut stalls, mut known, mut since) = (Vec::new(), 0.0, Instant::now());
    while began.elapsed() < time {
        let metrics = Connection::open(worker).await.get("/metrics").await;
        let runs = metrics.lines().filter(|line| line.starts_with("postern_runs_total{"));
        let executed = runs.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum();
        if executed != known {
            stalls.push(since.elapsed().as_secs_f64());
            (known, since) = (executed, Instant::now());
        }
        sleep(LOOK).await;
    }
    stalls.push(since.elapsed().as_secs_f64());
    sorted(stalls)
}
