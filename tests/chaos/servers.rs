//! A PostgreSQL and a RabbitMQ of this run's own, booted by `deploy/dev`, and everything bad that can be done to them.
//! As root, PostgreSQL's data stand on a small file system in memory, so that its disk can be filled.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::alarm;
use crate::cast::Urls;
use crate::database::Database;
use crate::disk::Disk;
use crate::processes::{kill, tree};

/// Both servers.
pub struct Servers {
    folder: PathBuf,
    pub database: Database,
    pub amqp_url: String,
    /// That of PostgreSQL, where it can be filled.
    pub disk: Option<Arc<Disk>>,
    forget: AtomicBool,
}

/// Stops both. The folder with the logs stays unless all went well.
impl Drop for Servers {
    fn drop(&mut self) {
        ["postgres", "rabbitmq", "epmd"].iter().for_each(|name| kill(&self.tree(name)));
        self.disk = None;
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
            database: Database { url: String::new() },
            amqp_url: String::new(),
            disk: None,
            forget: AtomicBool::new(false),
        };
        servers.up().await;
        servers.move_to_a_small_disk();
        servers.up().await;
        let environment = servers.dev("env").stdout;
        let environment = String::from_utf8(environment).unwrap();
        let value = |name: &str| {
            let line = environment.lines().find_map(|line| line.strip_prefix(&format!("export {name}="))).unwrap();
            line.to_owned()
        };
        (servers.database.url, servers.amqp_url) = (value("DATABASE_URL"), value("AMQP_URL"));
        // The log of what is to be written must fit the small disk.
        servers.database.sql("ALTER SYSTEM SET max_wal_size = '192MB'").await;
        servers.database.sql("SELECT pg_reload_conf()").await;
        servers
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
        tree(&self.folder.join(format!("{name}.pid")))
    }

    /// Both servers, each behind a proxy.
    pub fn urls(&self) -> Urls {
        let links = [address(&self.database.url), address(&self.amqp_url)];
        Urls { database: self.database.url.clone(), amqp: self.amqp_url.clone(), links: Some(links) }
    }

    /// RabbitMQ blocks everybody who publishes, or no more.
    pub fn memory_alarm(&self, on: bool) {
        alarm::memory(&self.folder, on);
    }

    fn data(&self) -> PathBuf {
        self.folder.join("postgres/data")
    }

    fn move_to_a_small_disk(&mut self) {
        kill(&self.tree("postgres"));
        let (data, aside) = (self.data(), self.folder.join("postgres/aside"));
        fs::rename(&data, &aside).unwrap();
        fs::create_dir(&data).unwrap();
        self.disk = Disk::of_postgres(&data).map(Arc::new);
        if self.disk.is_some() {
            let copied = Command::new("cp").arg("-aT").args([&aside, &data]).status();
            assert!(copied.unwrap().success(), "PostgreSQL's data could not be copied");
            fs::remove_dir_all(aside).unwrap();
        } else {
            fs::remove_dir(&data).unwrap();
            fs::rename(&aside, &data).unwrap();
        }
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

/// The address in a URL.
fn address(url: &str) -> SocketAddr {
    let behind = url.rsplit('@').next().unwrap();
    behind.split('/').next().unwrap().parse().unwrap()
}
