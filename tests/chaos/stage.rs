//! What the leads are posted to, in one of its forms, and what can be done to it in more than one.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;

use crate::actor::Actor;
use crate::alone::Alone;
use crate::cast::Cast;
use crate::clock::Clock;
use crate::cluster::Cluster;
use crate::commits;
use crate::crm::Crm;
use crate::database::Database;
use crate::link::{Link, Mode};
use crate::logs::Logs;
use crate::pair::Pair;
use crate::plan::{Fault, Form, Strike, Way};
use crate::servers::Servers;
use crate::settings::{self, Targets};

pub struct Stage {
    services: Services,
    /// The way to the system that leads ask.
    target: Link,
    crm: Arc<Crm>,
    clock: Option<Clock>,
    logs: Arc<Logs>,
}

enum Services {
    Pair(Pair),
    Alone(Alone),
    Cluster(Cluster),
}

impl Stage {
    /// Starts everything, with the settings for the leads, which reach outside at an address and in a vtiger. `moves_clock`:
    /// the services follow a clock that can be moved, which makes them slower.
    pub async fn start(form: Form, outside: SocketAddr, crm: Arc<Crm>, moves_clock: bool) -> Self {
        let (target, logs) = (Link::to(outside).await, Logs::new());
        let targets = Targets { outside: target.address, crm: crm.url() };
        let clock = if moves_clock { Clock::new(logs.beside()) } else { None };
        let services = match form {
            Form::Pair => {
                let servers = Arc::new(Servers::boot().await);
                settings::apply(&servers.database, &targets).await;
                Services::Pair(Pair { cast: Cast::start(&servers.urls(), &logs, clock.as_ref()).await, servers })
            }
            Form::Alone => {
                let alone = Alone::start(&logs, clock.as_ref()).await;
                settings::apply(&alone.database, &targets).await;
                Services::Alone(alone)
            }
            Form::Cluster => Services::Cluster(Cluster::start(&targets, &logs, clock.as_ref()).await),
        };
        Self { services, target, crm, clock, logs: Arc::new(logs) }
    }

    /// Where clients post to.
    pub fn doors(&self) -> Vec<SocketAddr> {
        match &self.services {
            Services::Pair(pair) => pair.cast.doors(),
            Services::Alone(alone) => vec![alone.door()],
            Services::Cluster(cluster) => cluster.cast.doors(),
        }
    }

    pub fn database(&self) -> Database {
        match &self.services {
            Services::Pair(pair) => pair.servers.database.clone(),
            Services::Alone(alone) => alone.database.clone(),
            Services::Cluster(cluster) => cluster.database(),
        }
    }

    /// Does it, heals it, and returns what happened although it should not.
    pub async fn harm_and_heal(&mut self, strike: &Strike) -> Vec<String> {
        match strike.fault {
            Fault::HangingTarget => {
                self.target.set(Mode::Stall);
                sleep(strike.lasts).await;
                self.target.set(Mode::Pass);
            }
            Fault::Vtiger(trouble) => self.crm.harm_and_heal(trouble, strike.lasts).await,
            Fault::SlowCommits => commits::slow(&self.database(), strike.lasts).await,
            Fault::CancelledCommits => commits::cancelled(&self.database(), strike.lasts).await,
            Fault::ClockJump => {
                if let Some(clock) = &self.clock {
                    clock.jump_ahead();
                    sleep(strike.lasts).await;
                    clock.jump_back();
                }
            }
            Fault::LogDiskFull => return self.fill_the_disk_of_the_logs(strike.lasts).await,
            _ => return self.harm_services(strike).await,
        }
        Vec::new()
    }

    /// A full disk harms only those that have something to say, so PostgreSQL is taken from them meanwhile.
    async fn fill_the_disk_of_the_logs(&mut self, lasts: Duration) -> Vec<String> {
        let logs = Arc::clone(&self.logs);
        if !tokio::task::spawn_blocking(move || logs.fill()).await.unwrap() {
            return Vec::new();
        }
        let faults = match self.services {
            Services::Pair(_) => vec![Fault::Cut(Way::IngressPostgres), Fault::Cut(Way::WorkerPostgres)],
            Services::Alone(_) => vec![Fault::KillPostgres],
            Services::Cluster(_) => vec![Fault::KillStandbys],
        };
        let mut complaints = Vec::new();
        for fault in faults {
            complaints.extend(self.harm_services(&Strike { fault, victim: 0, lasts: lasts / 2 }).await);
        }
        sleep(lasts / 2).await;
        self.logs.free();
        complaints
    }

    async fn harm_services(&mut self, strike: &Strike) -> Vec<String> {
        match &mut self.services {
            Services::Pair(pair) => pair.harm_and_heal(strike).await,
            Services::Alone(alone) => alone.harm_and_heal(strike).await,
            Services::Cluster(cluster) => cluster.harm_and_heal(strike).await,
        }
    }

    /// Those that have ended although nobody told them to are started again, and complained of.
    pub fn replace_ended(&mut self) -> Vec<String> {
        let ended = self.actors().into_iter().filter_map(|actor| actor.has_ended().then_some(actor));
        ended
            .map(|actor| {
                actor.start();
                format!("{} ended by itself", actor.name)
            })
            .collect()
    }

    /// Waits until all are ready.
    pub async fn ready(&mut self) {
        for actor in self.actors() {
            actor.ready().await;
        }
    }

    /// All went well: the logs are not wanted any more.
    pub fn forget_logs(&mut self) {
        match &mut self.services {
            Services::Pair(pair) => pair.servers.forget_logs(),
            Services::Alone(alone) => alone.forget_logs(),
            Services::Cluster(cluster) => cluster.forget_logs(),
        }
        Arc::get_mut(&mut self.logs).into_iter().for_each(Logs::forget);
    }

    fn actors(&mut self) -> Vec<&mut Actor> {
        match &mut self.services {
            Services::Pair(pair) => pair.cast.all().collect(),
            Services::Alone(alone) => vec![&mut alone.program],
            Services::Cluster(cluster) => cluster.cast.all().collect(),
        }
    }
}
