//! TLS to PostgreSQL and RabbitMQ: a Postern all of whose connections are encrypted, and each fault by its name.

use std::io::{BufRead, BufReader};
use std::process::Child;

use postern_shared::options::DatabaseOptions;
use postern_shared::store::Store;
use reqwest::Method;

use crate::attacks::reasons::told_of_database;
use crate::harness::call::Call;
use crate::harness::process::Process;
use crate::harness::secured::Secured;
use crate::harness::servers::Servers;
use crate::harness::tls::openssl;
use crate::harness::{self, DEMO, eventually, ready};

#[tokio::test(flavor = "multi_thread")]
async fn a_lead_runs_over_tls_alone_and_each_fault_of_tls_is_named() {
    let secured = Secured::boot().await;
    a_lead_runs(&secured).await;
    the_faults_of_rabbitmq_are_named(&secured).await;
    the_faults_of_postgresql_are_named(&secured).await;
}

async fn a_lead_runs(secured: &Secured) {
    let database_url = format!(
        "{}?sslmode=verify-full&sslrootcert={}&sslcert={}&sslkey={}",
        secured.database_url,
        secured.file("ca.pem").display(),
        secured.file("client.pem").display(),
        secured.file("client.key").display()
    );
    let amqp_url = format!("{}?cacertfile={}", secured.amqps_url, secured.file("ca.pem").display());
    let migrated = Process::command("postern").arg("migrate").env("DATABASE_URL", &database_url).output().unwrap();
    assert!(migrated.status.success(), "{}", String::from_utf8_lossy(&migrated.stderr));
    let store = Store::new(&DatabaseOptions::new(database_url.clone(), 2), "tests").unwrap();
    harness::apply(&store, DEMO).await;
    let start = |program| {
        let mut command = Process::command(program);
        Process::spawn(command.env("DATABASE_URL", &database_url).env("AMQP_URL", &amqp_url))
    };
    let (mut ingress, mut worker) = (start("postern-ingress"), start("postern-worker"));
    ready("the ingress is ready", &mut ingress).await;
    ready("the worker is ready", &mut worker).await;
    eventually("the broker takes messages", async || ingress.log().contains("the broker takes messages").then_some(()))
        .await;
    let public = ingress.address("the public listener is open").await;
    let post = Call::new(Method::POST, public, "/trigger?workflow_trigger=web_lead");
    let answer = post.form("lastname=Li&email=li@example.org").send().await;
    assert_eq!(answer.status, 202, "{}", answer.json);
    let connection = store.connection().await.unwrap();
    eventually("the lead is a record", async || {
        let count: i64 = connection.query_one("SELECT count(*) FROM records", &[]).await.unwrap().get(0);
        (count == 1).then_some(())
    })
    .await;
    let sessions = "SELECT count(*) FILTER (WHERE NOT ssl OR client_dn <> '/CN=postern'), count(*)
        FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE backend_type = 'client backend'";
    let row = connection.query_one(sessions, &[]).await.unwrap();
    assert_eq!(row.get::<_, i64>(0), 0);
    assert!(row.get::<_, i64>(1) > 2, "both services are connected");
}

async fn the_faults_of_rabbitmq_are_named(secured: &Secured) {
    let servers = Servers::new().await;
    let (ca, other) =
        (secured.file("ca.pem").display().to_string(), secured.file("other/ca.pem").display().to_string());
    let (url, plain) = (&secured.amqps_url, servers.amqp_url.replace("amqp://", "amqps://"));
    let (mut old, port) = serve_with(secured, "old");
    for (url, words) in [
        (format!("{url}?cacertfile={other}"), "no CA that is trusted here has signed its certificate"),
        (url.clone(), "no CA that is trusted here has signed its certificate"),
        (format!("{}?cacertfile={ca}", url.replace("localhost", "127.0.0.1")), "its certificate is for another name"),
        (format!("amqps://localhost:{port}?cacertfile={ca}"), "its certificate has expired"),
        (format!("{plain}?cacertfile={ca}"), "it does not answer in TLS"),
        (
            format!("amqps://postern:wrong@{}?cacertfile={ca}", url.rsplit('@').next().unwrap()),
            "the user or the password",
        ),
        (format!("amqps://u:p@no-such-host.invalid?cacertfile={ca}"), "resolved: no-such-host.invalid:5671"),
        (format!("amqps://u:p@127.0.0.1:1?cacertfile={ca}"), "connection refused: nothing listens at 127.0.0.1:1"),
    ] {
        let mut process = Process::start("postern-worker", &servers, &[("AMQP_URL", &url)]);
        eventually(words, async || process.log().contains(words).then_some(())).await;
        eventually("it says so on its health too", async || {
            harness::private(&mut process, "/health/ready").await.1.contains(words).then_some(())
        })
        .await;
        process.kill();
    }
    old.kill().unwrap();
    old.wait().unwrap();
}

async fn the_faults_of_postgresql_are_named(secured: &Secured) {
    let url = &secured.database_url;
    let strict = |url: &str, ca: &str| format!("{url}?sslmode=verify-full&sslrootcert={}", secured.file(ca).display());
    let by_address = url.replace("localhost", "127.0.0.1");
    let servers = Servers::new().await;
    let right = url.rsplit('@').next().unwrap();
    for (url, words) in [
        (strict(url, "other/ca.pem"), "no CA that is trusted here has signed its certificate"),
        (format!("{url}?sslmode=verify-full"), "no CA that is trusted here has signed its certificate"),
        (strict(&by_address, "ca.pem"), "its certificate is for another name"),
        (format!("{}?sslmode=require", servers.database_url), "server does not support TLS"),
        (strict(&format!("postgres://postern:wrong@{right}"), "ca.pem"), "the password or the user is wrong"),
        (strict("postgres://u:p@no-such-host.invalid/x", "ca.pem"), "resolved: no-such-host.invalid:5432"),
        (strict("postgres://u:p@127.0.0.1:1/x", "ca.pem"), "connection refused: nothing listens at 127.0.0.1:1"),
    ] {
        let told = told_of_database(&url);
        assert!(told.contains(words), "{words}: {told}");
    }
    let by_ca = format!("{by_address}?sslmode=verify-ca&sslrootcert={}", secured.file("ca.pem").display());
    let store = Store::new(&DatabaseOptions::new(by_ca, 1), "tests").unwrap();
    let connection = store.connection().await.unwrap();
    secured.change_certificate("old");
    connection.execute("SELECT pg_reload_conf()", &[]).await.unwrap();
    eventually("the certificate that has expired is named", async || {
        told_when_it_fails(&strict(url, "ca.pem")).filter(|told| told.contains("its certificate has expired"))
    })
    .await;
}

/// What `postern migrate` tells of a database, unless it succeeds.
fn told_when_it_fails(url: &str) -> Option<String> {
    let ended = Process::command("postern").arg("migrate").env("DATABASE_URL", url).output().unwrap();
    (!ended.status.success()).then(|| String::from_utf8(ended.stderr).unwrap())
}

/// openssl's own test server with a certificate of the folder, and its port.
fn serve_with(secured: &Secured, name: &str) -> (Child, u16) {
    let arguments = format!("s_server -accept 127.0.0.1:0 -cert {name}.pem -key {name}.key -www");
    let mut server = openssl(&secured.file(""), &arguments).spawn().unwrap();
    let lines = BufReader::new(server.stdout.take().unwrap()).lines();
    let line = lines.map_while(Result::ok).find(|line| line.starts_with("ACCEPT")).unwrap();
    (server, line.rsplit(':').next().unwrap().parse().unwrap())
}
