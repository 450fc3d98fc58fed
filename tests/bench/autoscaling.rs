//! Autoscaling: a backlog comes on top of a steady load, and a script that reads the metrics starts and stops workers as
//! KEDA would, from 1 to 4 and back. What `postern_seconds_to_drain` predicted is compared with what came.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::task::JoinHandle;

use crate::Scale;
use crate::it::harness::{DEMO, Postern};
use crate::load::{self, Connection};
use crate::report::{Figure, Reach, quantile, sorted};

/// The thresholds are those of the manifest.
const MANIFEST: &str = include_str!("../../deploy/kubernetes/components/autoscaling/worker.yaml");

/// The fewest and the most workers.
const BOUNDS: (usize, usize) = (1, 4);

/// Between two looks at the metrics. KEDA takes 15 s.
const POLL: Duration = Duration::from_secs(3);

/// How long fewer workers must be enough before one is stopped. The manifest takes 300 s.
const COOLDOWN: Duration = Duration::from_secs(15);

/// What each lead takes in PostgreSQL besides, in seconds: so one worker executes some 350 a second, and the cores of
/// this machine, which all of it shares, do not decide.
const EACH_LEAD: &str = "0.002";

/// Posts a second, before the backlog, beside it and after it: less than one worker executes.
const STEADY: u64 = 200;

/// The leads of the backlog: 4 workers need more than a minute for them.
const BURST: u64 = 100_000;

/// Connections of the steady load, and of the backlog.
const CONNECTIONS: (u64, usize) = (4, 64);

/// The rates in the metric are those of 30 s, and it is renewed each 5 s: from then on it is of the workers that there are.
const SETTLED: Duration = Duration::from_secs(36);

/// A prediction of less says nothing: the metric is renewed each 5 s.
const LEAST: Duration = Duration::from_secs(15);

/// Slow leads: each takes its time within the transaction of its bundle, whatever else that holds.
const SLOW: [&str; 2] = [
    "CREATE FUNCTION slow_lead() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(EACH_LEAD); RETURN NULL; END'",
    "CREATE TRIGGER slow_lead AFTER INSERT ON receipts FOR EACH ROW EXECUTE FUNCTION slow_lead()",
];

/// One look at the metrics.
struct Look {
    at: Instant,
    workers: usize,
    /// What has waited, by count and by time.
    backlog: f64,
    oldest_s: f64,
    drained_in_s: f64,
}

pub async fn autoscaling(scale: Scale) -> Vec<Figure> {
    let (mut errors, mut worst, mut up_after, mut left) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for _ in 0..scale.rounds {
        let round = round().await;
        let predicted = round.errors();
        assert!(predicted.len() > 2, "the backlog was drained before the metric could be compared");
        errors.push(quantile(&predicted, 0.5));
        worst.push(predicted[predicted.len() - 1]);
        up_after.push(round.up_after.as_secs_f64());
        left.push(round.workers_at_the_end as f64);
    }
    vec![
        Figure::value("autoscaling, seconds_to_drain is wrong by", "%", errors, Reach::AtMost(30.0)),
        Figure::value("autoscaling, at most by", "%", worst, Reach::AtMost(30.0)),
        Figure::value("autoscaling, from the burst to 4 workers", "s", up_after, Reach::AtMost(30.0)),
        Figure::value("autoscaling, workers at the end", "", left, Reach::AtMost(1.0)),
    ]
}

/// What one round saw.
struct Round {
    looks: Vec<Look>,
    /// When all workers were there.
    all_since: Instant,
    drained_at: Instant,
    up_after: Duration,
    workers_at_the_end: usize,
}

impl Round {
    /// By how many percent each prediction was wrong, sorted.
    fn errors(&self) -> Vec<f64> {
        let is_renewed = |pair: &&[Look]| pair[0].drained_in_s.to_bits() != pair[1].drained_in_s.to_bits();
        let errors = self.looks.windows(2).filter(is_renewed).filter_map(|pair| {
            let look = &pair[1];
            let came = self.drained_at.checked_duration_since(look.at).filter(|came| *came >= LEAST)?;
            let counts = look.workers == BOUNDS.1 && look.at >= self.all_since + SETTLED;
            let (predicted, came) = (look.drained_in_s, came.as_secs_f64());
            counts.then(|| {
                println!("{:.0} leads wait, {predicted:.0} s predicted, {came:.0} s came", look.backlog);
                (predicted - came).abs() / came * 100.0
            })
        });
        sorted(errors)
    }
}

async fn round() -> Round {
    let mut postern = Postern::without_worker(DEMO).await;
    for statement in SLOW {
        postern.sql(&statement.replace("EACH_LEAD", EACH_LEAD)).await;
    }
    let control = postern.control.address("the private listener is open").await;
    let steady = Steady::start(postern.public());
    scale_to(&mut postern, BOUNDS.0).await;
    let calm = Instant::now() + 4 * POLL;
    while Instant::now() < calm {
        tokio::time::sleep(POLL).await;
        let look = look(control, &postern).await;
        assert_eq!(wanted(&look), BOUNDS.0, "one worker is enough for the steady load: {} wait", look.backlog);
    }
    let began = Instant::now();
    load::burst(postern.public(), CONNECTIONS.1, BURST).await;
    let (mut looks, mut all_since, mut polled, mut fewer_since) = (Vec::new(), None, None, None::<Instant>);
    let mut drained_at = None;
    while drained_at.is_none() || postern.workers.len() > BOUNDS.0 {
        assert!(
            began.elapsed() < Duration::from_secs(900),
            "the backlog is not drained, or the workers are not stopped"
        );
        let look = look(control, &postern).await;
        let waits = (steady.posted() + BURST).saturating_sub(executed(&postern).await);
        if drained_at.is_none() && waits <= STEADY / 2 {
            drained_at = Some(look.at);
        }
        if polled.is_none_or(|polled: Instant| polled.elapsed() >= POLL) {
            polled = Some(look.at);
            let (now, wanted) = (postern.workers.len(), wanted(&look));
            let is_calm = fewer_since.filter(|_| wanted < now).is_some_and(|since| since.elapsed() >= COOLDOWN);
            fewer_since = (wanted < now).then(|| fewer_since.unwrap_or(look.at));
            if wanted > now {
                scale_to(&mut postern, wanted).await;
                all_since = (wanted == BOUNDS.1).then(Instant::now).or(all_since);
            } else if is_calm {
                scale_to(&mut postern, now - 1).await;
                fewer_since = None;
            }
        }
        looks.push(look);
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    let posted = steady.stop().await + BURST;
    let count = "SELECT count(*) FROM receipts";
    while u64::try_from(postern.count(count).await).unwrap() < posted {
        tokio::time::sleep(POLL).await;
    }
    assert_eq!(u64::try_from(postern.count(count).await).unwrap(), posted, "a lead came twice");
    let all_since = all_since.expect("there were never so many workers");
    let (up_after, workers_at_the_end) = (all_since - began, postern.workers.len());
    Round { looks, all_since, drained_at: drained_at.unwrap(), up_after, workers_at_the_end }
}

/// How many workers the thresholds ask for: of several triggers the one that asks for most.
fn wanted(look: &Look) -> usize {
    let mut thresholds = MANIFEST.lines().filter_map(|line| line.trim().strip_prefix("threshold: "));
    let mut threshold = || thresholds.next().unwrap().trim_matches('"').parse::<f64>().unwrap();
    let (backlog, oldest_s) = (look.backlog / threshold(), look.oldest_s / threshold());
    (backlog.max(oldest_s).ceil() as usize).clamp(BOUNDS.0, BOUNDS.1)
}

/// Starts or stops workers, until there are so many. One that is stopped gives back what it has not begun.
async fn scale_to(postern: &mut Postern, workers: usize) {
    println!("{} workers become {workers}", postern.workers.len());
    while postern.workers.len() < workers {
        postern.start_worker_with(&[("POSTERN_CONCURRENCY", "1")]).await;
    }
    while postern.workers.len() > workers {
        let mut stopped = postern.workers.pop().unwrap();
        stopped.terminate();
        assert!(stopped.ended().await, "{}", stopped.log());
    }
}

async fn look(control: SocketAddr, postern: &Postern) -> Look {
    let metrics = Connection::open(control).await.get("/metrics").await;
    let gauge = |name: &str| {
        let line = metrics.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.unwrap_or_else(|| panic!("{name} is not in {metrics}")).parse::<f64>().unwrap()
    };
    Look {
        at: Instant::now(),
        workers: postern.workers.len(),
        backlog: gauge("postern_backlog_leads{component=\"control\"}"),
        oldest_s: gauge("postern_oldest_waiting_seconds{component=\"control\",lane=\"submissions\"}"),
        drained_in_s: gauge("postern_seconds_to_drain{component=\"control\"}"),
    }
}

/// How many leads are committed.
async fn executed(postern: &Postern) -> u64 {
    u64::try_from(postern.count("SELECT count(*) FROM receipts").await).unwrap()
}

/// Posts at a steady rate, until it is stopped.
struct Steady {
    posted: Arc<AtomicU64>,
    is_stopped: Arc<AtomicBool>,
    tasks: Vec<JoinHandle<()>>,
}

impl Steady {
    fn start(to: SocketAddr) -> Self {
        let (posted, is_stopped) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
        let post = |_| {
            let (posted, is_stopped) = (Arc::clone(&posted), Arc::clone(&is_stopped));
            tokio::spawn(async move {
                let mut connection = Connection::open(to).await;
                let mut due = tokio::time::interval(
                    Duration::from_secs(1) * u32::try_from(CONNECTIONS.0).unwrap() / u32::try_from(STEADY).unwrap(),
                );
                while !is_stopped.load(Ordering::Relaxed) {
                    due.tick().await;
                    connection.post(load::numbers(1).start).await;
                    posted.fetch_add(1, Ordering::Relaxed);
                }
            })
        };
        let tasks = (0..CONNECTIONS.0).map(post).collect();
        Self { posted, is_stopped, tasks }
    }

    fn posted(&self) -> u64 {
        self.posted.load(Ordering::Relaxed)
    }

    /// How many there were.
    async fn stop(self) -> u64 {
        self.is_stopped.store(true, Ordering::Relaxed);
        for task in self.tasks {
            task.await.unwrap();
        }
        self.posted.load(Ordering::Relaxed)
    }
}
