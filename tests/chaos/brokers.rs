//! Three nodes of RabbitMQ on loopback that form a cluster, with an epmd of their own.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::processes::free_address;
use crate::server::{Server, until};

/// The nodes.
pub const NAMES: [&str; 3] = ["a@localhost", "b@localhost", "c@localhost"];

/// Erlang opens the port for other nodes on every interface unless it is told otherwise.
const ON_LOOPBACK: &str = "-kernel inet_dist_use_interface {127,0,0,1}";

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

    /// The node that leads the lane with most messages in hand.
    pub async fn leader(&self) -> usize {
        until("a lane has a leader", async || {
            for at in 0..NAMES.len() {
                let queues = self.control(at, &["list_queues", "name", "leader", "messages_unacknowledged"]).await;
                let Some(Value::Array(mut queues)) = queues else { continue };
                queues.retain(|queue| queue["name"].as_str().is_some_and(|name| name.starts_with("postern.lane.")));
                let load = |queue: &Value| {
                    let is_default = queue["name"].as_str().is_some_and(|name| name.contains(".default."));
                    (queue["messages_unacknowledged"].as_u64().unwrap_or(0), is_default)
                };
                let leader = queues.iter().max_by_key(|queue| load(queue))?["leader"].as_str()?.to_owned();
                return NAMES.iter().position(|name| *name == leader);
            }
            None
        })
        .await
    }

    /// What a command tells as JSON, of a node that lives.
    async fn control(&self, at: usize, words: &[&str]) -> Option<Value> {
        let mut command = tokio::process::Command::from(self.command("rabbitmqctl"));
        command.args(["--node", NAMES[at], "--timeout", "8", "--formatter", "json"]).args(words);
        command.env("RABBITMQ_CTL_ERL_ARGS", ON_LOOPBACK).kill_on_drop(true);
        let done = timeout(Duration::from_secs(15), command.output()).await.ok()?.unwrap();
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

/// The first byte of the answer to the protocol header is that of a method frame.
async fn greeted(port: u16) -> Option<()> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.ok()?;
    stream.write_all(b"AMQP\x00\x00\x09\x01").await.ok()?;
    (stream.read_u8().await.ok()? == 1).then_some(())
}
