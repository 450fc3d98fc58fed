//! A process of Postern's, started from the binary that was built, with what it says of itself.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};

use serde_json::Value;

use super::servers::{Servers, setting};
use super::{TOKEN, eventually};

/// A running process; killed when dropped.
pub struct Process {
    child: Child,
    log: Arc<Mutex<Vec<String>>>,
}

impl Process {
    pub fn start(binary: &str, servers: &Servers, environment: &[(&str, &str)]) -> Self {
        Self::start_in(&binaries(), binary, servers, environment)
    }

    /// The same with the programs of a folder.
    pub fn start_in(folder: &Path, binary: &str, servers: &Servers, environment: &[(&str, &str)]) -> Self {
        let mut command = Self::command_in(folder, binary);
        command.env("DATABASE_URL", servers.database_url_of(binary)).env("AMQP_URL", &servers.amqp_url);
        command.envs(environment.iter().copied());
        Self::spawn(&mut command)
    }

    /// A program that was built, on free ports of loopback, that knows no server.
    pub fn command(binary: &str) -> Command {
        Self::command_in(&binaries(), binary)
    }

    fn command_in(folder: &Path, binary: &str) -> Command {
        let mut command = Command::new(folder.join(binary));
        command.env_remove("DATABASE_URL").env_remove("AMQP_URL");
        for listener in ["POSTERN_LISTEN", "POSTERN_PRIVATE_LISTEN", "POSTERN_WORKER_LISTEN"] {
            command.env(listener, "127.0.0.1:0");
        }
        // `postern` serves the panel by its private listener.
        if binary == "postern-control" {
            command.env("POSTERN_CONTROL_LISTEN", "127.0.0.1:0");
        }
        command.env("POSTERN_LOG_FORMAT", "json").env("POSTERN_API_TOKEN", TOKEN).stderr(Stdio::piped());
        command
    }

    /// Starts a command of [`Self::command`].
    pub fn spawn(command: &mut Command) -> Self {
        let mut child =
            command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}: run tests/run, which builds it"));
        let log = Arc::new(Mutex::new(Vec::new()));
        let lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let sink = Arc::clone(&log);
        std::thread::spawn(move || lines.map_while(Result::ok).for_each(|line| sink.lock().unwrap().push(line)));
        Self { child, log }
    }

    /// Starts a command of [`Self::command`] whose standard error goes elsewhere: it has no log.
    pub fn unheard(command: &mut Command, stderr: impl Into<Stdio>) -> Self {
        let child = command.stderr(stderr).spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
        Self { child, log: Arc::default() }
    }

    /// The address in the log line with this message, when it has come.
    pub async fn address(&mut self, message: &str) -> SocketAddr {
        eventually(message, async || {
            if let Some(status) = self.child.try_wait().unwrap() {
                panic!("the process ended ({status}):\n{}", self.log());
            }
            let lines = self.log.lock().unwrap();
            let line = lines.iter().find(|line| line.contains(message))?;
            serde_json::from_str::<Value>(line).unwrap()["address"].as_str()?.parse().ok()
        })
        .await
    }

    /// What it has logged so far.
    pub fn log(&self) -> String {
        self.log.lock().unwrap().join("\n")
    }

    /// Its number.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// The most memory that it has taken so far, in MB.
    pub fn peak_megabytes(&self) -> f64 {
        self.megabytes("VmHWM:")
    }

    /// The memory that it takes now, in MB.
    pub fn resident_megabytes(&self) -> f64 {
        self.megabytes("VmRSS:")
    }

    fn megabytes(&self, name: &str) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        line.trim().trim_end_matches(" kB").parse::<f64>().unwrap() / 1_024.0
    }

    /// SIGKILL: it can do nothing about it.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// SIGSTOP: it stands still and holds what it holds.
    pub fn freeze(&self) {
        self.signal("STOP");
    }

    /// SIGCONT: it goes on as if no time had passed.
    pub fn thaw(&self) {
        self.signal("CONT");
    }

    /// SIGTERM: it is asked to end.
    pub fn terminate(&self) {
        self.signal("TERM");
    }

    /// SIGINT: Ctrl-C.
    pub fn interrupt(&self) {
        self.signal("INT");
    }

    /// Waits for its end; true if it exited with 0.
    pub async fn ended(&mut self) -> bool {
        eventually("the process has ended", async || self.child.try_wait().unwrap()).await.success()
    }

    fn signal(&self, name: &str) {
        let status = Command::new("kill").args(["-s", name, &self.child.id().to_string()]).status().unwrap();
        assert!(status.success(), "the signal {name} could not be sent");
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The folder of the programs that were built.
fn binaries() -> PathBuf {
    PathBuf::from(setting("POSTERN_BIN_DIR"))
}
