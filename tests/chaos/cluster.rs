//! Ingress and worker on three nodes of RabbitMQ and a PostgreSQL with two standbys, and what is done to them.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::time::Duration;

use tokio::time::sleep;

use crate::actor::restart_in_turn;
use crate::brokers::{self, Brokers};
use crate::cast::{Cast, Urls};
use crate::clock::Clock;
use crate::database::Database;
use crate::logs::Logs;
use crate::plan::{Fault, HANGS_S, Strike, WORKERS};
use crate::replicas::Replicas;
use crate::settings::{self, Targets};

/// So long after the promotion the services may have sessions with the old primary.
const LEFT_AFTER: Duration = Duration::from_secs(9);

pub struct Cluster {
    pub cast: Cast,
    // Dropped after those that use them.
    brokers: Brokers,
    replicas: Replicas,
    folder: PathBuf,
}

impl Cluster {
    /// Starts the servers, the settings and the services, and returns when all are ready.
    pub async fn start(targets: &Targets, logs: &Logs, clock: Option<&Clock>) -> Self {
        let folder = std::env::temp_dir().join(format!("postern-chaos-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        fs::set_permissions(&folder, Permissions::from_mode(0o755)).unwrap();
        let (brokers, replicas) = (Brokers::boot(&folder).await, Replicas::boot(&folder).await);
        settings::apply(&Database { url: replicas.url() }, targets).await;
        let urls = Urls { database: replicas.url(), amqp: brokers.url(), links: None };
        let cast = Cast::start(&urls, logs, clock).await;
        Self { cast, brokers, replicas, folder }
    }

    /// The primary, whichever it is.
    pub fn database(&self) -> Database {
        Database { url: self.replicas.url() }
    }

    /// The logs are not wanted any more.
    pub fn forget_logs(&mut self) {
        self.cast.all().for_each(crate::actor::Actor::kill);
        self.brokers.nodes.iter_mut().chain(&mut self.replicas.servers).for_each(crate::server::Server::kill);
        let _ = fs::remove_dir_all(&self.folder);
    }

    /// Does it, heals it, and returns what happened although it should not.
    pub async fn harm_and_heal(&mut self, strike: &Strike) -> Vec<String> {
        let Strike { fault, victim, lasts } = *strike;
        let node = victim % brokers::NAMES.len();
        let standbys = self.replicas.standbys();
        match fault {
            Fault::KillLeader => {
                let leader = self.brokers.leader().await;
                self.kill_nodes(&[leader], lasts).await;
            }
            Fault::FreezeLeader => {
                let leader = self.brokers.leader().await;
                self.freeze_node(leader, lasts).await;
            }
            Fault::KillNode => self.kill_nodes(&[node], lasts).await,
            Fault::FreezeNode => self.freeze_node(node, lasts).await,
            Fault::NoQuorum => self.kill_nodes(&[node, (node + 1) % brokers::NAMES.len()], lasts).await,
            Fault::RestartNodes => self.restart_nodes().await,
            Fault::KillPrimary => self.kill_primary(lasts, false).await,
            Fault::RevivedPrimary => return self.revive_primary(victim, lasts).await,
            Fault::OvertakenPrimary => return self.overtake_primary(lasts).await,
            Fault::FreezePrimary => {
                self.freeze_servers(&[self.replicas.primary], lasts).await;
            }
            Fault::KillStandby => self.kill_servers(&standbys[victim % 2..=victim % 2], lasts).await,
            Fault::FreezeStandby => self.freeze_servers(&standbys[victim % 2..=victim % 2], lasts).await,
            Fault::KillStandbys => return self.kill_standbys(&standbys, &[], lasts).await,
            Fault::NothingIsKept => {
                let nodes = [node, (node + 1) % brokers::NAMES.len()];
                return self.kill_standbys(&standbys, &nodes, lasts).await;
            }
            Fault::RollingRestart => return restart_in_turn(&mut self.cast.workers).await,
            other => panic!("{other:?} is not for this form"),
        }
        Vec::new()
    }

    async fn kill_nodes(&mut self, nodes: &[usize], lasts: Duration) {
        nodes.iter().for_each(|at| self.brokers.nodes[*at].kill());
        sleep(lasts).await;
        nodes.iter().for_each(|at| self.brokers.start(*at));
        for at in nodes {
            self.brokers.answers(*at).await;
        }
    }

    async fn freeze_node(&self, at: usize, lasts: Duration) {
        self.brokers.nodes[at].freeze(true);
        sleep(lasts).await;
        self.brokers.nodes[at].freeze(false);
    }

    /// As an upgrade does it.
    async fn restart_nodes(&mut self) {
        for at in 0..brokers::NAMES.len() {
            self.brokers.nodes[at].stop().await;
            self.brokers.start(at);
            self.brokers.answers(at).await;
        }
    }

    /// The best standby takes over; the old primary comes back as a standby, unless it is `kept`.
    async fn kill_primary(&mut self, lasts: Duration, is_kept: bool) {
        let old = self.replicas.primary;
        self.replicas.servers[old].kill();
        sleep(lasts).await;
        self.replicas.fail_over().await;
        if !is_kept {
            self.replicas.rebuild(old).await;
        }
    }

    /// The old primary comes back as a second primary, and a worker is started that has seen neither.
    async fn revive_primary(&mut self, victim: usize, lasts: Duration) -> Vec<String> {
        let old = self.replicas.primary;
        self.kill_primary(lasts, true).await;
        self.replicas.start(old);
        self.replicas.answers(old).await;
        let worker = victim % WORKERS;
        let mut complaints = restart_in_turn(&mut self.cast.workers[worker..=worker]).await;
        complaints.extend(self.works_on(old).await);
        self.replicas.rebuild(old).await;
        complaints
    }

    /// The old primary keeps its sessions, which must end by themselves.
    async fn overtake_primary(&mut self, lasts: Duration) -> Vec<String> {
        let old = self.replicas.primary;
        self.replicas.servers[old].freeze(true);
        sleep(lasts).await;
        self.replicas.fail_over().await;
        self.replicas.servers[old].freeze(false);
        sleep(LEFT_AFTER).await;
        let complaints = Vec::from_iter(self.works_on(old).await);
        self.replicas.rebuild(old).await;
        complaints
    }

    /// A complaint if services work on a server. Sessions that only ask who it is do not count, nor do those whose client
    /// has gone: the server keeps them while their commit waits for a standby.
    async fn works_on(&self, at: usize) -> Option<String> {
        let sessions = "SELECT string_agg(application_name || ': ' || left(query, 60), '; ') FROM pg_stat_activity
            WHERE application_name LIKE 'postern-%' AND query <> '' AND query NOT LIKE '-- identity::ask%'
                AND (state = 'idle' OR query_start > now() - interval '2 s')";
        let server = self.replicas.of("postern", at).connect().await.unwrap();
        let found: Option<String> = server.query_one(sessions, &[]).await.unwrap().get(0);
        found.map(|sessions| format!("services work on the old primary: {sessions}"))
    }

    async fn freeze_servers(&self, servers: &[usize], lasts: Duration) {
        servers.iter().for_each(|at| self.replicas.servers[*at].freeze(true));
        sleep(lasts).await;
        servers.iter().for_each(|at| self.replicas.servers[*at].freeze(false));
    }

    /// With some nodes of RabbitMQ beside them. Who could keep nothing for some seconds must not be ready.
    async fn kill_standbys(&mut self, standbys: &[usize], nodes: &[usize], lasts: Duration) -> Vec<String> {
        nodes.iter().for_each(|at| self.brokers.nodes[*at].kill());
        standbys.iter().for_each(|at| self.replicas.servers[*at].kill());
        sleep(lasts).await;
        let mut complaints = Vec::new();
        if lasts >= Duration::from_secs(HANGS_S) {
            let ingresses = self.cast.ingresses.iter().filter(|_| !nodes.is_empty());
            for actor in self.cast.workers.iter().chain(ingresses) {
                if actor.is_ready().await {
                    complaints.push(format!("{} is ready although no commit passes", actor.name));
                }
            }
        }
        self.kill_nodes(nodes, Duration::ZERO).await;
        self.kill_servers(standbys, Duration::ZERO).await;
        complaints
    }

    async fn kill_servers(&mut self, servers: &[usize], lasts: Duration) {
        servers.iter().for_each(|at| self.replicas.servers[*at].kill());
        sleep(lasts).await;
        for at in servers {
            self.replicas.start(*at);
            self.replicas.answers(*at).await;
        }
    }
}
