//! Publishing and consuming against a real RabbitMQ, each test in a vhost of its own.

use std::sync::Arc;
use std::time::{Duration, Instant};

use postern_shared::broker::publisher::{Breaker, DEFAULT_CHANNELS, Options, PublishError, Publisher};
use postern_shared::broker::topology;
use postern_shared::lane::Lane;
use postern_shared::shutdown::Shutdown;
use postern_shared::submission::SUBMISSIONS_V1;
use postern_worker::consume::health::Health;
use postern_worker::consume::message::{Message, Origin, Settlement};
use postern_worker::consume::rabbitmq::{self, HOLD_LIMIT};
use serde_json::{Value, json};
use tokio::sync::{mpsc, watch};
use tokio::time::error::Elapsed;

mod consuming;
mod publishing;
mod vhost;

use self::vhost::{Vhost, eventually};

fn publisher(vhost: &Vhost, shutdown: &Shutdown) -> (Publisher, tokio::task::JoinHandle<()>) {
    let options = Options {
        url: vhost.url(),
        connection_name: "test-publisher".to_owned(),
        component: "worker",
        channels: DEFAULT_CHANNELS,
    };
    Publisher::start(options, &prometheus::Registry::new(), shutdown.clone()).unwrap()
}

async fn connected_publisher(vhost: &Vhost) -> Publisher {
    let (publisher, _) = publisher(vhost, &Shutdown::new());
    eventually("the breaker closes", async || publisher.state() == Breaker::Closed).await;
    publisher
}

async fn publish(publisher: &Publisher, number: usize) -> Result<(), PublishError> {
    publisher.publish(Lane::Default, SUBMISSIONS_V1, json!({ "number": number }).to_string().into_bytes()).await
}

fn consumer_options(vhost: &Vhost) -> rabbitmq::Options {
    rabbitmq::Options {
        url: vhost.url(),
        connection_name: "test-consumer".to_owned(),
        prefetch: 8,
        concurrency: 4,
        kept_slots: 0,
        hold_limit: HOLD_LIMIT,
        resuming: 4,
        drain_limit: Duration::from_secs(20),
    }
}

/// Runs a consumer that answers as `settle` says, and passes on what it was given.
fn consume<F>(
    options: rabbitmq::Options,
    shutdown: &Shutdown,
    health: &Health,
    settle: impl Fn(Message) -> F + Clone + Send + 'static,
) -> tokio::task::JoinHandle<()>
where
    F: Future<Output = Settlement> + Send + 'static,
{
    tokio::spawn(rabbitmq::run(options, settle, async || (), shutdown.clone(), health.clone()))
}

/// A consumer that acknowledges everything at once, and what it got. Probes are left out.
fn listen(vhost: &Vhost, health: &Health) -> mpsc::UnboundedReceiver<Message> {
    listen_with(consumer_options(vhost), health)
}

/// One message at a time, in the order of the queue.
fn listen_in_order(vhost: &Vhost) -> mpsc::UnboundedReceiver<Message> {
    listen_with(rabbitmq::Options { prefetch: 1, concurrency: 1, ..consumer_options(vhost) }, &Health::new())
}

fn listen_with(options: rabbitmq::Options, health: &Health) -> mpsc::UnboundedReceiver<Message> {
    let (sender, receiver) = mpsc::unbounded_channel();
    consume(options, &Shutdown::new(), health, move |message: Message| {
        if !is_probe(&message) {
            // The test may be over.
            let _ = sender.send(message);
        }
        async { Settlement::Done }
    });
    receiver
}

/// What goes back to a queue goes back to its head, so whatever is left would come before a new message.
async fn assert_nothing_is_left(vhost: &Vhost, publisher: &Publisher) {
    eventually("the last one is published", async || publish(publisher, 999).await.is_ok()).await;
    assert_eq!(numbers(&next(&mut listen_in_order(vhost)).await), [999]);
}

/// Whether something becomes so within 20 s, however shortly.
fn watch(is_so: impl Fn() -> bool + Send + 'static) -> tokio::task::JoinHandle<Result<(), Elapsed>> {
    tokio::spawn(tokio::time::timeout(Duration::from_secs(20), async move {
        while !is_so() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }))
}

fn is_probe(message: &Message) -> bool {
    message.body == br#"{"submissions":[]}"#
}

fn numbers(message: &Message) -> Vec<u64> {
    let body: Value = serde_json::from_slice(&message.body).unwrap();
    body["submissions"].as_array().unwrap().iter().map(|one| one["number"].as_u64().unwrap()).collect()
}

async fn next(messages: &mut mpsc::UnboundedReceiver<Message>) -> Message {
    tokio::time::timeout(Duration::from_secs(30), messages.recv()).await.expect("no message within 30 s").unwrap()
}
