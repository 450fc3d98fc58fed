//! A real PgBouncer between Postern and PostgreSQL.

use std::fs;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::{PermissionsExt, chown};
use std::process::{Child, Command, Stdio};

use postern_shared::options::DatabaseOptions;
use postern_shared::store::Store;
use tempfile::TempDir;

use crate::harness::process::Process;
use crate::harness::servers::Servers;
use crate::harness::{DEMO, Postern, apply, eventually, private, ready};

const PATH: &str = "/trigger?workflow_id=77";
const LEAD: &str = "lastname=Lovelace&email=ada@example.org";

/// A running PgBouncer in front of the server of a test.
struct PgBouncer {
    folder: TempDir,
    address: SocketAddr,
    process: Child,
}

impl PgBouncer {
    async fn start(servers: &Servers, mode: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let url = servers.database_url.strip_prefix("postgres://").unwrap();
        let (owner, server) = url.split_once('@').unwrap();
        let (name, password) = owner.split_once(':').unwrap();
        let (host, port) = server.split_once('/').unwrap().0.split_once(':').unwrap();
        let mut users = format!("\"{name}\" \"{password}\"\n");
        for process in ["ingress", "worker", "control"] {
            users += &format!("\"{}_{process}\" \"{}\"\n", servers.role_prefix, servers.role_password);
        }
        fs::write(folder.path().join("users"), users).unwrap();
        let settings = format!(
            "[databases]\n* = host={host} port={port}\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {}\n\
             unix_socket_dir =\nauth_type = scram-sha-256\nauth_file = {}/users\npool_mode = {mode}\n\
             default_pool_size = 40\nmax_client_conn = 200\n",
            address.port(),
            folder.path().display()
        );
        fs::write(folder.path().join("settings"), settings).unwrap();
        let process = run(&folder);
        let bouncer = Self { folder, address, process };
        bouncer.answers().await;
        bouncer
    }

    /// Ends it, and starts it with another mode at the same address.
    async fn restart(&mut self, mode: &str) {
        self.end();
        let file = self.folder.path().join("settings");
        let settings = fs::read_to_string(&file).unwrap();
        let line = settings.lines().find(|line| line.starts_with("pool_mode")).unwrap();
        fs::write(&file, settings.replace(line, &format!("pool_mode = {mode}"))).unwrap();
        self.process = run(&self.folder);
        self.answers().await;
    }

    async fn answers(&self) {
        eventually("it listens", async || TcpStream::connect(self.address).is_ok().then_some(())).await;
    }

    fn end(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// A URL of the server, by way of this.
    fn url(&self, url: &str) -> String {
        let (user, rest) = url.split_once('@').unwrap();
        format!("{user}@{}/{}", self.address, rest.split_once('/').unwrap().1)
    }
}

impl Drop for PgBouncer {
    fn drop(&mut self) {
        self.end();
    }
}

/// It refuses to run as root, and then needs a user that may read its files.
fn run(folder: &TempDir) -> Child {
    let mut command = Command::new("pgbouncer");
    if nix_is_root() {
        let nobody = 65_534;
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        for file in ["users", "settings"] {
            chown(folder.path().join(file), Some(nobody), None).unwrap();
        }
        command.args(["-u", "nobody"]);
    }
    command.arg(folder.path().join("settings")).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().unwrap_or_else(|error| panic!("pgbouncer: {error}: run tests/run, which installs it"))
}

fn nix_is_root() -> bool {
    Command::new("id").arg("-u").output().unwrap().stdout == b"0\n"
}

/// Starts a service whose database is behind the pooler; it listens to the server itself.
fn start(binary: &str, servers: &Servers, bouncer: &PgBouncer) -> Process {
    let direct = servers.database_url_of(binary);
    let environment = [("DATABASE_URL", &*bouncer.url(&direct)), ("POSTERN_DATABASE_DIRECT_URL", &*direct)];
    Process::start(binary, servers, &environment)
}

#[tokio::test(flavor = "multi_thread")]
async fn leads_flow_behind_pgbouncer_by_session_and_limits_hold() {
    let mut postern = Postern::without_worker(DEMO).await;
    let bouncer = PgBouncer::start(postern.servers(), "session").await;
    let mut worker = start("postern-worker", postern.servers(), &bouncer);
    ready("the worker is ready", &mut worker).await;
    assert_eq!(postern.outcome(PATH, LEAD).await["status"], "finished");
    let mut ingress = start("postern-ingress", postern.servers(), &bouncer);
    ready("the ingress is ready", &mut ingress).await;
    let url = bouncer.url(&postern.servers().database_url);
    let store = Store::new(&DatabaseOptions::new(url, 1), "postern-tests").unwrap();
    let connection = store.connection().await.unwrap();
    for (limit, value) in
        [("statement_timeout", "30s"), ("lock_timeout", "20s"), ("idle_in_transaction_session_timeout", "10s")]
    {
        let set: String = connection.query_one(&format!("SHOW {limit}"), &[]).await.unwrap().get(0);
        assert_eq!(set, value, "{limit}");
    }
    // Who listens is not behind the pooler.
    drop(connection);
    apply(&store, &DEMO.replace("title: New lead", "title: Newer lead")).await;
    let version = postern.count("SELECT version FROM settings").await;
    eventually("the ingress follows the settings", async || {
        let metrics = private(&mut ingress, "/metrics").await.1;
        metrics.contains(&format!("postern_settings_version{{component=\"ingress\"}} {version}\n")).then_some(())
    })
    .await;
    postern.workers.push(worker);
    assert_eq!(postern.outcome(PATH, LEAD).await["status"], "finished");
}

#[tokio::test(flavor = "multi_thread")]
async fn pgbouncer_by_transaction_is_refused_by_name() {
    let servers = Servers::new().await;
    let bouncer = PgBouncer::start(&servers, "transaction").await;
    for binary in ["postern-ingress", "postern-worker", "postern-control"] {
        let mut process = start(binary, &servers, &bouncer);
        assert!(!process.ended().await, "{binary}: {}", process.log());
        let log = eventually("the reason", async || Some(process.log()).filter(|log| log.contains("stops"))).await;
        assert!(log.contains("pool_mode = session") && log.contains(&bouncer.address.to_string()), "{binary}: {log}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn leads_wait_while_a_pooler_loses_prepared_statements() {
    let postern = Postern::without_worker(DEMO).await;
    let mut bouncer = PgBouncer::start(postern.servers(), "session").await;
    let mut worker = start("postern-worker", postern.servers(), &bouncer);
    ready("the worker is ready", &mut worker).await;
    // So that each transaction ends with what otherwise happens when another session takes its place.
    bouncer.restart("transaction\nserver_reset_query_always = 1").await;
    let mut leads = Vec::new();
    for n in 0..40 {
        leads.push(postern.post(PATH).form(format!("lastname=Lovelace&email=ada{n}@example.org")).send().await);
    }
    eventually("it meets lost statements and is not ready", async || {
        let (status, text) = private(&mut worker, "/health/ready").await;
        (status == 503 && text.contains("prepared statements")).then_some(())
    })
    .await;
    bouncer.restart("session").await;
    for lead in &leads {
        assert_eq!(postern.ended(lead).await["status"], "finished");
    }
    assert_eq!(postern.count("SELECT count(*) FROM dead_letters").await, 0);
    assert_eq!(postern.count("SELECT count(*) FROM records").await, 40);
}
