//! A PostgreSQL and a RabbitMQ of the test's own that speak TLS, with the certificates of a CA of its own.

use std::fs;
use std::path::PathBuf;

use tempfile::TempDir;

use super::own_servers::OwnServers;
use super::tls::{make_ca, sign};

/// Both servers. They are stopped when dropped.
pub struct Secured {
    pub own: OwnServers,
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
        let own = OwnServers::boot_in(folder.path().join("servers"), Some(certificates)).await;
        let database_url = own.value("DATABASE_URL").replace("127.0.0.1", "localhost");
        let amqps_url = own.value("POSTERN_DEV_AMQPS");
        Self { own, folder, database_url, amqps_url }
    }

    /// A file of the folder with the certificates.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join("certificates").join(name)
    }

    /// PostgreSQL comes with another certificate from now on.
    pub fn change_certificate(&self, name: &str) {
        let tls = self.own.path().join("postgres/data/tls");
        for (from, to) in [("pem", "cert.pem"), ("key", "key.pem")] {
            // Written into the file that is there, which belongs to the user of PostgreSQL.
            fs::write(tls.join(to), fs::read(self.file(&format!("{name}.{from}"))).unwrap()).unwrap();
        }
    }
}
