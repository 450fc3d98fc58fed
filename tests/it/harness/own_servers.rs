//! A PostgreSQL and a RabbitMQ of a test's own, for what would disturb all other tests.

#[path = "../../chaos/alarm.rs"]
mod alarm;

use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;
use tokio_postgres::{Client, NoTls};

use super::servers::Servers;

/// Both servers. They are stopped when dropped.
pub struct OwnServers {
    path: PathBuf,
    environment: String,
    _folder: Option<TempDir>,
}

impl OwnServers {
    pub async fn boot() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("servers");
        Self::start(path, None, Some(folder)).await
    }

    /// In a folder that does not exist yet; with the certificates of another folder they speak TLS as well.
    pub async fn boot_in(path: PathBuf, tls: Option<PathBuf>) -> Self {
        Self::start(path, tls, None).await
    }

    async fn start(path: PathBuf, tls: Option<PathBuf>, folder: Option<TempDir>) -> Self {
        let servers = path.clone();
        let environment = tokio::task::spawn_blocking(move || {
            dev(&servers, "up", tls.as_deref());
            dev(&servers, "env", None)
        });
        Self { environment: environment.await.unwrap(), path, _folder: folder }
    }

    /// What `deploy/dev env` says.
    pub fn value(&self, name: &str) -> String {
        let mut lines = self.environment.lines();
        lines.find_map(|line| line.strip_prefix(&format!("export {name}="))).unwrap().to_owned()
    }

    /// Their folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// As the servers of one test.
    pub async fn servers(&self) -> Servers {
        Servers::own(self.value("DATABASE_URL"), self.value("AMQP_URL")).await
    }

    /// A connection to PostgreSQL, without TLS.
    pub async fn admin(&self) -> Client {
        let url = format!("{}?sslmode=disable", self.value("DATABASE_URL"));
        let (client, connection) = tokio_postgres::connect(&url, NoTls).await.unwrap();
        tokio::spawn(connection);
        client
    }

    /// Commits wait for a standby of this name from now on; for none if it is empty.
    pub async fn wait_for_standby(&self, name: &str) {
        let admin = self.admin().await;
        admin.execute(&format!("ALTER SYSTEM SET synchronous_standby_names = '{name}'"), &[]).await.unwrap();
        admin.execute("SELECT pg_reload_conf()", &[]).await.unwrap();
    }

    /// RabbitMQ blocks everybody who publishes, or no more.
    pub fn memory_alarm(&self, on: bool) {
        alarm::memory(&self.path, on);
    }
}

impl Drop for OwnServers {
    fn drop(&mut self) {
        dev(&self.path, "down", None);
    }
}

/// Runs `deploy/dev` on a folder.
fn dev(folder: &Path, command: &str, tls: Option<&Path>) -> String {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../deploy/dev");
    let mut dev = Command::new(script);
    dev.args([command, "--yes"]).env("POSTERN_DEV_DIR", folder).env("POSTERN_DEV_TLS", tls.unwrap_or(Path::new("")));
    let done = dev.output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8(done.stdout).unwrap()
}
