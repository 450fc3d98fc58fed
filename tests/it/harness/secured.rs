//! A PostgreSQL and a RabbitMQ of the test's own that speak TLS, with the certificates of a CA of its own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;
use tokio_postgres::{Client, NoTls};

use super::tls::{make_ca, sign};

/// Both servers. They are stopped when dropped.
pub struct Secured {
    folder: TempDir,
    /// By the name for which the certificate is, without TLS settings.
    pub database_url: String,
    pub amqps_url: String,
}

impl Secured {
    pub async fn boot() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let certificates = folder.path().join("certificates");
        fs::create_dir(&certificates).unwrap();
        make_ca(&certificates);
        let other = certificates.join("other");
        fs::create_dir(&other).unwrap();
        make_ca(&other);
        for (name, host, is_expired) in
            [("server", "localhost", false), ("client", "postern", false), ("old", "localhost", true)]
        {
            sign(&certificates, name, host, is_expired);
        }
        fs::copy(certificates.join("server.pem"), certificates.join("cert.pem")).unwrap();
        fs::copy(certificates.join("server.key"), certificates.join("key.pem")).unwrap();
        let mut secured = Self { folder, database_url: String::new(), amqps_url: String::new() };
        let (servers, tls) = (secured.servers(), certificates);
        let environment = tokio::task::spawn_blocking(move || {
            dev(&servers, "up", Some(&tls));
            dev(&servers, "env", None)
        });
        let environment = environment.await.unwrap();
        let value = |name: &str| {
            let mut lines = environment.lines();
            lines.find_map(|line| line.strip_prefix(&format!("export {name}="))).unwrap().to_owned()
        };
        secured.database_url = value("DATABASE_URL").replace("127.0.0.1", "localhost");
        secured.amqps_url = value("POSTERN_DEV_AMQPS");
        secured
    }

    /// A connection to PostgreSQL, without TLS.
    pub async fn admin(&self) -> Client {
        let url = format!("{}?sslmode=disable", self.database_url);
        let (client, connection) = tokio_postgres::connect(&url, NoTls).await.unwrap();
        tokio::spawn(connection);
        client
    }

    /// A file of the folder with the certificates.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join("certificates").join(name)
    }

    /// PostgreSQL comes with another certificate from now on.
    pub fn change_certificate(&self, name: &str) {
        let tls = self.servers().join("postgres/data/tls");
        for (from, to) in [("pem", "cert.pem"), ("key", "key.pem")] {
            // Written into the file that is there, which belongs to the user of PostgreSQL.
            fs::write(tls.join(to), fs::read(self.file(&format!("{name}.{from}"))).unwrap()).unwrap();
        }
    }

    fn servers(&self) -> PathBuf {
        self.folder.path().join("servers")
    }
}

impl Drop for Secured {
    fn drop(&mut self) {
        dev(&self.servers(), "down", None);
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
