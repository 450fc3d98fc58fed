//! Three nodes of RabbitMQ on loopback that form a cluster, with an epmd of their own.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout};

use crate::processes::free_address;
use crate::server::{Server, until};

/// The nodes.
pub const NAMES: [&str; 3] = ["a@localhost", "b@localhost", "c@localhost"];

/// Erlang opens the port for other nodes on every interface unless it is told otherwise.
const ON_LOOPBACK: &str = "-kernel inet_dist_use_interface {127,0,0,1}";

/// So long a node may take until it tells who leads.
const KNOWS_LEADER: Duration = Duration::from_secs(60);

const PROGRAMS: &str = "/usr/lib/rabbitmq/bin";

/// All nodes.
pub struct Brokers {
    folder: PathBuf,
    epmd_port: u16,
    pub nodes: Vec<Server>,
    /// Last: a node that ends tells it.
    _epmd: Server,
}

impl Brokers {
    /// Boots all nodes at once, as they find each other, and waits until they are one cluster.
    pub async fn boot(folder: &Path) -> Self {
        let folder = folder.join("rabbitmq");
        fs::create_dir_all(&folder).unwrap();
        let cookie = folder.join(".erlang.cookie");
        fs::write(&cookie, "POSTERNCHAOSCOOKIE").unwrap();
        fs::set_permissions(&cookie, Permissions::from_mode(0o400)).unwrap();
        fs::write(folder.join("rabbitmq-env.conf"), "").unwrap();
        fs::write(folder.join("advanced.config"), "[].").unwrap();
        fs::write(folder.join("enabled_plugins"), "[].").unwrap();
        let epmd_port = free_address().port();
        let mut epmd = Server::new(epmd_port, folder.join("epmd.log"));
        epmd.start(Command::new("epmd").args(["-port", &epmd_port.to_string(), "-address", "127.0.0.1"]));
        let nodes = NAMES.map(|name| Server::new(free_address().port(), folder.join(format!("{name}.log"))));
        let mut brokers = Self { folder, epmd_port, nodes: nodes.into(), _epmd: epmd };
        for at in 0..NAMES.len() {
            brokers.write_settings(at);
            brokers.start(at);
        }
        for at in 0..NAMES.len() {
            brokers.answers(at).await;
        }
        until("the nodes are one cluster", async || {
            let status = brokers.control(0, &["cluster_status"]).await?;
            (status["running_nodes"].as_array()?.len() == NAMES.len()).then_some(())
        })
        .await;
        brokers
    }

    /// All nodes, for those who publish and consume.
    pub fn url(&self) -> String {
        let hosts: Vec<_> = self.nodes.iter().map(|node| format!("127.0.0.1:{}", node.port)).collect();
        format!("amqp://postern:postern@{}", hosts.join(","))
    }

    pub fn start(&mut self, at: usize) {
        let mut command = self.command("rabbitmq-server");
        let port = free_address().port();
        command
            .env_remove("NOTIFY_SOCKET")
            .env("RUNNING_UNDER_SYSTEMD", "1")
            .env("RABBITMQ_NODENAME", NAMES[at])
            .env("RABBITMQ_DIST_PORT", port.to_string())
            .env("RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS", ON_LOOPBACK)
            .env("RABBITMQ_SCHEDULER_BIND_TYPE", "u")
            .env("RABBITMQ_CONF_ENV_FILE", self.folder.join("rabbitmq-env.conf"))
            .env("RABBITMQ_CONFIG_FILE", self.settings(at))
            .env("RABBITMQ_ADVANCED_CONFIG_FILE", self.folder.join("advanced.config"))
            .env("RABBITMQ_ENABLED_PLUGINS_FILE", self.folder.join("enabled_plugins"))
            .env("RABBITMQ_MNESIA_BASE", self.folder.join("data"))
            .env("RABBITMQ_LOG_BASE", self.folder.join("log"));
        self.nodes[at].start(&mut command);
    }

    /// Waits until a node takes connections.
    pub async fn answers(&self, at: usize) {
        let port = self.nodes[at].port;
        until("a node of RabbitMQ answers", async || timeout(Duration::from_secs(5), greeted(port)).await.ok()?).await;
    }

    /// The node that leads the lane with most messages in hand. If no node tells it, the first one stands in, and that is
    /// said: a node is harmed in either case.
    pub async fn leader(&self) -> usize {
        let end = Instant::now() + KNOWS_LEADER;
        while Instant::now() < end {
            for (at, name) in NAMES.iter().enumerate() {
                let queues = self.control(at, &["list_queues", "name", "leader", "messages_unacknowledged"]).await;
                if let Some(leader) = queues.as_ref().and_then(leader_of_lanes) {
                    return leader;
                }
                println!("{name} names no leader of a lane: {}", queues.unwrap_or_default());
            }
            sleep(Duration::from_millis(500)).await;
        }
        println!("{} stands in for the leader", NAMES[0]);
        0
    }

    /// What a command tells as JSON, of a node that lives.
    async fn control(&self, at: usize, words: &[&str]) -> Option<Value> {
        let mut command = tokio::process::Command::from(self.command("rabbitmqctl"));
        command.args(["--node", NAMES[at], "--timeout", "15", "--formatter", "json"]).args(words);
        command.env("RABBITMQ_CTL_ERL_ARGS", ON_LOOPBACK).kill_on_drop(true);
        let Ok(done) = timeout(Duration::from_secs(20), command.output()).await else {
            println!("rabbitmqctl {} of {} had not ended after 20 s", words[0], NAMES[at]);
            return None;
        };
        let done = done.unwrap();
        if !done.status.success() {
            println!("rabbitmqctl {} of {}: {}", words[0], NAMES[at], String::from_utf8_lossy(&done.stderr).trim());
        }
        serde_json::from_slice(&done.stdout).ok()
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(format!("{PROGRAMS}/{program}"));
        command.env("HOME", &self.folder).env("ERL_EPMD_PORT", self.epmd_port.to_string());
        command.env("ERL_EPMD_ADDRESS", "127.0.0.1");
        command
    }

    fn settings(&self, at: usize) -> PathBuf {
        self.folder.join(format!("{}.conf", NAMES[at]))
    }

    fn write_settings(&self, at: usize) {
        let mut text = format!(
            "listeners.tcp.local = 127.0.0.1:{}\ndefault_user = postern\ndefault_pass = postern\n\
             disk_free_limit.absolute = 50MB\nlog.console = true\nlog.console.use_colors = off\nlog.file = false\n\
             cluster_partition_handling = pause_minority\n\
             cluster_formation.peer_discovery_backend = classic_config\n",
            self.nodes[at].port
        );
        for (number, name) in NAMES.iter().enumerate() {
            text.push_str(&format!("cluster_formation.classic_config.nodes.{} = {name}\n", number + 1));
        }
        fs::write(self.settings(at), text).unwrap();
    }
}

/// Of the lanes whose leader is known, the busiest; of idle ones that of ordinary work.
fn leader_of_lanes(queues: &Value) -> Option<usize> {
    let lanes = queues.as_array()?.iter().filter_map(|queue| {
        let name = queue["name"].as_str().filter(|name| name.starts_with("postern.lane."))?;
        let leader = NAMES.iter().position(|node| queue["leader"] == *node)?;
        let in_hand = queue["messages_unacknowledged"].as_u64().unwrap_or(0);
        Some(((in_hand, name.contains(".default.")), leader))
    });
    lanes.max().map(|(_, leader)| leader)
}

/// The first byte of the answer to the protocol header is that of a method frame.
async fn greeted(port: u16) -> Option<()> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.ok()?;
    stream.write_all(b"AMQP\x00\x00\x09\x01").await.ok()?;
    (stream.read_u8().await.ok()? == 1).then_some(())
}
