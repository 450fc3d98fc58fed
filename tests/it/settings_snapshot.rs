//! The settings on disk: an ingress that starts while PostgreSQL is away accepts what it would accept otherwise, and
//! nothing else.

use std::fs;
use std::path::PathBuf;

use postern_shared::options::DatabaseOptions;
use postern_shared::store::Store;
use reqwest::Method;
use serde_json::json;
use tempfile::TempDir;

use crate::harness::call::{Answer, Call};
use crate::harness::process::Process;
use crate::harness::servers::Servers;
use crate::harness::{BROKER_TAKES, Postern, apply, eventually, private};

const KEY: &str = "0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a";
const OTHER_KEY: &str = "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b";
const TOKEN: &str = "5ecret-of-the-caller";
const METRIC: &str = "postern_settings_snapshot_timestamp_seconds ";

/// Which callers are admitted, and that they need a token.
fn settings(addresses: &str) -> String {
    format!(
        "permission: p\naddresses: {addresses}\nworkflows: [1]\ntoken: '$secret[\"crm\"]'\n---\n\
         workflow: 1\nstart: {{without_record: true, next: end}}\nsteps: {{end: {{stop: finished}}}}\n"
    )
}

/// A Postern whose ingress keeps a snapshot, which was written when the ingress was killed and the database went away.
struct World {
    postern: Postern,
    folder: TempDir,
}

impl World {
    async fn with_snapshot() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("settings").display().to_string();
        let environment = [("POSTERN_SETTINGS_SNAPSHOT", file.as_str()), ("POSTERN_SECRETS_KEY", KEY)];
        let postern = Postern::with_ingress("", &environment).await;
        let secret = json!({"value": TOKEN}).to_string();
        assert_eq!(postern.api("PUT", "/secrets/crm").json(&secret).send().await.status, 204);
        // Whoever was admitted once is not by the settings that were in force last.
        postern.apply(&settings("127.0.0.1, 127.0.0.2")).await;
        postern.apply(&settings("127.0.0.1")).await;
        let version = postern.count("SELECT version FROM settings").await;
        let mut world = Self { postern, folder };
        eventually("the snapshot is written", async || {
            let text = fs::read_to_string(world.file()).ok()?;
            text.contains(&format!("\"version\":{version},")).then_some(())
        })
        .await;
        world.postern.ingress.kill();
        world.postern.servers().forbid_connections().await;
        world
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("settings")
    }

    /// An ingress that starts now.
    fn start(&self, key: &str) -> Process {
        let file = self.file().display().to_string();
        let environment = [("POSTERN_SETTINGS_SNAPSHOT", file.as_str()), ("POSTERN_SECRETS_KEY", key)];
        Process::start("postern-ingress", self.postern.servers(), &environment)
    }
}

/// Posts a lead.
async fn post(ingress: &mut Process, from: &str, token: &str) -> Answer {
    let public = ingress.address("the public listener is open").await;
    let call = Call::new(Method::POST, public, "/trigger").from(from).form("lastname=Lovelace");
    call.header("authorization", &format!("Bearer {token}")).send().await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ingress_starts_by_its_snapshot_while_the_database_is_away() {
    let world = World::with_snapshot().await;
    let mut ingress = world.start(KEY);
    ingress.address("the public listener is open").await;
    eventually("the broker takes messages", async || {
        private(&mut ingress, "/metrics").await.1.contains(BROKER_TAKES).then_some(())
    })
    .await;
    assert_eq!(post(&mut ingress, "127.0.0.1", TOKEN).await.status, 202);
    for (from, token, status) in
        [("127.0.0.1", "another-token", 403), ("127.0.0.2", TOKEN, 403), ("127.0.0.3", TOKEN, 403)]
    {
        let answer = post(&mut ingress, from, token).await;
        assert_eq!(answer.status, status, "{from}: {}", answer.text);
    }
    let (status, ready) = private(&mut ingress, "/health/ready").await;
    assert!(status == 200 && ready.contains("from the snapshot on disk"), "{ready}");
    let log = ingress.log();
    assert!(log.contains("the settings are those of the snapshot on disk") && !log.contains(TOKEN), "{log}");
    assert!(since(&mut ingress).await > 1_700_000_000);
    assert!(!fs::read_to_string(world.file()).unwrap().contains(TOKEN));

    world.postern.servers().allow_connections().await;
    eventually("its settings are those of the database", async || (since(&mut ingress).await == 0).then_some(())).await;
    assert_eq!(private(&mut ingress, "/health/ready").await.1, "ready\n");
    let options = DatabaseOptions::new(&world.postern.servers().database_url, 1);
    apply(&Store::new(&options, "tests").unwrap(), &settings("127.0.0.2")).await;
    eventually("it follows them", async || {
        let (old, new) = (post(&mut ingress, "127.0.0.1", TOKEN).await, post(&mut ingress, "127.0.0.2", TOKEN).await);
        ((old.status, new.status) == (403, 202)).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_that_was_changed_or_is_of_others_is_refused_by_name() {
    let world = World::with_snapshot().await;
    let text = fs::read_to_string(world.file()).unwrap();
    let other = Servers::new().await;
    other.forbid_connections().await;
    for (text, key, servers, words) in [
        (
            Some(text.replace("127.0.0.1", "127.0.0.2")),
            KEY,
            world.postern.servers(),
            "it was changed after it was written",
        ),
        (Some(text[..text.len() - 9].to_owned()), KEY, world.postern.servers(), "it was changed after it was written"),
        (Some("{}".to_owned()), KEY, world.postern.servers(), "it is no snapshot of settings"),
        (Some(text.clone()), OTHER_KEY, world.postern.servers(), "under a key that POSTERN_SECRETS_KEY does not hold"),
        (Some(text.clone()), KEY, &other, "it is of another installation"),
        (None, KEY, world.postern.servers(), "it cannot be read: No such file"),
    ] {
        match text {
            Some(text) => fs::write(world.file(), text).unwrap(),
            None => fs::remove_file(world.file()).unwrap(),
        }
        let file = world.file().display().to_string();
        let environment = [("POSTERN_SETTINGS_SNAPSHOT", file.as_str()), ("POSTERN_SECRETS_KEY", key)];
        let mut ingress = Process::start("postern-ingress", servers, &environment);
        let (status, reason) = eventually(words, async || {
            Some(private(&mut ingress, "/health/ready").await).filter(|(_, reason)| reason.contains(words))
        })
        .await;
        assert!(status == 503 && reason.contains("POSTERN_SETTINGS_SNAPSHOT"), "{reason}");
        eventually("the log names it too", async || ingress.log().contains(words).then_some(())).await;
        assert!(!ingress.log().contains("the public listener is open"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_snapshot_an_ingress_waits_for_its_database() {
    let world = World::with_snapshot().await;
    let mut ingress = Process::start("postern-ingress", world.postern.servers(), &[("POSTERN_SECRETS_KEY", KEY)]);
    eventually("it waits", async || ingress.log().contains("the service waits for its database").then_some(())).await;
    let (status, reason) = private(&mut ingress, "/health/ready").await;
    assert!(status == 503 && reason.contains("no settings yet"), "{reason}");
    assert!(!ingress.log().contains("the public listener is open"));
    world.postern.servers().allow_connections().await;
    assert_eq!(post(&mut ingress, "127.0.0.1", TOKEN).await.status, 202);
}

/// When the settings were read that an ingress has from its disk; 0 = it has them from the database.
async fn since(ingress: &mut Process) -> i64 {
    let metrics = private(ingress, "/metrics").await.1;
    metrics.lines().find_map(|line| line.strip_prefix(METRIC)?.parse().ok()).unwrap()
}
