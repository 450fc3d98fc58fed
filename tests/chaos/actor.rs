//! A process of Postern's that is killed, frozen and started again.

use std::fs::File;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::clock::Clock;
use crate::logs::Logs;
use crate::processes::{free_address, signal};
use crate::settings::SECRETS_KEY;

/// How long a process may take until it is ready, or has ended; far above what it takes.
const PATIENCE: Duration = Duration::from_secs(90);

/// A process that can be started again.
pub struct Actor {
    pub name: String,
    binary: &'static str,
    environment: Vec<(&'static str, String)>,
    /// Where it says whether it is ready.
    private: Vec<SocketAddr>,
    log: PathBuf,
    child: Option<Child>,
}

impl Actor {
    /// One that writes its log among those of the others, and follows a clock. Those variables that name addresses say
    /// where it is asked whether it is ready.
    pub fn new(
        name: String,
        binary: &'static str,
        mut environment: Vec<(&'static str, String)>,
        privately: &[&'static str],
        logs: &Logs,
        clock: Option<&Clock>,
    ) -> Self {
        let private: Vec<SocketAddr> = privately.iter().map(|_| free_address()).collect();
        environment.extend(privately.iter().zip(&private).map(|(name, address)| (*name, address.to_string())));
        // The target of the leads that reach outside is on this machine.
        environment.push(("POSTERN_ALLOWED_TARGETS", "127.0.0.0/8".to_owned()));
        environment.push(("POSTERN_SECRETS_KEY", SECRETS_KEY.to_owned()));
        environment.extend(clock.map(Clock::environment).unwrap_or_default());
        let log = logs.folder().join(format!("{}.log", name.replace(' ', "-")));
        Self { name, binary, environment, private, log, child: None }
    }

    pub fn start(&mut self) {
        let log = File::options().create(true).append(true).open(&self.log).unwrap();
        let child = Command::new(program(self.binary))
            .args((self.binary == "postern").then_some("serve"))
            .env_remove("DATABASE_URL")
            .env_remove("AMQP_URL")
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
        while started.elapsed() < PATIENCE {
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
            assert!(started.elapsed() < PATIENCE, "{} does not become ready: {}", self.name, self.log.display());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    pub async fn is_ready(&self) -> bool {
        for private in &self.private {
            let asked = reqwest::Client::new().get(format!("http://{private}/health/ready"));
            let answer = asked.timeout(Duration::from_secs(1)).send().await;
            if !answer.is_ok_and(|answer| answer.status().is_success()) {
                return false;
            }
        }
        true
    }
}

impl Drop for Actor {
    fn drop(&mut self) {
        self.kill();
    }
}

pub async fn kill_and_start(actors: &mut [Actor], after: Duration) {
    actors.iter_mut().for_each(Actor::kill);
    tokio::time::sleep(after).await;
    actors.iter_mut().for_each(Actor::start);
}

/// As a rollout does it: the next one is told to stop when the one before it is back. Returns what went wrong.
pub async fn restart_in_turn(actors: &mut [Actor]) -> Vec<String> {
    let mut complaints = Vec::new();
    for actor in actors {
        if !actor.terminate().await {
            complaints.push(format!("{} was told to stop and did not end with 0", actor.name));
        }
        actor.kill();
        actor.start();
        actor.ready().await;
    }
    complaints
}

pub async fn freeze(actor: &Actor, lasts: Duration) {
    actor.signal("STOP");
    tokio::time::sleep(lasts).await;
    actor.signal("CONT");
}

pub async fn freeze_all(pids: &[u32], lasts: Duration) {
    pids.iter().for_each(|pid| signal(*pid, "STOP"));
    tokio::time::sleep(lasts).await;
    pids.iter().for_each(|pid| signal(*pid, "CONT"));
}

/// Where a program of the workspace was built: beside this one.
fn program(name: &str) -> PathBuf {
    std::env::current_exe().unwrap().with_file_name(name)
}
