//! TLS of the public listener: callers by HTTPS, renewed certificates, and peers that do not shake hands.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use reqwest::{Certificate, Client, Response};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::{sleep, timeout};

use crate::harness::servers::Servers;
use crate::harness::tls::{make_ca, openssl, sign};
use crate::harness::{DEMO, Postern, eventually, private};

const PATH: &str = "/trigger?workflow_id=77";

/// The beginning of a handshake that announces more than comes.
const HALF_A_HELLO: [u8; 9] = [22, 3, 1, 0x02, 0x00, 1, 0x00, 0x01, 0xfc];

/// Above the limit of a handshake and that of a header, and far below what an idle connection might have otherwise.
const ENDED: Duration = Duration::from_secs(30);

/// A Postern whose public listener is secured by a certificate for `localhost`, which the CA of the folder has signed.
struct World {
    postern: Postern,
    folder: TempDir,
}

impl World {
    async fn start(settings: &str, environment: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        make_ca(folder.path());
        sign(folder.path(), "server", "localhost", false);
        let file = |name: &str| folder.path().join(name).display().to_string();
        let (certificate, key) = (file("server.pem"), file("server.key"));
        let mut all = vec![("POSTERN_TLS_CERTIFICATE_FILE", &*certificate), ("POSTERN_TLS_KEY_FILE", &*key)];
        all.extend(environment);
        let postern = Postern::on(Servers::new().await, settings, &all).await;
        Self { postern, folder }
    }

    /// A caller at an address who trusts the CA of a folder alone.
    fn caller(&self, from: &str, folder: &Path) -> Client {
        let ca = Certificate::from_pem(&fs::read(folder.join("ca.pem")).unwrap()).unwrap();
        let client = Client::builder().tls_certs_only([ca]).local_address(Some(from.parse().unwrap()));
        client.resolve("localhost", self.postern.public()).pool_max_idle_per_host(0).build().unwrap()
    }

    async fn post(&self, caller: &Client) -> reqwest::Result<Response> {
        let url = format!("https://localhost:{}{PATH}", self.postern.public().port());
        caller.post(url).body("lastname=Lovelace").header("content-type", FORM).send().await
    }

    /// What the metrics of the ingress count under a name.
    async fn metric(&mut self, name: &str) -> u64 {
        let metrics = private(&mut self.postern.ingress, "/metrics").await.1;
        metrics.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok()).unwrap()
    }
}

const FORM: &str = "application/x-www-form-urlencoded";
const HELD: &str = "postern_connections{listener=\"public\"}";
const UNSECURED: &str = "postern_connections_closed_total{listener=\"public\",reason=\"unsecured\"}";

async fn connect(from: &str, to: SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(SocketAddr::new(from.parse().unwrap(), 0)).unwrap();
    socket.connect(to).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn callers_come_by_https_and_a_renewed_certificate_needs_no_restart() {
    let world = World::start(DEMO, &[]).await;
    let folder = world.folder.path();
    let (caller, stranger) = (world.caller("127.0.0.1", folder), world.caller("127.0.0.2", folder));
    let accepted = world.post(&caller).await.unwrap();
    assert_eq!(accepted.status(), 202);
    let receipt = accepted.headers()["location"].to_str().unwrap().to_owned();
    let url = format!("https://localhost:{}{receipt}", world.postern.public().port());
    assert_eq!(caller.get(url).send().await.unwrap().status(), 200);
    assert_eq!(world.post(&stranger).await.unwrap().status(), 403);
    let mut plain = connect("127.0.0.1", world.postern.public()).await;
    plain.write_all(b"POST /trigger HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    let _ = timeout(ENDED, plain.read_to_end(&mut answer)).await.unwrap();
    assert!(!answer.starts_with(b"HTTP/"), "{answer:?}");

    fs::write(folder.join("server.pem"), "not a certificate").unwrap();
    eventually("files that cannot be used are told of", async || {
        world.postern.ingress.log().contains("server.pem holds no certificate in PEM").then_some(())
    })
    .await;
    assert_eq!(world.post(&caller).await.unwrap().status(), 202);

    let other = tempfile::tempdir().unwrap();
    make_ca(other.path());
    sign(other.path(), "server", "localhost", false);
    for name in ["server.key", "server.pem"] {
        fs::copy(other.path().join(name), folder.join(name)).unwrap();
    }
    let trusting = world.caller("127.0.0.1", other.path());
    eventually("the other certificate is in force", async || {
        (world.post(&trusting).await.ok()?.status() == 202).then_some(())
    })
    .await;
    assert!(world.post(&caller).await.is_err(), "the old certificate is gone");
}

#[tokio::test(flavor = "multi_thread")]
async fn handshakes_that_never_end_stop_nobody_and_are_cut_off() {
    let few = [("POSTERN_MAX_CONNECTIONS", "200"), ("POSTERN_MAX_CONNECTIONS_PER_ADDRESS", "120")];
    let network = DEMO.replace("127.0.0.1", "127.0.0.1, 127.0.4.0/24");
    let mut world = World::start(&network, &few).await;
    let (mut streams, public) = (Vec::new(), world.postern.public());
    for n in 0..600 {
        // Strangers, and for every third a caller who is permitted.
        let from = if n % 3 == 0 { format!("127.0.4.{}", 1 + n % 4) } else { format!("127.0.0.{}", 3 + n % 100) };
        let mut stream = connect(&from, public).await;
        let _ = stream.write_all(&HALF_A_HELLO).await;
        streams.push(stream);
    }
    let caller = world.caller("127.0.0.1", world.folder.path());
    for _ in 0..20 {
        assert_eq!(world.post(&caller).await.unwrap().status(), 202);
    }
    let held = world.metric(HELD).await;
    assert!((100..=200).contains(&held), "{held}");
    eventually("all of them are cut off", async || {
        let held = world.metric(HELD).await;
        (held <= 1 && world.metric(UNSECURED).await > 50).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_handshake_and_an_idle_secured_connection_are_ended() {
    let world = World::start(DEMO, &[]).await;
    let began = Instant::now();
    // The header of a request never comes by it.
    let folder = world.folder.path();
    let arguments = format!("s_client -quiet -connect 127.0.0.1:{}", world.postern.public().port());
    let mut idle = openssl(folder, &arguments).stdin(Stdio::piped()).spawn().unwrap();
    let mut slow = connect("127.0.0.1", world.postern.public()).await;
    slow.write_all(&HALF_A_HELLO).await.unwrap();
    // A byte now and then does not prolong it.
    while slow.write_all(&[0]).await.is_ok() {
        assert!(began.elapsed() < ENDED, "the slow handshake goes on");
        sleep(Duration::from_millis(500)).await;
    }
    eventually("the idle connection is closed", async || idle.try_wait().unwrap()).await;
    assert!(began.elapsed() < ENDED, "{:?}", began.elapsed());
}
