//! Publishing and consuming against a real RabbitMQ, each test in a vhost of its own.

use std::time::Duration;

use postern_shared::broker::publisher::{Breaker, DEFAULT_CHANNELS, Options, PublishError, Publisher};
use postern_shared::broker::topology;
use postern_shared::shutdown::Shutdown;
use postern_shared::submission::SUBMISSIONS_V1;
use postern_worker::consumer::{self, DRAIN_LIMIT, HOLD_LIMIT, Health, Message, Origin, Settlement};
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::time::error::Elapsed;

use self::vhost::{Vhost, eventually};

mod vhost;

fn publisher(vhost: &Vhost, shutdown: &Shutdown) -> (Publisher, tokio::task::JoinHandle<()>) {
    let options =
        Options { url: vhost.url(), connection_name: "test-publisher".to_owned(), channels: DEFAULT_CHANNELS };
    Publisher::start(options, &prometheus::Registry::new(), shutdown.clone()).unwrap()
}

async fn connected_publisher(vhost: &Vhost) -> Publisher {
    let (publisher, _) = publisher(vhost, &Shutdown::new());
    eventually("the breaker closes", async || publisher.state() == Breaker::Closed).await;
    publisher
}

async fn publish(publisher: &Publisher, number: usize) -> Result<(), PublishError> {
    publisher.publish(SUBMISSIONS_V1, json!({ "number": number }).to_string().into_bytes()).await
}

fn consumer_options(vhost: &Vhost) -> consumer::Options {
    consumer::Options {
        url: vhost.url(),
        connection_name: "test-consumer".to_owned(),
        prefetch: 8,
        concurrency: 4,
        hold_limit: HOLD_LIMIT,
        drain_limit: DRAIN_LIMIT,
    }
}

/// Runs a consumer that answers as `settle` says, and passes on what it was given.
fn consume<F>(
    options: consumer::Options,
    shutdown: &Shutdown,
    health: &Health,
    settle: impl Fn(Message) -> F + Clone + Send + 'static,
) -> tokio::task::JoinHandle<()>
where
    F: Future<Output = Settlement> + Send + 'static,
{
    tokio::spawn(consumer::run(options, settle, shutdown.clone(), health.clone()))
}

/// A consumer that acknowledges everything at once, and what it got. Probes are left out.
fn listen(vhost: &Vhost, health: &Health) -> mpsc::UnboundedReceiver<Message> {
    listen_with(consumer_options(vhost), health)
}

/// One message at a time, in the order of the queue.
fn listen_in_order(vhost: &Vhost) -> mpsc::UnboundedReceiver<Message> {
    listen_with(consumer::Options { prefetch: 1, concurrency: 1, ..consumer_options(vhost) }, &Health::new())
}

fn listen_with(options: consumer::Options, health: &Health) -> mpsc::UnboundedReceiver<Message> {
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

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_at_once_are_all_confirmed_in_fewer_messages_and_all_arrive_once() {
    let vhost = Vhost::new().await;
    let publisher = connected_publisher(&vhost).await;
    let publishing: Vec<_> = (0..1_000)
        .map(|number| {
            let publisher = publisher.clone();
            tokio::spawn(async move { publish(&publisher, number).await })
        })
        .collect();
    for one in publishing {
        one.await.unwrap().unwrap();
    }
    let mut messages = listen(&vhost, &Health::new());
    let (mut arrived, mut count) = (Vec::new(), 0);
    while arrived.len() < 1_000 {
        let message = next(&mut messages).await;
        assert_eq!((message.kind.as_str(), message.attempt, message.delivery_count), (SUBMISSIONS_V1, 0, 0));
        assert_eq!(message.origin, Origin::Lane);
        arrived.extend(numbers(&message));
        count += 1;
    }
    arrived.sort_unstable();
    assert_eq!(arrived, (0..1_000).collect::<Vec<u64>>());
    assert!(count < 500, "{count} messages for 1000 submissions");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_of_its_own_keeps_its_kind_body_and_attempt() {
    let vhost = Vhost::new().await;
    let publisher = connected_publisher(&vhost).await;
    let mut messages = listen(&vhost, &Health::new());
    publisher.publish_raw("odd.v7", b"\x00 not json".to_vec(), 3).await.unwrap();
    let message = next(&mut messages).await;
    assert_eq!((message.kind.as_str(), message.attempt), ("odd.v7", 3));
    assert_eq!(message.body, b"\x00 not json");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unroutable_submission_is_refused_and_the_probe_declares_the_binding_again() {
    let vhost = Vhost::new().await;
    let publisher = connected_publisher(&vhost).await;
    publish(&publisher, 1).await.unwrap();
    vhost.unbind(topology::EXCHANGE, topology::QUEUE_DEFAULT, topology::LANE_DEFAULT).await;
    assert_eq!(publish(&publisher, 2).await, Err(PublishError::Unavailable));
    assert_eq!(publisher.state(), Breaker::Open);
    assert_eq!(publish(&publisher, 3).await, Err(PublishError::Unavailable));
    eventually("the breaker closes again", async || publisher.state() == Breaker::Closed).await;
    publish(&publisher, 4).await.unwrap();
    let mut messages = listen_in_order(&vhost);
    assert_eq!(numbers(&next(&mut messages).await), [1]);
    assert_eq!(numbers(&next(&mut messages).await), [4]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_queue_opens_the_breaker_until_there_is_room() {
    let vhost = Vhost::new().await;
    let publisher = connected_publisher(&vhost).await;
    vhost.limit_length(topology::QUEUE_DEFAULT, 1).await;
    eventually("a full queue refuses", async || publish(&publisher, 1).await == Err(PublishError::Unavailable)).await;
    assert!(publisher.is_open());
    // Several probes long: only room may close it.
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert!(publisher.is_open());
    let started = std::time::Instant::now();
    assert_eq!(publish(&publisher, 2).await, Err(PublishError::Unavailable));
    assert!(started.elapsed() < Duration::from_millis(100), "an open breaker refuses at once");
    vhost.lift_limit().await;
    eventually("the breaker closes", async || publisher.state() == Breaker::Closed).await;
    publish(&publisher, 3).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn publisher_and_consumer_come_back_after_the_broker_closed_their_connections() {
    let vhost = Vhost::new().await;
    let publisher = connected_publisher(&vhost).await;
    let health = Health::new();
    let mut messages = listen(&vhost, &health);
    eventually("the consumer hears", async || health.hears()).await;
    let cut_off = watch({
        let publisher = publisher.clone();
        move || publisher.is_open()
    });
    let deaf = watch({
        let health = health.clone();
        move || !health.hears()
    });
    for name in ["test-publisher", "test-consumer"] {
        vhost.close_connections(name).await;
    }
    cut_off.await.unwrap().expect("an idle publisher must notice");
    deaf.await.unwrap().expect("a consumer without a connection must not count as healthy");
    eventually("both are back", async || !publisher.is_open() && health.hears()).await;
    publish(&publisher, 1).await.unwrap();
    assert_eq!(numbers(&next(&mut messages).await), [1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn stopping_a_publisher_confirms_what_was_handed_in() {
    let vhost = Vhost::new().await;
    let shutdown = Shutdown::new();
    let (publisher, task) = publisher(&vhost, &shutdown);
    eventually("the breaker closes", async || publisher.state() == Breaker::Closed).await;
    let publishing: Vec<_> = (0..300)
        .map(|number| {
            let publisher = publisher.clone();
            tokio::spawn(async move { publish(&publisher, number).await })
        })
        .collect();
    tokio::task::yield_now().await;
    shutdown.trigger();
    task.await.unwrap();
    let mut confirmed = 0;
    for one in publishing {
        confirmed += u64::from(one.await.unwrap().is_ok());
    }
    assert_eq!(publish(&publisher, 0).await, Err(PublishError::Unavailable));
    let mut messages = listen(&vhost, &Health::new());
    let mut arrived = 0;
    while arrived < confirmed {
        arrived += u64::try_from(numbers(&next(&mut messages).await).len()).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_costs_the_message_a_delivery_and_not_the_worker() {
    let vhost = Vhost::new().await;
    let publisher = connected_publisher(&vhost).await;
    let (sender, mut counts) = mpsc::unbounded_channel();
    let shutdown = Shutdown::new();
    let task = consume(consumer_options(&vhost), &shutdown, &Health::new(), move |message: Message| {
        let sender = sender.clone();
        async move {
            if !is_probe(&message) {
                sender.send(message.delivery_count).unwrap();
                assert!(message.delivery_count >= 2, "as if the handler were broken");
            }
            Settlement::Done
        }
    });
    publish(&publisher, 1).await.unwrap();
    for expected in 0..=2 {
        let count = tokio::time::timeout(Duration::from_secs(30), counts.recv()).await.unwrap();
        assert_eq!(count, Some(expected));
    }
    shutdown.trigger();
    task.await.unwrap();
    assert_nothing_is_left(&vhost, &publisher).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_queue_is_noticed_and_declared_again() {
    let vhost = Vhost::new().await;
    let publisher = connected_publisher(&vhost).await;
    let health = Health::new();
    let mut messages = listen(&vhost, &health);
    eventually("the consumer hears", async || health.hears()).await;
    let deaf = watch({
        let health = health.clone();
        move || !health.hears()
    });
    vhost.delete_queue(topology::QUEUE_DEFAULT).await;
    deaf.await.unwrap().expect("a consumer without a queue must not count as healthy");
    eventually("it hears again", async || health.hears()).await;
    eventually("it can be published again", async || publish(&publisher, 1).await.is_ok()).await;
    assert_eq!(numbers(&next(&mut messages).await), [1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_held_too_long_goes_back_and_is_delivered_again() {
    let vhost = Vhost::new().await;
    let publisher = connected_publisher(&vhost).await;
    let options = consumer::Options { hold_limit: Duration::from_secs(1), ..consumer_options(&vhost) };
    let (sender, mut counts) = mpsc::unbounded_channel();
    let shutdown = Shutdown::new();
    let task = consume(options, &shutdown, &Health::new(), move |message: Message| {
        let sender = sender.clone();
        async move {
            if !is_probe(&message) {
                sender.send(message.delivery_count).unwrap();
                if message.delivery_count == 0 {
                    std::future::pending::<()>().await;
                }
            }
            Settlement::Done
        }
    });
    publish(&publisher, 1).await.unwrap();
    assert_eq!(tokio::time::timeout(Duration::from_secs(30), counts.recv()).await.unwrap(), Some(0));
    assert_eq!(tokio::time::timeout(Duration::from_secs(30), counts.recv()).await.unwrap(), Some(1));
    shutdown.trigger();
    task.await.unwrap();
    assert_nothing_is_left(&vhost, &publisher).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopping_consumer_finishes_and_acknowledges_what_it_began() {
    let vhost = Vhost::new().await;
    let publisher = connected_publisher(&vhost).await;
    let (shutdown, health) = (Shutdown::new(), Health::new());
    let (sender, mut begun) = mpsc::unbounded_channel();
    let finish = Shutdown::new();
    let task = consume(consumer_options(&vhost), &shutdown, &health, {
        let finish = finish.clone();
        move |message: Message| {
            let (sender, finish) = (sender.clone(), finish.clone());
            async move {
                if !is_probe(&message) {
                    sender.send(()).unwrap();
                    finish.wait().await;
                }
                Settlement::Done
            }
        }
    });
    publish(&publisher, 1).await.unwrap();
    begun.recv().await.unwrap();
    shutdown.trigger();
    eventually("a stopping consumer is not ready", async || !health.hears()).await;
    assert!(!task.is_finished(), "it waits for what it began");
    finish.trigger();
    tokio::time::timeout(Duration::from_secs(10), task).await.unwrap().unwrap();
    assert_nothing_is_left(&vhost, &publisher).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_broker_gives_up_on_arrives_as_a_dead_letter_with_its_reason() {
    let vhost = Vhost::new().await;
    let publisher = connected_publisher(&vhost).await;
    vhost
        .reject_everything_in(topology::QUEUE_DEFAULT, async || {
            publisher.publish_raw("odd.v7", b"{}".to_vec(), 2).await.unwrap();
        })
        .await;
    let mut messages = listen(&vhost, &Health::new());
    let message = loop {
        let message = next(&mut messages).await;
        if message.kind == "odd.v7" {
            break message;
        }
    };
    assert_eq!(message.origin, Origin::DeadLetter { reason: "rejected".to_owned() });
    assert_eq!((message.body.as_slice(), message.attempt), (b"{}".as_slice(), 2));
}
