//! A PostgreSQL and a RabbitMQ of this run's own, booted by `deploy/dev`, and everything bad that can be done to them.
//! As root, PostgreSQL's data stand on a small file system in memory, so that its disk can be filled.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio_postgres::{Client, NoTls};

use crate::cast::{descendants, signal};

/// Of the file system of PostgreSQL's data: far above what a run writes, and soon filled.
const DISK: &str = "size=1500m";

/// Both servers.
pub struct Servers {
    folder: PathBuf,
    pub database_url: String,
    pub amqp_url: String,
    /// Whether PostgreSQL's disk can be filled.
    pub small_disk: bool,
    forget: AtomicBool,
}

/// Stops both. The folder with the logs stays unless all went well.
impl Drop for Servers {
    fn drop(&mut self) {
        ["postgres", "rabbitmq", "epmd"].iter().for_each(|name| kill(&self.tree(name)));
        if self.small_disk {
            let _ = Command::new("umount").arg("--lazy").arg(self.data()).status();
        }
        if self.forget.load(Ordering::Relaxed) {
            self.dev("down");
        } else {
            println!("logs: {}", self.folder.display());
        }
    }
}

impl Servers {
    pub async fn boot() -> Self {
        let folder = std::env::temp_dir().join(format!("postern-chaos-{}", std::process::id()));
        let mut servers = Self {
            folder,
            database_url: String::new(),
            amqp_url: String::new(),
            small_disk: false,
            forget: AtomicBool::new(false),
        };
        servers.up().await;
        servers.small_disk = servers.move_to_a_small_disk();
        if servers.small_disk {
            servers.up().await;
        }
        let environment = servers.dev("env").stdout;
        let environment = String::from_utf8(environment).unwrap();
        let value = |name: &str| {
            let line = environment.lines().find_map(|line| line.strip_prefix(&format!("export {name}="))).unwrap();
            line.to_owned()
        };
        (servers.database_url, servers.amqp_url) = (value("DATABASE_URL"), value("AMQP_URL"));
        // The log of what is to be written must fit the small disk.
        servers.sql("ALTER SYSTEM SET max_wal_size = '192MB'").await;
        servers.sql("SELECT pg_reload_conf()").await;
        servers
    }

    /// Where logs may be written.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Starts what is down, on its old data, and waits until it answers.
    pub async fn up(&self) {
        let folder = self.folder.clone();
        let done = tokio::task::spawn_blocking(move || dev(&folder, "up")).await.unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    }

    /// The logs are not wanted any more.
    pub fn forget_logs(&self) {
        self.forget.store(true, Ordering::Relaxed);
    }

    /// The processes of a server: the one that was started, and all that it has started.
    pub fn tree(&self, name: &str) -> Vec<u32> {
        let pid = fs::read_to_string(self.folder.join(format!("{name}.pid"))).unwrap_or_default();
        pid.trim().parse().map(descendants).unwrap_or_default()
    }

    pub fn postgres_address(&self) -> SocketAddr {
        address(&self.database_url)
    }

    pub fn rabbitmq_address(&self) -> SocketAddr {
        address(&self.amqp_url)
    }

    /// A connection past all proxies.
    pub async fn connect(&self) -> Result<Client, tokio_postgres::Error> {
        let (client, connection) = tokio_postgres::connect(&self.database_url, NoTls).await?;
        tokio::spawn(connection);
        Ok(client)
    }

    pub async fn sql(&self, statement: &str) {
        self.connect().await.unwrap().batch_execute(statement).await.unwrap();
    }

    /// RabbitMQ blocks everybody who publishes, or no more.
    pub fn memory_alarm(&self, on: bool) {
        let home = self.folder.join("rabbitmq");
        let ports = fs::read_to_string(self.folder.join("rabbitmq.ports")).unwrap();
        let epmd = ports.lines().find_map(|line| line.strip_prefix("epmd_port=")).unwrap();
        let mut control = Command::new("/usr/lib/rabbitmq/bin/rabbitmqctl");
        control.args([
            "--node",
            "postern@localhost",
            "set_vm_memory_high_watermark",
            if on { "0.00001" } else { "0.4" },
        ]);
        control.env("HOME", home).env("ERL_EPMD_PORT", epmd).stdout(Stdio::null());
        assert!(control.status().unwrap().success(), "rabbitmqctl failed");
    }

    /// Takes every connection that PostgreSQL has, those of the services first; they end when dropped.
    pub async fn take_all_connections(&self) -> Vec<Client> {
        let first = self.connect().await.unwrap();
        let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'postern-%'";
        let mut taken = Vec::new();
        // Whoever was ended tries again, and is ended again, until all room is taken.
        for _ in 0..10 {
            while let Ok(client) = self.connect().await {
                taken.push(client);
            }
            first.batch_execute(end).await.unwrap();
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        taken.push(first);
        taken
    }

    /// Leaves no room on the disk of PostgreSQL.
    pub fn fill_disk(&self) {
        let mut fill = Command::new("dd");
        fill.arg("if=/dev/zero").arg(format!("of={}", self.ballast())).arg("bs=1M");
        // It ends when the disk is full, with an error.
        let _ = fill.stderr(Stdio::null()).status();
    }

    pub fn free_disk(&self) {
        fs::remove_file(self.ballast()).unwrap();
    }

    fn ballast(&self) -> String {
        self.data().join("ballast").display().to_string()
    }

    fn data(&self) -> PathBuf {
        self.folder.join("postgres/data")
    }

    fn move_to_a_small_disk(&self) -> bool {
        kill(&self.tree("postgres"));
        let (data, aside) = (self.data(), self.folder.join("postgres/aside"));
        fs::rename(&data, &aside).unwrap();
        fs::create_dir(&data).unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", DISK, "tmpfs"]).arg(&data).stderr(Stdio::null());
        if mount.status().is_ok_and(|status| status.success()) {
            let copied = Command::new("cp").arg("-aT").args([&aside, &data]).status();
            assert!(copied.unwrap().success(), "PostgreSQL's data could not be copied");
            return fs::remove_dir_all(aside).is_ok();
        }
        println!("LEFT OUT: PostgreSQL's disk full, since this user cannot mount a file system");
        fs::remove_dir(&data).unwrap();
        fs::rename(&aside, &data).unwrap();
        false
    }

    fn dev(&self, command: &str) -> std::process::Output {
        dev(&self.folder, command)
    }
}

/// Runs `deploy/dev` on a folder.
fn dev(folder: &Path, command: &str) -> std::process::Output {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../deploy/dev");
    Command::new(script).args([command, "--yes"]).env("POSTERN_DEV_DIR", folder).output().unwrap()
}

/// Kills processes, and waits until they are gone.
pub fn kill(pids: &[u32]) {
    pids.iter().for_each(|pid| signal(*pid, "KILL"));
    for pid in pids {
        while fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| !stat.contains(") Z ")) {
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

/// The address in a URL.
fn address(url: &str) -> SocketAddr {
    let behind = url.rsplit('@').next().unwrap();
    behind.split('/').next().unwrap().parse().unwrap()
}
