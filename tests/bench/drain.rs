//! Draining: a backlog of leads for workflow 77 of the demo, from the queue to the commit.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use futures_util::{StreamExt, stream};
use postern_shared::broker::publisher::{self, Publisher};
use postern_shared::lane::Lane;
use postern_shared::shutdown::Shutdown;
use postern_shared::submission::{self, SUBMISSIONS_V1, Submission};

use crate::Scale;
use crate::floor_store::{self, Rows};
use crate::it::harness::process::Process;
use crate::it::harness::{DEMO, Postern};
use crate::lead;
use crate::load::{self, Connection};
use crate::postgres_cost::Spent;
use crate::report::{Figure, Reach, Rounds, peak_megabytes};

/// Leads in one message: as many as the ingress puts there under load.
pub const BUNDLE: u64 = 64;

/// Between two looks at how far the worker is.
const LOOK: Duration = Duration::from_millis(20);

/// Bytes of all partitioned tables with their indexes: those of the history.
pub const HISTORY: &str = "SELECT sum(pg_total_relation_size(relid))::bigint
    FROM pg_partitioned_table, pg_partition_tree(partrelid) WHERE isleaf";

/// Bytes of all tables with their indexes.
const TABLES: &str = "SELECT sum(pg_total_relation_size(oid))::bigint FROM pg_class
    WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace";

pub async fn drain(scale: Scale) -> Vec<Figure> {
    let (mut rounds, mut least, mut memory) = (Rounds::default(), Rounds::default(), Vec::new());
    let (mut history, mut tables, mut cpu, mut wal) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let leads = scale.leads as f64;
    for _ in 0..scale.rounds {
        rounds.floor.push(floor_store::per_second(scale.leads, Rows::All).await);
        least.floor.push(floor_store::per_second(scale.leads, Rows::Least).await);
        let mut postern = Postern::without_worker(DEMO).await;
        let empty = (postern.count(HISTORY).await, postern.count(TABLES).await);
        let before = Spent::by(&postern).await;
        let rate = per_second(&mut postern, scale.leads).await;
        rounds.postern.push(rate);
        least.postern.push(rate);
        digested(&postern).await;
        let spent = Spent::by(&postern).await - before;
        cpu.push(spent.cpu_us / leads);
        wal.push(spent.wal / leads);
        history.push((postern.count(HISTORY).await - empty.0) as f64 / leads);
        tables.push((postern.count(TABLES).await - empty.1) as f64 / leads);
        memory.push(peak_megabytes(postern.workers[0].id()));
    }
    vec![
        Figure::ratio(format!("drain, backlog of {}", scale.leads), "leads/s", rounds, Reach::AtLeast(0.5)),
        Figure::ratio("drain ÷ the least that a lead is", "leads/s", least, Reach::AtLeast(0.35)),
        Figure::value("drain, peak memory of the worker", "MB", memory, Reach::AtMost(80.0)),
        Figure::value("history per lead, with search keys", "bytes", history, Reach::AtMost(850.0)),
        Figure::value("all tables per lead", "bytes", tables, Reach::Anything),
        Figure::value("WAL per lead, with search keys", "bytes", wal, Reach::AtMost(1_550.0)),
        Figure::value("PostgreSQL per lead, with search keys", "µs", cpu, Reach::Anything),
    ]
}

/// Of leads with names that the workflow does not read, as an advertisement adds them, beside those without.
pub async fn unread(scale: Scale) -> Vec<Figure> {
    let mut rounds = Rounds::default();
    for _ in 0..scale.rounds {
        let mut postern = Postern::without_worker(DEMO).await;
        rounds.floor.push(per_second(&mut postern, scale.leads).await);
        let mut postern = Postern::without_worker(DEMO).await;
        rounds.postern.push(per_second_of(lead::with_unread_names, &mut postern, scale.leads).await);
    }
    vec![Figure::ratio("drain, names that nobody reads ÷ without", "leads/s", rounds, Reach::Anything)]
}

/// Returns when search keys and statistics of all that was committed are written.
async fn digested(postern: &Postern) {
    while postern.count("SELECT count(*) FROM digest_queue").await > 0 {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Of a workflow that computes thirty values for each lead.
pub async fn heavy(scale: Scale) -> Vec<Figure> {
    let mut rates = Vec::new();
    for _ in 0..scale.rounds {
        let mut postern = Postern::without_worker(include_str!("heavy.yaml")).await;
        rates.push(per_second(&mut postern, scale.leads).await);
    }
    vec![Figure::value("drain, thirty expressions and two loops", "leads/s", rates, Reach::Anything)]
}

/// Fills a lane as a burst does, starts a worker, and measures from its first commit to its last.
pub async fn per_second(postern: &mut Postern, leads: u64) -> f64 {
    per_second_of(lead::submission, postern, leads).await
}

async fn per_second_of(lead: fn(u64) -> Submission, postern: &mut Postern, leads: u64) -> f64 {
    queue(&postern.servers().amqp_url, lead, leads).await;
    postern.sql("CHECKPOINT").await;
    let before = postern.count("SELECT count(*) FROM records").await;
    postern.start_worker().await;
    let worker = listener(&mut postern.workers[0]).await;
    let (begin, first) = loop {
        let committed = committed(worker).await;
        if committed > 0 {
            break (Instant::now(), committed);
        }
        tokio::time::sleep(LOOK).await;
    };
    until_committed(worker, leads).await;
    let took = begin.elapsed();
    let made = postern.count("SELECT count(*) FROM records").await - before;
    assert_eq!(u64::try_from(made).unwrap(), leads, "not every lead became a record");
    (leads - first) as f64 / took.as_secs_f64()
}

/// Returns when the worker with this listener has committed so many leads.
pub async fn until_committed(worker: SocketAddr, leads: u64) {
    while committed(worker).await < leads {
        tokio::time::sleep(LOOK).await;
    }
}

/// The private listener of a worker.
pub async fn listener(worker: &mut Process) -> SocketAddr {
    worker.address("the private listener is open").await
}

/// How many leads a worker has committed.
pub async fn committed(worker: SocketAddr) -> u64 {
    let metrics = Connection::open(worker).await.get("/metrics").await;
    assert!(metrics.starts_with("HTTP/1.1 200 "), "no metrics: {metrics}");
    let claimed = r#"postern_submissions_total{outcome="claimed"} "#;
    metrics.lines().find_map(|line| line.strip_prefix(claimed)).map_or(0, |count| count.parse().unwrap())
}

async fn queue(amqp_url: &str, lead: fn(u64) -> Submission, leads: u64) {
    let options = publisher::Options {
        url: amqp_url.parse().unwrap(),
        connection_name: "postern-bench".into(),
        component: "ingress",
        channels: publisher::DEFAULT_CHANNELS,
    };
    let stop = Shutdown::new();
    let (publisher, session) = Publisher::start(options, &prometheus::Registry::new(), stop.clone()).unwrap();
    while publisher.is_open() {
        tokio::time::sleep(LOOK).await;
    }
    let numbers: Vec<u64> = load::numbers(leads).collect();
    let bundles = numbers.chunks(usize::try_from(BUNDLE).unwrap()).map(|chunk| {
        let encoded: Vec<_> = chunk.iter().map(|n| submission::encode(&lead(*n)).unwrap()).collect();
        submission::bundle(encoded.iter().map(Vec::as_slice))
    });
    let sent = bundles.map(|body| publisher.publish_raw(Lane::Bulk1, SUBMISSIONS_V1, body, 0));
    let sent = stream::iter(sent).buffer_unordered(publisher::DEFAULT_CHANNELS);
    sent.for_each(async |result| result.unwrap()).await;
    stop.trigger();
    session.await.unwrap();
}
