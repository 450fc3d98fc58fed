//! The PostgreSQL and RabbitMQ that `deploy/dev` keeps, shared by all tests: each test gets a database and a vhost of
//! its own in them.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use lapin::options::{BasicGetOptions, BasicPublishOptions, ConfirmSelectOptions, QueueDeleteOptions};
use lapin::{BasicProperties, Channel, Connection, ConnectionProperties};
use postern_shared::broker::topology;
use postern_shared::lane::Lane;
use postern_shared::options::DatabaseOptions;
use postern_shared::resume::RESUME_V1;
use postern_shared::store::roles::{self, Password, Process, Wanted};
use postern_shared::store::{Store, migrate};
use postern_shared::submission;
use serde_json::Value;
use tokio_postgres::{Client, NoTls};
use uuid::Uuid;

use super::call::client;

/// The password of the roles as which processes work.
const ROLE_PASSWORD: &str = "password-of-tests";

/// The name of a database with the schema, copied for each test: one per state of the migrations and of the roles' rights.
fn template() -> String {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/migrations");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let mut hasher = DefaultHasher::new();
    files.iter().for_each(|file| std::fs::read(file).unwrap().hash(&mut hasher));
    roles::table().hash(&mut hasher);
    format!("postern_template_{:016x}", hasher.finish())
}

/// A database and a vhost.
pub struct Servers {
    name: String,
    pub database_url: String,
    pub amqp_url: String,
    /// What the names of the roles begin with as which the processes work.
    pub role_prefix: String,
    pub role_password: String,
    /// Whether they are of one test alone, with which they end.
    is_own: bool,
}

impl Servers {
    pub async fn new() -> Self {
        let name = format!("t_{}", Uuid::now_v7().simple());
        let admin = admin().await;
        // One test makes the template, the others wait; nobody may be connected to it while it is copied.
        admin.execute("SELECT pg_advisory_lock(7700)", &[]).await.unwrap();
        let template = template();
        make_template(&admin, &template).await;
        admin.batch_execute(&format!("CREATE DATABASE {name} TEMPLATE {template}")).await.unwrap();
        admin.execute("SELECT pg_advisory_unlock(7700)", &[]).await.unwrap();
        make_vhost(&name).await;
        Self {
            database_url: database_url(&name),
            amqp_url: format!("{}/{name}", amqp_root()),
            name,
            role_prefix: template,
            role_password: ROLE_PASSWORD.to_owned(),
            is_own: false,
        }
    }

    /// Servers of a test's own, with the tables and a role for each process.
    pub async fn own(database_url: String, amqp_url: String) -> Self {
        let (name, role_prefix) = ("postern".to_owned(), "own".to_owned());
        make_schema(&database_url, Some(&role_prefix)).await;
        Self { name, database_url, amqp_url, role_prefix, role_password: ROLE_PASSWORD.to_owned(), is_own: true }
    }

    /// The name of the database and of the vhost.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The database as a program sees it: each process has a role of its own, everything else is the owner.
    pub fn database_url_of(&self, binary: &str) -> String {
        let role = binary.strip_prefix("postern-").filter(|process| ["ingress", "worker", "control"].contains(process));
        let url = |process| self.database_url_as(&format!("{}_{process}", self.role_prefix), &self.role_password);
        role.map_or_else(|| self.database_url.clone(), url)
    }

    /// The database as another role sees it.
    pub fn database_url_as(&self, role: &str, password: &str) -> String {
        let (_, server) = self.database_url.rsplit_once('@').unwrap();
        format!("postgres://{role}:{password}@{server}")
    }

    /// The `$env` of the submissions that wait in the lanes. They are looked at and given back.
    pub async fn queued_env(&self) -> Vec<Value> {
        let mut found = Vec::new();
        for lane in Lane::SUBMISSIONS {
            found.extend(self.queued_env_in(lane).await);
        }
        found
    }

    /// The same of one lane.
    pub async fn queued_env_in(&self, lane: Lane) -> Vec<Value> {
        let (_connection, channel) = self.channel().await;
        let mut found = Vec::new();
        while let Some(message) =
            channel.basic_get(topology::queue(lane).unwrap().into(), BasicGetOptions::default()).await.unwrap()
        {
            let submissions = submission::unbundle(&message.data).unwrap();
            found.extend(submissions.into_iter().map(|one| Value::Object(Arc::unwrap_or_clone(one.env).0)));
        }
        found
    }

    /// How many messages of the lanes consumers hold unacknowledged. The broker counts every few seconds.
    pub async fn held(&self) -> u64 {
        let url = management(&format!("queues/{}", self.name));
        let queues: Vec<Value> = client().get(url).send().await.unwrap().json().await.unwrap();
        let lanes = Lane::SUBMISSIONS.map(|lane| topology::queue(lane).unwrap());
        let of_lanes = queues.iter().filter(|queue| lanes.iter().any(|lane| queue["name"] == *lane));
        of_lanes.filter_map(|queue| queue["messages_unacknowledged"].as_u64()).sum()
    }

    /// The broker's address.
    pub fn broker_address(&self) -> SocketAddr {
        address_of(&self.amqp_url)
    }

    /// Takes this test's database away from everybody.
    pub async fn forbid_connections(&self) {
        let (admin, name) = (admin().await, &self.name);
        admin.batch_execute(&format!("ALTER DATABASE {name} ALLOW_CONNECTIONS false")).await.unwrap();
        let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1";
        admin.execute(end, &[name]).await.unwrap();
    }

    /// Gives the database back.
    pub async fn allow_connections(&self) {
        admin().await.batch_execute(&format!("ALTER DATABASE {} ALLOW_CONNECTIONS true", self.name)).await.unwrap();
    }

    /// Takes the lane's queue away, as an operator's mistake might.
    pub async fn delete_lane(&self) {
        let (_connection, channel) = self.channel().await;
        channel.queue_delete(topology::QUEUE_DEFAULT.into(), QueueDeleteOptions::default()).await.unwrap();
    }

    async fn channel(&self) -> (Connection, Channel) {
        let connection = Connection::connect(&self.amqp_url, ConnectionProperties::default()).await.unwrap();
        let channel = connection.create_channel().await.unwrap();
        (connection, channel)
    }

    /// Puts a message to where its kind usually goes, as somebody else's program might.
    pub async fn publish(&self, kind: &str, body: &[u8]) {
        let (_connection, channel) = self.channel().await;
        channel.confirm_select(ConfirmSelectOptions::default()).await.unwrap();
        let properties = BasicProperties::default().with_type(kind.into());
        let options = BasicPublishOptions { mandatory: true, ..BasicPublishOptions::default() };
        let (exchange, key) = topology::way(if kind == RESUME_V1 { Lane::Resuming } else { Lane::Default }).unwrap();
        let sent = channel.basic_publish(exchange.into(), key.into(), options, body, properties);
        assert!(sent.await.unwrap().await.unwrap().is_ack());
    }
}

impl Drop for Servers {
    fn drop(&mut self) {
        if self.is_own {
            return;
        }
        let name = self.name.clone();
        let removing = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let admin = admin().await;
                let _ = admin.batch_execute(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await;
                for role in ["ingress", "worker", "control", "owner"] {
                    let _ = admin.batch_execute(&format!("DROP ROLE IF EXISTS {name}_{role}")).await;
                }
                settle(&name).await;
                let _ = client().delete(management(&format!("vhosts/{name}"))).send().await;
            });
        });
        let _ = removing.join();
    }
}

/// Waits until no queue of a vhost is being declared. One that comes while its vhost is deleted takes the dead lettering
/// of RabbitMQ 3.10 down, and with it the quorum queues of all other tests.
async fn settle(name: &str) {
    let queues = client().get(management(&format!("queues/{name}"))).send().await;
    let Ok(queues) = async { queues?.json::<Vec<Value>>().await }.await else { return };
    if queues.is_empty() {
        return;
    }
    let url = format!("{}/{name}", amqp_root());
    if let Ok(connection) = Connection::connect(&url, ConnectionProperties::default()).await
        && let Ok(channel) = connection.create_channel().await
        && topology::declare(&channel).await.is_ok()
    {
        // Nothing tells when the broker has started what belongs to a queue.
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

async fn admin() -> Client {
    let (client, connection) = tokio_postgres::connect(&setting("DATABASE_URL"), NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

async fn make_template(admin: &Client, template: &str) {
    let exists = admin.query_opt("SELECT 1 FROM pg_database WHERE datname = $1", &[&template]).await.unwrap();
    if exists.is_none() {
        admin.batch_execute(&format!("CREATE DATABASE {template}")).await.unwrap();
    }
    make_schema(&database_url(template), exists.is_none().then_some(template)).await;
    let connected = "SELECT count(*) FROM pg_stat_activity WHERE datname = $1";
    super::eventually("nobody is connected to the template", async || {
        let count: i64 = admin.query_one(connected, &[&template]).await.unwrap().get(0);
        (count == 0).then_some(())
    })
    .await;
}

/// Makes the tables, and the roles if they are to have this prefix.
async fn make_schema(database_url: &str, prefix: Option<&str>) {
    let store = Store::new(&DatabaseOptions::new(database_url, 1), "postern-tests").unwrap();
    let mut connection = store.connection().await.unwrap();
    migrate::run(&mut connection).await.unwrap();
    if let Some(prefix) = prefix {
        let password = || Password::read(ROLE_PASSWORD).ok();
        let wanted = Process::ALL.map(|process| Wanted { process, password: password() });
        roles::make(&mut connection, &prefix.parse().unwrap(), wanted.into()).await.unwrap();
    }
}

async fn make_vhost(name: &str) {
    let client = client();
    let user = amqp_root().split("//").nth(1).unwrap().split(':').next().unwrap().to_owned();
    let all = serde_json::json!({"configure": ".*", "write": ".*", "read": ".*"});
    let made = client.put(management(&format!("vhosts/{name}"))).send().await.unwrap();
    assert!(made.status().is_success(), "{made:?}");
    let url = management(&format!("permissions/{name}/{user}"));
    let granted = client.put(url).json(&all).send().await.unwrap();
    assert!(granted.status().is_success(), "{granted:?}");
}

/// The URL of another database of the same server.
fn database_url(name: &str) -> String {
    let url = setting("DATABASE_URL");
    let (server, _) = url.rsplit_once('/').unwrap();
    format!("{server}/{name}")
}

/// The AMQP URL without its vhost.
fn amqp_root() -> String {
    let url = setting("AMQP_URL");
    let end = url.find("//").unwrap() + 2;
    match url[end..].find('/') {
        Some(slash) => url[..end + slash].to_owned(),
        None => url,
    }
}

fn management(path: &str) -> String {
    format!("{}/api/{path}", setting("POSTERN_DEV_RABBITMQ_MANAGEMENT"))
}

/// The address in the URL of a server.
pub fn address_of(url: &str) -> SocketAddr {
    url.rsplit('@').next().unwrap().split('/').next().unwrap().parse().unwrap()
}

/// What `tests/run` exports.
pub fn setting(name: &str) -> String {
    optional_setting(name)
        .unwrap_or_else(|| panic!("{name} is not set: run tests/run, or `eval $(deploy/dev env)` first"))
}

/// What one command of `tests/run` exports.
#[expect(clippy::disallowed_methods, reason = "tests/run hands the servers over in the environment")]
pub fn optional_setting(name: &str) -> Option<String> {
    std::env::var(name).ok()
}
