//! The processes on the stage: two ingresses and three workers, each with links of its own to the servers.

use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

use crate::link::{Link, Mode};
use crate::plan::{INGRESSES, WORKERS, Way};
use crate::servers::Servers;

/// How long a process may take until it is ready; far above what it takes.
const READY_LIMIT: Duration = Duration::from_secs(90);

/// A process that can be started again.
pub struct Actor {
    name: String,
    binary: &'static str,
    environment: Vec<(&'static str, String)>,
    private: SocketAddr,
    log: PathBuf,
    child: Option<Child>,
    postgres: Link,
    rabbitmq: Link,
}

impl Actor {
    async fn new(binary: &'static str, number: usize, servers: &Servers) -> Self {
        let postgres = Link::to(servers.postgres_address()).await;
        let rabbitmq = Link::to(servers.rabbitmq_address()).await;
        let private = free_address();
        let through =
            |url: &str, from: SocketAddr, link: &Link| url.replace(&from.to_string(), &link.address.to_string());
        let environment = vec![
            ("DATABASE_URL", through(&servers.database_url, servers.postgres_address(), &postgres)),
            ("AMQP_URL", through(&servers.amqp_url, servers.rabbitmq_address(), &rabbitmq)),
            ("POSTERN_PRIVATE_LISTEN", private.to_string()),
        ];
        let name = format!("{} {number}", binary.trim_start_matches("postern-"));
        let log = servers.folder().join(format!("{}.log", name.replace(' ', "-")));
        Self { name, binary, environment, private, log, child: None, postgres, rabbitmq }
    }

    pub fn start(&mut self) {
        let log = File::options().create(true).append(true).open(&self.log).unwrap();
        let child = Command::new(program(self.binary))
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stderr(log)
            .stdout(Stdio::null())
            .spawn();
        self.child = Some(child.unwrap_or_else(|error| panic!("{}: {error}: cargo build --workspace", self.binary)));
    }

    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    pub fn signal(&self, name: &str) {
        signal(self.child.as_ref().unwrap().id(), name);
    }

    /// SIGTERM; true if it ended by itself and with 0.
    pub async fn terminate(&mut self) -> bool {
        self.signal("TERM");
        let started = Instant::now();
        while started.elapsed() < READY_LIMIT {
            if let Some(status) = self.child.as_mut().unwrap().try_wait().unwrap() {
                return status.success();
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        false
    }

    /// Whether it has ended by itself, which it never should.
    pub fn has_ended(&mut self) -> bool {
        self.child.as_mut().is_some_and(|child| child.try_wait().unwrap().is_some())
    }

    /// Waits until it says that it is ready.
    pub async fn ready(&mut self) {
        let started = Instant::now();
        while !self.is_ready().await {
            assert!(!self.has_ended(), "{} ended by itself: {}", self.name, self.log.display());
            assert!(started.elapsed() < READY_LIMIT, "{} does not become ready: {}", self.name, self.log.display());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    async fn is_ready(&self) -> bool {
        let asked = reqwest::Client::new().get(format!("http://{}/health/ready", self.private));
        asked.timeout(Duration::from_secs(1)).send().await.is_ok_and(|answer| answer.status().is_success())
    }
}

impl Drop for Actor {
    fn drop(&mut self) {
        self.kill();
    }
}

/// All of them.
pub struct Cast {
    pub ingresses: Vec<Actor>,
    pub workers: Vec<Actor>,
    doors: Vec<Link>,
}

impl Cast {
    /// Starts them all, and returns when all are ready.
    pub async fn start(servers: &Servers) -> Self {
        let (mut ingresses, mut workers, mut doors) = (Vec::new(), Vec::new(), Vec::new());
        for number in 1..=INGRESSES {
            let public = free_address();
            let mut ingress = Actor::new("postern-ingress", number, servers).await;
            ingress.environment.push(("POSTERN_LISTEN", public.to_string()));
            ingresses.push(ingress);
            doors.push(Link::to(public).await);
        }
        for number in 1..=WORKERS {
            workers.push(Actor::new("postern-worker", number, servers).await);
        }
        let mut cast = Self { ingresses, workers, doors };
        cast.all().for_each(Actor::start);
        cast.ready().await;
        cast
    }

    /// Waits until all are ready.
    pub async fn ready(&mut self) {
        for actor in self.all() {
            actor.ready().await;
        }
    }

    /// Those that have ended although nobody told them to are started again, and named.
    pub fn replace_ended(&mut self) -> Vec<String> {
        let mut ended = Vec::new();
        for actor in self.all().filter_map(|actor| actor.has_ended().then_some(actor)) {
            ended.push(actor.name.clone());
            actor.start();
        }
        ended
    }

    /// Where clients reach the ingresses.
    pub fn public_addresses(&self) -> Vec<SocketAddr> {
        self.doors.iter().map(|door| door.address).collect()
    }

    /// What the links of one way do with what is sent.
    pub fn set(&self, way: Way, mode: Mode) {
        let (ingresses, workers) = (&self.ingresses, &self.workers);
        match way {
            Way::ClientIngress => self.doors.iter().for_each(|link| link.set(mode)),
            Way::IngressRabbitmq => ingresses.iter().for_each(|actor| actor.rabbitmq.set(mode)),
            Way::IngressPostgres => ingresses.iter().for_each(|actor| actor.postgres.set(mode)),
            Way::WorkerRabbitmq => workers.iter().for_each(|actor| actor.rabbitmq.set(mode)),
            Way::WorkerPostgres => workers.iter().for_each(|actor| actor.postgres.set(mode)),
        }
    }

    pub fn stop(&mut self) {
        self.all().for_each(Actor::kill);
    }

    fn all(&mut self) -> impl Iterator<Item = &mut Actor> {
        self.ingresses.iter_mut().chain(&mut self.workers)
    }
}

/// Where a program of the workspace was built: beside this one.
pub fn program(name: &str) -> PathBuf {
    std::env::current_exe().unwrap().with_file_name(name)
}

pub fn signal(pid: u32, name: &str) {
    // It may have ended by itself.
    let _ = Command::new("kill").args(["-s", name, &pid.to_string()]).stderr(Stdio::null()).status();
}

/// A process and all that it has started, as far as they are still its children.
pub fn descendants(pid: u32) -> Vec<u32> {
    let mut found = vec![pid];
    let mut at = 0;
    while at < found.len() {
        let children = fs::read_to_string(format!("/proc/{0}/task/{0}/children", found[at])).unwrap_or_default();
        found.extend(children.split_whitespace().filter_map(|pid| pid.parse::<u32>().ok()));
        at += 1;
    }
    found
}

/// An address of loopback on which nobody listens, below the ports that outgoing connections take; another each time.
fn free_address() -> SocketAddr {
    static GIVEN: AtomicU16 = AtomicU16::new(0);
    let first = u16::try_from(std::process::id() % 12_000).unwrap();
    loop {
        let port = 20_000 + (first + GIVEN.fetch_add(1, Ordering::Relaxed)) % 12_000;
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        if std::net::TcpListener::bind(address).is_ok() {
            return address;
        }
    }
}
