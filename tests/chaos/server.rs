//! A server of a cluster: a process that is started by a command, and all that it has started.

use std::fs::File;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::processes::{family, kill, signal};

/// How long a server may take until it is there, or gone; far above what it takes.
const PATIENCE: Duration = Duration::from_secs(120);

/// One that can be started again.
pub struct Server {
    pub port: u16,
    log: PathBuf,
    child: Option<Child>,
}

/// It is killed. What it wrote stays.
impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

impl Server {
    pub fn new(port: u16, log: PathBuf) -> Self {
        Self { port, log, child: None }
    }

    /// In a process group of its own, so that Ctrl-C in the terminal does not reach it.
    pub fn start(&mut self, command: &mut Command) {
        use std::os::unix::process::CommandExt;
        let log = File::options().create(true).append(true).open(&self.log).unwrap();
        let to_log = log.try_clone().unwrap();
        let child = command.stdin(Stdio::null()).stdout(log).stderr(to_log).process_group(0).spawn();
        self.child = Some(child.unwrap_or_else(|error| panic!("{command:?}: {error}")));
    }

    pub fn is_up(&self) -> bool {
        self.child.is_some()
    }

    /// SIGKILL to all of it.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            kill(&family(vec![child.id()]));
            let _ = child.wait();
        }
    }

    /// SIGTERM, and waits until it is gone.
    pub async fn stop(&mut self) {
        if let Some(child) = &mut self.child {
            signal(child.id(), "TERM");
            let end = Instant::now() + PATIENCE;
            while child.try_wait().unwrap().is_none() && Instant::now() < end {
                sleep(Duration::from_millis(50)).await;
            }
        }
        self.kill();
    }

    /// SIGSTOP to all of it, or SIGCONT.
    pub fn freeze(&self, is_frozen: bool) {
        for pid in family(self.child.iter().map(Child::id).collect()) {
            signal(pid, if is_frozen { "STOP" } else { "CONT" });
        }
    }
}

/// Asks until something is there.
pub async fn until<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let end = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = ask().await {
            return found;
        }
        assert!(Instant::now() < end, "still not true: {what}");
        sleep(Duration::from_millis(100)).await;
    }
}
