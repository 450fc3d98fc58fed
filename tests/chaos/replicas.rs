//! A PostgreSQL with two standbys, of which one must confirm each commit, and what an operator's failover does with them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::database::Database;
use super::processes::free_address;
use super::server::{Server, until};

/// The servers, by the names under which they follow.
pub const NAMES: [&str; 3] = ["p0", "p1", "p2"];

/// The primary and its standbys.
pub struct Replicas {
    folder: PathBuf,
    programs: PathBuf,
    pub servers: Vec<Server>,
    pub primary: usize,
}

impl Replicas {
    /// Makes the primary, copies it twice, and waits until both follow.
    pub async fn boot(folder: &Path) -> Self {
        let folder = folder.join("postgres");
        fs::create_dir_all(&folder).unwrap();
        let servers = NAMES.map(|name| Server::new(free_address().port(), folder.join(format!("{name}.log"))));
        let mut replicas = Self { programs: programs(), servers: servers.into(), primary: 0, folder };
        if is_root() {
            run(Command::new("chown").arg("postgres").arg(&replicas.folder)).await;
        }
        let mut make = replicas.command("initdb");
        make.args(["-U", "postern", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync", "-D"]);
        run(make.arg(replicas.data(0))).await;
        // Commits must not wait for standbys that are not there yet.
        replicas.start_with(0, "");
        replicas.answers(0).await;
        replicas.of("postgres", 0).sql("CREATE DATABASE postern").await;
        for at in 1..NAMES.len() {
            replicas.copy_from_primary(at).await;
            replicas.start(at);
            replicas.answers(at).await;
        }
        replicas.servers[0].stop().await;
        replicas.start(0);
        replicas.answers(0).await;
        replicas
    }

    /// All of them, for those who write.
    pub fn url(&self) -> String {
        let hosts: Vec<_> = self.servers.iter().map(|server| format!("127.0.0.1:{}", server.port)).collect();
        format!("postgres://postern@{}/postern?target_session_attrs=read-write&connect_timeout=3", hosts.join(","))
    }

    /// Those that are not the primary.
    pub fn standbys(&self) -> Vec<usize> {
        (0..NAMES.len()).filter(|at| *at != self.primary).collect()
    }

    /// As a primary, or as a standby of the primary if its data are that of one.
    pub fn start(&mut self, at: usize) {
        self.start_with(at, "ANY 1 (p0, p1, p2)");
    }

    /// Waits until a server takes connections.
    pub async fn answers(&self, at: usize) {
        let database = self.of("postgres", at);
        until("a PostgreSQL answers", async || database.connect().await.ok()).await;
    }

    /// Promotes the standby that has received most, lets the other one follow it, and forgets the old primary.
    pub async fn fail_over(&mut self) {
        let mut received = Vec::new();
        for at in self.standbys().into_iter().filter(|at| self.servers[*at].is_up()) {
            let client = self.of("postgres", at).connect().await.unwrap();
            let asked = "SELECT (pg_last_wal_receive_lsn() - '0/0')::bigint";
            received.push((client.query_one(asked, &[]).await.unwrap().get::<_, Option<i64>>(0), at));
        }
        let (_, chosen) = received.into_iter().max().unwrap();
        self.of("postgres", chosen).sql("SELECT pg_promote(true, 60)").await;
        let old = std::mem::replace(&mut self.primary, chosen);
        for at in self.standbys().into_iter().filter(|at| *at != old) {
            self.servers[at].stop().await;
            self.start(at);
            self.answers(at).await;
        }
    }

    /// Makes a server a standby of the primary, with a new copy of its data.
    pub async fn rebuild(&mut self, at: usize) {
        self.servers[at].kill();
        let data = self.data(at);
        if data.exists() {
            fs::remove_dir_all(data).unwrap();
        }
        self.copy_from_primary(at).await;
        self.start(at);
        self.answers(at).await;
    }

    async fn copy_from_primary(&self, at: usize) {
        let port = self.servers[self.primary].port.to_string();
        let mut copy = self.command("pg_basebackup");
        copy.args([
            "-h",
            "127.0.0.1",
            "-p",
            &port,
            "-U",
            "postern",
            "-R",
            "-X",
            "stream",
            "-c",
            "fast",
            "--no-sync",
            "-D",
        ]);
        run(copy.arg(self.data(at))).await;
    }

    fn start_with(&mut self, at: usize, synchronous: &str) {
        let mut command = self.command("postgres");
        let follows = format!(
            "primary_conninfo=host=127.0.0.1 port={} user=postern application_name={}",
            self.servers[self.primary].port, NAMES[at]
        );
        let port = format!("port={}", self.servers[at].port);
        let synchronous = format!("synchronous_standby_names={synchronous}");
        command.arg("-D").arg(self.data(at));
        for setting in [
            &port,
            &follows,
            &synchronous,
            "listen_addresses=127.0.0.1",
            "unix_socket_directories=",
            "max_connections=200",
            "shared_buffers=64MB",
            "wal_keep_size=512MB",
            "track_commit_timestamp=on",
            "wal_receiver_timeout=5s",
            "wal_sender_timeout=5s",
        ] {
            command.args(["-c", setting]);
        }
        self.servers[at].start(&mut command);
    }

    /// One server alone.
    pub fn of(&self, database: &str, at: usize) -> Database {
        Database { url: format!("postgres://postern@127.0.0.1:{}/{database}?connect_timeout=3", self.servers[at].port) }
    }

    fn data(&self, at: usize) -> PathBuf {
        self.folder.join(NAMES[at])
    }

    /// As a user that is not root, as which PostgreSQL does not run.
    fn command(&self, program: &str) -> Command {
        let program = self.programs.join(program);
        if !is_root() {
            return Command::new(program);
        }
        let mut command = Command::new("setpriv");
        command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups", "--"]).arg(program);
        command.current_dir(&self.folder);
        command
    }
}

/// Those of the newest version.
fn programs() -> PathBuf {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let newest = versions.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok()).max();
    PathBuf::from(format!("/usr/lib/postgresql/{}/bin", newest.expect("no PostgreSQL is installed")))
}

fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|me| std::os::unix::fs::MetadataExt::uid(&me) == 0)
}

async fn run(command: &mut Command) {
    let mut command = tokio::process::Command::from(std::mem::replace(command, Command::new("")));
    let done = command.output().await.unwrap();
    assert!(done.status.success(), "{command:?}: {}", String::from_utf8_lossy(&done.stderr));
}
