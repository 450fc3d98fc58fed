//! What a handler of the consumer sees, and what readiness says.

use super::*;
use crate::link::{Link, Mode};

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
async fn a_queue_that_is_refused_keeps_no_other_from_being_consumed() {
    let vhost = Vhost::new().await;
    let publisher = connected_publisher(&vhost).await;
    let bulk = topology::queue(Lane::Bulk1).unwrap();
    let taken = vhost.take_queue(bulk).await;
    let health = Health::new();
    let mut messages = listen(&vhost, &health);
    publish(&publisher, 1).await.unwrap();
    assert_eq!(numbers(&next(&mut messages).await), [1]);
    eventually("the reason is told", async || health.deaf().is_some_and(|why| why.contains(bulk))).await;
    taken.close(200, "done".into()).await.unwrap();
    eventually("all are consumed", async || health.hears()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_a_node_hangs_messages_come_from_another() {
    let (vhost, health) = (Vhost::new().await, Health::new());
    let (publisher, links) = (connected_publisher(&vhost).await, vhost.links::<2>().await);
    let options = rabbitmq::Options { url: vhost.url_by(&links), ..consumer_options(&vhost) };
    let mut messages = listen_with(options, &health);
    for link in &links {
        eventually("messages come although it hangs", async || comes_beside(&mut messages, &publisher, link).await)
            .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_that_met_at_one_node_part_when_another_is_back() {
    let (vhost, health) = (Vhost::new().await, Health::new());
    let (publisher, links) = (connected_publisher(&vhost).await, vhost.links::<2>().await);
    links[1].set(Mode::Cut);
    let options = rabbitmq::Options { url: vhost.url_by(&links), ..consumer_options(&vhost) };
    let mut messages = listen_with(options, &health);
    eventually("the consumer hears", async || health.hears()).await;
    assert!(!comes_beside(&mut messages, &publisher, &links[0]).await, "there is no other node");
    links[1].set(Mode::Pass);
    eventually("messages come from both", async || comes_beside(&mut messages, &publisher, &links[0]).await).await;
}

/// Whether messages come while a node hangs, but for those that its session has in hand; waits until these have come too.
async fn comes_beside(messages: &mut mpsc::UnboundedReceiver<Message>, publisher: &Publisher, link: &Link) -> bool {
    link.set(Mode::Stall);
    for number in 0..20 {
        publish(publisher, number).await.unwrap();
    }
    let come = come_within(messages, 20, Duration::from_secs(3)).await;
    link.set(Mode::Pass);
    assert_eq!(come + come_within(messages, 20 - come, Duration::from_secs(30)).await, 20);
    come >= 16
}

async fn come_within(messages: &mut mpsc::UnboundedReceiver<Message>, most: usize, time: Duration) -> usize {
    let (until, mut come) = (tokio::time::Instant::now() + time, 0);
    while come < most && tokio::time::timeout_at(until, messages.recv()).await.is_ok() {
        come += 1;
    }
    come
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_held_too_long_goes_back_and_is_delivered_again() {
    let vhost = Vhost::new().await;
    let publisher = connected_publisher(&vhost).await;
    let options = rabbitmq::Options { hold_limit: Duration::from_secs(1), ..consumer_options(&vhost) };
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
async fn what_went_back_is_not_taken_again_before_it_can_be_worked_on() {
    let vhost = Vhost::new().await;
    let publisher = connected_publisher(&vhost).await;
    let (sender, mut counts) = mpsc::unbounded_channel();
    let (health, (able, can_be)) = (Health::new(), watch::channel(true));
    let able = Arc::new(able);
    let handler = {
        let able = Arc::clone(&able);
        move |message: Message| {
            let settlement = if is_probe(&message) { Settlement::Done } else { Settlement::Hold };
            if settlement == Settlement::Hold {
                able.send_replace(message.delivery_count > 0);
                // The test may be over.
                let _ = sender.send(message.delivery_count);
            }
            async move { settlement }
        }
    };
    let able_to_work = move || {
        let mut can_be = can_be.clone();
        async move {
            let _ = can_be.wait_for(|able| *able).await;
        }
    };
    tokio::spawn(rabbitmq::run(consumer_options(&vhost), handler, able_to_work, Shutdown::new(), health.clone()));
    publish(&publisher, 1).await.unwrap();
    assert_eq!(counts.recv().await, Some(0));
    eventually("it takes nothing", async || !health.hears()).await;
    // Longer than it waits between two sessions.
    assert!(tokio::time::timeout(Duration::from_secs(3), counts.recv()).await.is_err(), "it was taken again");
    able.send_replace(true);
    assert_eq!(tokio::time::timeout(Duration::from_secs(30), counts.recv()).await.unwrap(), Some(1));
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
            publisher.publish_raw(Lane::Default, "odd.v7", b"{}".to_vec(), 2).await.unwrap();
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

#[tokio::test(flavor = "multi_thread")]
async fn a_handler_that_holds_again_and_again_is_asked_less_and_less_often() {
    let vhost = Vhost::new().await;
    let publisher = connected_publisher(&vhost).await;
    let (sender, mut counts) = mpsc::unbounded_channel();
    consume(consumer_options(&vhost), &Shutdown::new(), &Health::new(), move |message: Message| {
        let settlement = if is_probe(&message) { Settlement::Done } else { Settlement::Hold };
        if settlement == Settlement::Hold {
            // The test may be over.
            let _ = sender.send(message.delivery_count);
        }
        async move { settlement }
    });
    publish(&publisher, 1).await.unwrap();
    assert_eq!(counts.recv().await, Some(0));
    let started = Instant::now();
    for _ in 0..6 {
        tokio::time::timeout(Duration::from_secs(30), counts.recv()).await.unwrap().unwrap();
    }
    // Each wait is at least half of its step: of 100 ms, of 200, and so on to 3,200.
    assert!(started.elapsed() >= Duration::from_millis(3_150), "{:?}", started.elapsed());
}
