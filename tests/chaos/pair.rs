//! Ingress and worker with RabbitMQ between them, and what is done to them.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;

use crate::actor::{freeze, freeze_all, kill_and_start, restart_in_turn};
use crate::cast::Cast;
use crate::link::Mode;
use crate::plan::{Fault, INGRESSES, Strike, WORKERS, Way};
use crate::processes::kill;
use crate::servers::Servers;

pub struct Pair {
    pub cast: Cast,
    // Dropped after those that use them.
    pub servers: Arc<Servers>,
}

impl Pair {
    /// Does it, heals it, and returns what happened although it should not.
    pub async fn harm_and_heal(&mut self, strike: &Strike) -> Vec<String> {
        let (servers, cast) = (Arc::clone(&self.servers), &mut self.cast);
        let ingress = strike.victim % INGRESSES;
        let worker = strike.victim % WORKERS;
        match strike.fault {
            Fault::KillIngress => kill_and_start(&mut cast.ingresses[ingress..=ingress], strike.lasts).await,
            Fault::KillWorker => kill_and_start(&mut cast.workers[worker..=worker], strike.lasts).await,
            Fault::KillAllWorkers => kill_and_start(&mut cast.workers, strike.lasts).await,
            Fault::KillRabbitmq => kill_servers(&servers, &["rabbitmq"], strike.lasts).await,
            Fault::KillPostgres => kill_servers(&servers, &["postgres"], strike.lasts).await,
            Fault::KillBoth => kill_servers(&servers, &["rabbitmq", "postgres"], strike.lasts).await,
            Fault::FreezeIngress => freeze(&cast.ingresses[ingress], strike.lasts).await,
            Fault::FreezeWorker => freeze(&cast.workers[worker], strike.lasts).await,
            Fault::FreezeRabbitmq => freeze_all(&servers.tree("rabbitmq"), strike.lasts).await,
            Fault::FreezePostgres => freeze_all(&servers.tree("postgres"), strike.lasts).await,
            Fault::Cut(way) => harm_link(cast, way, Mode::Cut, strike.lasts).await,
            Fault::Stall(way) => harm_link(cast, way, Mode::Stall, strike.lasts).await,
            Fault::Swallow(way) => harm_link(cast, way, Mode::Swallow, strike.lasts).await,
            Fault::Reset(way) => harm_link(cast, way, Mode::Reset, Duration::from_millis(50)).await,
            Fault::RollingRestart => return restart_in_turn(&mut cast.workers).await,
            Fault::MemoryAlarm => {
                alarm(&servers, true).await;
                sleep(strike.lasts).await;
                alarm(&servers, false).await;
            }
            Fault::OutOfConnections => {
                let taken = servers.database.take_all_connections().await;
                sleep(strike.lasts).await;
                drop(taken);
            }
            Fault::DiskFull => fill_the_disk(&servers, strike.lasts).await,
            other => panic!("{other:?} is not for this form"),
        }
        Vec::new()
    }
}

async fn kill_servers(servers: &Servers, names: &[&str], lasts: Duration) {
    for name in names {
        kill(&servers.tree(name));
    }
    sleep(lasts).await;
    servers.up().await;
}

async fn alarm(servers: &Arc<Servers>, on: bool) {
    let servers = Arc::clone(servers);
    tokio::task::spawn_blocking(move || servers.memory_alarm(on)).await.unwrap();
}

async fn fill_the_disk(servers: &Arc<Servers>, lasts: Duration) {
    if let Some(disk) = servers.disk.clone() {
        let filled = Arc::clone(&disk);
        tokio::task::spawn_blocking(move || filled.fill()).await.unwrap();
        sleep(lasts).await;
        disk.free();
        // A PostgreSQL that cannot write its log ends.
        servers.up().await;
    }
}

async fn harm_link(cast: &Cast, way: Way, mode: Mode, lasts: Duration) {
    cast.set(way, mode);
    sleep(lasts).await;
    cast.set(way, Mode::Pass);
}
