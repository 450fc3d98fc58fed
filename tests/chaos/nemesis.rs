//! Does one thing after another to the cast and the servers, heals it, and measures how long it takes until a lead
//! that is posted afterwards is accepted and has run.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::time::sleep;

use crate::cast::{Actor, Cast, signal};
use crate::client::{Answer, Client};
use crate::link::Mode;
use crate::plan::{Fault, INGRESSES, Strike, WORKERS, Way};
use crate::servers::{Servers, kill};

/// How long the system may take to come back; at more, the run has failed and goes on.
const RECOVERY_LIMIT: Duration = Duration::from_secs(60);

/// Between two strikes.
const BREATH: Duration = Duration::from_millis(500);

pub struct Nemesis {
    pub servers: Arc<Servers>,
    pub client: Client,
}

/// A strike and what was seen of it.
pub struct Struck {
    pub strike: Strike,
    /// From its begin until all was healed.
    pub lasted: Duration,
    /// Accepted, refused and unanswered from its begin until the next one.
    pub counts: [usize; 3],
    /// From the end of the fault until a lead was accepted and had run; nothing if that took too long.
    pub recovered: Option<Duration>,
    /// The same until every process said that it is ready.
    pub ready: Duration,
    /// What happened although it should not.
    pub complaints: Vec<String>,
}

impl Nemesis {
    pub async fn strike(&mut self, strike: &Strike, cast: &mut Cast) -> Struck {
        let (before, began) = (self.client.counts(), Instant::now());
        let mut complaints = self.harm_and_heal(strike, cast).await;
        let (lasted, healed) = (began.elapsed(), Instant::now());
        let recovered = self.recover(healed).await;
        complaints.extend(cast.replace_ended().into_iter().map(|name| format!("{name} ended by itself")));
        cast.ready().await;
        let ready = healed.elapsed();
        sleep(BREATH).await;
        let after = self.client.counts();
        let counts = std::array::from_fn(|at| after[at] - before[at]);
        Struck { strike: *strike, lasted, counts, recovered, ready, complaints }
    }

    async fn harm_and_heal(&self, strike: &Strike, cast: &mut Cast) -> Vec<String> {
        let servers = &self.servers;
        let ingress = strike.victim % INGRESSES;
        let worker = strike.victim % WORKERS;
        match strike.fault {
            Fault::KillIngress => kill_and_start(&mut cast.ingresses[ingress..=ingress], strike.lasts).await,
            Fault::KillWorker => kill_and_start(&mut cast.workers[worker..=worker], strike.lasts).await,
            Fault::KillAllWorkers => kill_and_start(&mut cast.workers, strike.lasts).await,
            Fault::KillRabbitmq => self.kill_servers(&["rabbitmq"], strike.lasts).await,
            Fault::KillPostgres => self.kill_servers(&["postgres"], strike.lasts).await,
            Fault::KillBoth => self.kill_servers(&["rabbitmq", "postgres"], strike.lasts).await,
            Fault::FreezeIngress => freeze(&cast.ingresses[ingress], strike.lasts).await,
            Fault::FreezeWorker => freeze(&cast.workers[worker], strike.lasts).await,
            Fault::FreezeRabbitmq => freeze_all(&servers.tree("rabbitmq"), strike.lasts).await,
            Fault::FreezePostgres => freeze_all(&servers.tree("postgres"), strike.lasts).await,
            Fault::Cut(way) => harm_link(cast, way, Mode::Cut, strike.lasts).await,
            Fault::Stall(way) => harm_link(cast, way, Mode::Stall, strike.lasts).await,
            Fault::Swallow(way) => harm_link(cast, way, Mode::Swallow, strike.lasts).await,
            Fault::Reset(way) => harm_link(cast, way, Mode::Reset, Duration::from_millis(50)).await,
            Fault::RollingRestart => return rolling_restart(cast).await,
            Fault::MemoryAlarm => {
                self.alarm(true).await;
                sleep(strike.lasts).await;
                self.alarm(false).await;
            }
            Fault::OutOfConnections => {
                let taken = servers.take_all_connections().await;
                sleep(strike.lasts).await;
                drop(taken);
            }
            Fault::DiskFull if servers.small_disk => self.fill_the_disk(strike.lasts).await,
            Fault::DiskFull => {}
        }
        Vec::new()
    }

    async fn kill_servers(&self, names: &[&str], lasts: Duration) {
        for name in names {
            kill(&self.servers.tree(name));
        }
        sleep(lasts).await;
        self.servers.up().await;
    }

    async fn alarm(&self, on: bool) {
        let servers = Arc::clone(&self.servers);
        tokio::task::spawn_blocking(move || servers.memory_alarm(on)).await.unwrap();
    }

    async fn fill_the_disk(&self, lasts: Duration) {
        let servers = Arc::clone(&self.servers);
        tokio::task::spawn_blocking(move || servers.fill_disk()).await.unwrap();
        sleep(lasts).await;
        self.servers.free_disk();
        // A PostgreSQL that cannot write its log ends.
        self.servers.up().await;
    }

    /// How long after `healed` the first lead that is posted from now on is accepted and has run.
    async fn recover(&self, healed: Instant) -> Option<Duration> {
        while healed.elapsed() < RECOVERY_LIMIT {
            let answer = tokio::time::timeout(Duration::from_secs(2), self.client.post()).await;
            if let Ok(Answer::Accepted(receipt)) = answer {
                while healed.elapsed() < RECOVERY_LIMIT {
                    if self.has_run(&receipt).await {
                        return Some(healed.elapsed());
                    }
                    sleep(Duration::from_millis(20)).await;
                }
            }
            sleep(Duration::from_millis(20)).await;
        }
        None
    }

    async fn has_run(&self, receipt: &str) -> bool {
        let Ok(client) = self.servers.connect().await else { return false };
        let statement = format!("SELECT FROM receipts WHERE id = '{receipt}'");
        client.query(&statement, &[]).await.is_ok_and(|rows| !rows.is_empty())
    }
}

async fn kill_and_start(actors: &mut [Actor], after: Duration) {
    actors.iter_mut().for_each(Actor::kill);
    sleep(after).await;
    actors.iter_mut().for_each(Actor::start);
}

async fn freeze(actor: &Actor, lasts: Duration) {
    actor.signal("STOP");
    sleep(lasts).await;
    actor.signal("CONT");
}

async fn freeze_all(pids: &[u32], lasts: Duration) {
    pids.iter().for_each(|pid| signal(*pid, "STOP"));
    sleep(lasts).await;
    pids.iter().for_each(|pid| signal(*pid, "CONT"));
}

async fn harm_link(cast: &Cast, way: Way, mode: Mode, lasts: Duration) {
    cast.set(way, mode);
    sleep(lasts).await;
    cast.set(way, Mode::Pass);
}

/// As a rollout does it: the next one is told to stop when the one before it is back.
async fn rolling_restart(cast: &mut Cast) -> Vec<String> {
    let mut complaints = Vec::new();
    for worker in &mut cast.workers {
        if !worker.terminate().await {
            complaints.push("a worker that was told to stop did not end with 0".to_owned());
        }
        worker.kill();
        worker.start();
        worker.ready().await;
    }
    complaints
}
