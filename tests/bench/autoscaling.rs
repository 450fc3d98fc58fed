//! Autoscaling: a backlog comes on top of a steady load, and a script that reads the metrics starts and stops workers as
//! KEDA would, from 1 to 4 and back. What `postern_seconds_to_drain` predicted is compared with what came.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::task::JoinHandle;

use crate::Scale;
use crate::it::harness::{DEMO, Postern, eventually};
use crate::load::{self, Connection};
use crate::report::{Figure, Reach, quantile, sorted};

/// The thresholds are those of the manifest.
const MANIFEST: &str = include_str!("../../deploy/kubernetes/components/autoscaling/worker.yaml");

/// The fewest and the most workers.
const BOUNDS: (usize, usize) = (1, 4);

/// Between two decisions. KEDA takes 15 s.
const POLL: Duration = Duration::from_secs(3);

/// How many workers one decision starts at most. The manifest allows two in 30 s.
const MORE_AT_ONCE: usize = 2;

/// How long fewer workers must be enough before they are stopped, one at a decision. The manifest takes 300 s, and 60 s for
/// each.
const COOLDOWN: Duration = Duration::from_secs(15);

/// Connections of the steady load, and of the backlog.
const CONNECTIONS: (u64, usize) = (4, 64);

/// The rates in the metric are those of 30 s, and it is renewed each 5 s: from then on it is of the workers that there are,
/// and of the steady load alone.
const SETTLED: Duration = Duration::from_secs(36);

/// A prediction of less says nothing: the metric is renewed each 5 s.
const LEAST: Duration = Duration::from_secs(15);

/// Until everything is drained and stopped.
const LIMIT: Duration = Duration::from_secs(900);

/// Slow leads: each takes its time within the transaction of its bundle, whatever else that holds.
const SLOW: [&str; 2] = [
    "CREATE FUNCTION slow_lead() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(EACH_LEAD); RETURN NULL; END'",
    "CREATE TRIGGER slow_lead AFTER INSERT ON receipts FOR EACH ROW EXECUTE FUNCTION slow_lead()",
];

/// What is posted. However many leads there are, 4 workers need more than a minute for them.
#[derive(Clone, Copy)]
struct Pace {
    /// Posts a second, before the backlog, beside it and after it: about half of what one worker executes.
    steady: u64,
    /// The leads of the backlog.
    burst: u64,
    /// What each lead takes in PostgreSQL besides, in seconds: so the cores of this machine, which all of it shares, do not
    /// decide how many leads a worker executes.
    each_lead_s: f64,
}

impl Pace {
    fn of(leads: u64) -> Self {
        Self { steady: (leads / 1_000).max(1), burst: leads / 2, each_lead_s: 400.0 / leads as f64 }
    }
}

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
    let (mut errors, mut worst, mut up_after, mut down_after) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for _ in 0..scale.rounds {
        let round = round(Pace::of(scale.leads)).await;
        let predicted = round.errors();
        assert!(predicted.len() > 2, "the backlog was drained before the metric could be compared");
        errors.push(quantile(&predicted, 0.5));
        worst.push(predicted[predicted.len() - 1]);
        up_after.push((round.all_since - round.began).as_secs_f64());
        down_after.push((round.one_since - round.drained_at).as_secs_f64());
    }
    vec![
        Figure::value("autoscaling, seconds_to_drain is wrong by", "%", errors, Reach::AtMost(30.0)),
        Figure::value("autoscaling, at most by", "%", worst, Reach::AtMost(30.0)),
        Figure::value("autoscaling, from the burst to 4 workers", "s", up_after, Reach::AtMost(30.0)),
        Figure::value("autoscaling, from drained to 1 worker", "s", down_after, Reach::AtMost(60.0)),
    ]
}

/// What one round saw.
struct Round {
    looks: Vec<Look>,
    /// When the backlog began to be posted, and when all of it was.
    began: Instant,
    posted_at: Instant,
    /// When all workers were there.
    all_since: Instant,
    drained_at: Instant,
    /// When all but one were stopped again.
    one_since: Instant,
}

impl Round {
    /// By how many percent each prediction was wrong, sorted.
    fn errors(&self) -> Vec<f64> {
        let settled_at = self.all_since.max(self.posted_at) + SETTLED;
        let is_renewed = |pair: &&[Look]| pair[0].drained_in_s.to_bits() != pair[1].drained_in_s.to_bits();
        let errors = self.looks.windows(2).filter(is_renewed).filter_map(|pair| {
            let look = &pair[1];
            let came = self.drained_at.checked_duration_since(look.at).filter(|came| *came >= LEAST)?;
            let counts = look.workers == BOUNDS.1 && look.at >= settled_at;
            let (predicted, came) = (look.drained_in_s, came.as_secs_f64());
            counts.then(|| {
                println!("{:.0} leads wait, {predicted:.0} s predicted, {came:.0} s came", look.backlog);
                (predicted - came).abs() / came * 100.0
            })
        });
        sorted(errors)
    }
}

async fn round(pace: Pace) -> Round {
    let mut postern = Postern::without_worker(DEMO).await;
    for statement in SLOW {
        postern.sql(&statement.replace("EACH_LEAD", &pace.each_lead_s.to_string())).await;
    }
    let control = postern.control.address("the private listener is open").await;
    let steady = Steady::start(postern.public(), pace.steady);
    scale_to(&mut postern, BOUNDS.0).await;
    let calm = Instant::now() + 4 * POLL;
    while Instant::now() < calm {
        tokio::time::sleep(POLL).await;
        let look = look(control, &postern).await;
        assert_eq!(wanted(&look), BOUNDS.0, "one worker is enough for the steady load: {} wait", look.backlog);
    }
    let (began, to) = (Instant::now(), postern.public());
    let posting = tokio::spawn(async move {
        load::burst(to, CONNECTIONS.1, pace.burst).await;
        Instant::now()
    });
    let (mut looks, mut all_since, mut drained_at, mut scaler) = (Vec::new(), None, None, Scaler::default());
    while drained_at.is_none() || postern.workers.len() > BOUNDS.0 {
        assert!(began.elapsed() < LIMIT, "the backlog is not drained, or the workers are not stopped");
        let look = look(control, &postern).await;
        let waits = (steady.posted() + pace.burst).saturating_sub(executed(&postern).await);
        if drained_at.is_none() && waits <= pace.steady / 2 {
            drained_at = Some(look.at);
        }
        let decided = scaler.decide(&look);
        if decided != look.workers {
            scale_to(&mut postern, decided).await;
            all_since = (decided == BOUNDS.1).then(Instant::now).or(all_since);
        }
        looks.push(look);
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    let (one_since, posted) = (Instant::now(), steady.stop().await + pace.burst);
    eventually("all leads are executed", async || (executed(&postern).await >= posted).then_some(())).await;
    assert_eq!(executed(&postern).await, posted, "a lead came twice");
    let (posted_at, drained_at) = (posting.await.unwrap(), drained_at.unwrap());
    let all_since = all_since.expect("there were never so many workers");
    Round { looks, began, posted_at, all_since, drained_at, one_since }
}

/// What an autoscaler remembers between its decisions.
#[derive(Default)]
struct Scaler {
    decided_at: Option<Instant>,
    fewer_since: Option<Instant>,
}

impl Scaler {
    /// How many workers there are to be.
    fn decide(&mut self, look: &Look) -> usize {
        let (now, wanted) = (look.workers, wanted(look));
        if self.decided_at.is_some_and(|decided| look.at - decided < POLL) {
            return now;
        }
        self.decided_at = Some(look.at);
        if wanted >= now {
            self.fewer_since = None;
            return wanted.min(now + MORE_AT_ONCE);
        }
        let since = *self.fewer_since.get_or_insert(look.at);
        if look.at - since < COOLDOWN { now } else { now - 1 }
    }
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
    fn start(to: SocketAddr, per_second: u64) -> Self {
        let (posted, is_stopped) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
        let post = |_| {
            let (posted, is_stopped) = (Arc::clone(&posted), Arc::clone(&is_stopped));
            tokio::spawn(async move {
                let mut connection = Connection::open(to).await;
                let mut due = tokio::time::interval(Duration::from_secs(CONNECTIONS.0).div_f64(per_second as f64));
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
