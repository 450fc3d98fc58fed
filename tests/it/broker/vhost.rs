//! A vhost of its own for one test, and what only an operator can do to it, through RabbitMQ's management API.

use std::time::Duration;

use futures_util::StreamExt;
use lapin::options::{BasicConsumeOptions, BasicRejectOptions, QueueDeclareOptions};
use lapin::types::FieldTable;
use postern_shared::broker::connection::BrokerUrl;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::harness;
use crate::harness::servers::{address_of, setting};
use crate::link::Link;

/// Deleted when the test is over: queues that nobody uses slow a shared broker down.
pub struct Vhost {
    name: String,
    amqp: String,
    management: String,
    http: reqwest::Client,
}

impl Vhost {
    pub async fn new() -> Self {
        let name = format!("test-{}", uuid::Uuid::now_v7());
        let amqp = format!("{}/{name}", setting("AMQP_URL").trim_end_matches('/'));
        let management = setting("POSTERN_DEV_RABBITMQ_MANAGEMENT").trim_end_matches('/').to_owned();
        let vhost = Self { name, amqp, management, http: reqwest::Client::new() };
        vhost.call(Method::PUT, &format!("vhosts/{}", vhost.name), json!({})).await;
        vhost
    }

    pub fn url(&self) -> BrokerUrl {
        self.amqp.parse().unwrap()
    }

    /// The same broker as several nodes.
    pub fn url_by(&self, links: &[Link]) -> BrokerUrl {
        let addresses: Vec<String> = links.iter().map(|link| link.address.to_string()).collect();
        let (user, path) = (self.amqp.split_once('@').unwrap().0, self.amqp.rsplit_once('/').unwrap().1);
        format!("{user}@{}/{path}", addresses.join(",")).parse().unwrap()
    }

    /// Links to the broker.
    pub async fn links<const N: usize>(&self) -> [Link; N] {
        futures_util::future::join_all([address_of(&self.amqp); N].map(Link::to)).await.try_into().ok().unwrap()
    }

    pub async fn unbind(&self, exchange: &str, queue: &str, key: &str) {
        self.call(Method::DELETE, &format!("bindings/{}/e/{exchange}/q/{queue}/{key}", self.name), json!({})).await;
    }

    pub async fn delete_queue(&self, queue: &str) {
        self.call(Method::DELETE, &format!("queues/{}/{queue}", self.name), json!({})).await;
    }

    /// A connection that has a queue for itself alone.
    pub async fn take_queue(&self, queue: &str) -> lapin::Connection {
        self.delete_queue(queue).await;
        let connection = lapin::Connection::connect(&self.amqp, lapin::ConnectionProperties::default()).await.unwrap();
        let options = QueueDeclareOptions { exclusive: true, ..QueueDeclareOptions::default() };
        let channel = connection.create_channel().await.unwrap();
        channel.queue_declare(queue.into(), options, FieldTable::default()).await.unwrap();
        connection
    }

    /// From now on nothing can be declared or bound.
    pub async fn forbid_declaring(&self) {
        let user = self.amqp.split("//").nth(1).unwrap().split(':').next().unwrap();
        let rights = json!({ "configure": "^$", "write": ".*", "read": ".*" });
        self.call(Method::PUT, &format!("permissions/{}/{user}", self.name), rights).await;
    }

    /// At most so many messages, by a policy beside the arguments of the queue.
    pub async fn limit_length(&self, queue: &str, messages: u32) {
        let policy = json!({ "pattern": format!("^{queue}$"), "apply-to": "queues", "priority": 1,
            "definition": { "max-length": messages } });
        self.call(Method::PUT, &format!("policies/{}/limit", self.name), policy).await;
    }

    pub async fn lift_limit(&self) {
        self.call(Method::DELETE, &format!("policies/{}/limit", self.name), json!({})).await;
    }

    /// Closes the connections that call themselves `name`, once the management API knows one.
    pub async fn close_connections(&self, name: &str) {
        eventually("the connection is listed", async || {
            let all = self.call(Method::GET, &format!("vhosts/{}/connections", self.name), json!(null)).await;
            let named =
                all.as_array().unwrap().iter().filter(|one| one["client_properties"]["connection_name"] == name);
            let mut closed = false;
            for connection in named {
                let id = connection["name"].as_str().unwrap().replace(' ', "%20").replace('>', "%3E");
                self.call(Method::DELETE, &format!("connections/{id}"), json!({})).await;
                closed = true;
            }
            closed
        })
        .await;
    }

    /// Rejects what is in the queue and what `meanwhile` brings, until it is empty.
    pub async fn reject_everything_in(&self, queue: &str, meanwhile: impl AsyncFnOnce()) {
        let connection = lapin::Connection::connect(&self.amqp, lapin::ConnectionProperties::default()).await.unwrap();
        let channel = connection.create_channel().await.unwrap();
        let options = BasicConsumeOptions::default();
        let mut consumer =
            channel.basic_consume(queue.into(), "".into(), options, FieldTable::default()).await.unwrap();
        meanwhile().await;
        while let Ok(Some(delivery)) = tokio::time::timeout(Duration::from_secs(1), consumer.next()).await {
            delivery.unwrap().reject(BasicRejectOptions { requeue: false }).await.unwrap();
        }
        connection.close(200, "done".into()).await.unwrap();
    }

    async fn call(&self, method: Method, path: &str, body: Value) -> Value {
        let mut request = self.http.request(method.clone(), format!("{}/api/{path}", self.management));
        if method != Method::GET {
            request = request.json(&body);
        }
        let answer = request.send().await.expect("RabbitMQ's management API answers");
        let status = answer.status();
        assert!(status.is_success() || status == StatusCode::NOT_FOUND, "{method} {path}: {status}");
        serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap_or_default()
    }
}

impl Drop for Vhost {
    fn drop(&mut self) {
        let url = format!("{}/api/vhosts/{}", self.management, self.name);
        // A test that ends has no executor to wait with; and what goes wrong here is not its failure.
        let delete = move || -> Option<StatusCode> {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().ok()?;
            Some(runtime.block_on(reqwest::Client::new().delete(url).send()).ok()?.status())
        };
        let _ = std::thread::spawn(delete).join();
    }
}

/// Asks again until it is so, for as long as anything may take.
pub async fn eventually(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    harness::eventually(what, async || is_so().await.then_some(())).await;
}
