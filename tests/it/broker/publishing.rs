//! What a caller of the publisher sees.

use super::*;

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
    publisher.publish_raw(Lane::Default, "odd.v7", b"\x00 not json".to_vec(), 3).await.unwrap();
    let message = next(&mut messages).await;
    assert_eq!((message.kind.as_str(), message.attempt), ("odd.v7", 3));
    assert_eq!(message.body, b"\x00 not json");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_there_is_used_without_being_declared_again() {
    let vhost = Vhost::new().await;
    drop(connected_publisher(&vhost).await);
    vhost.forbid_declaring().await;
    let publisher = connected_publisher(&vhost).await;
    let mut messages = listen(&vhost, &Health::new());
    publish(&publisher, 1).await.unwrap();
    assert_eq!(numbers(&next(&mut messages).await), [1]);
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
    let started = Instant::now();
    assert_eq!(publish(&publisher, 2).await, Err(PublishError::Unavailable));
    assert!(started.elapsed() < Duration::from_millis(100), "an open breaker refuses at once");
    vhost.lift_limit().await;
    eventually("the breaker closes", async || publisher.state() == Breaker::Closed).await;
    publish(&publisher, 3).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_lane_of_bursts_refuses_and_the_others_go_on() {
    let vhost = Vhost::new().await;
    let publisher = connected_publisher(&vhost).await;
    let burst = async || publisher.publish(Lane::Bulk2, SUBMISSIONS_V1, b"{\"number\":1}".to_vec()).await;
    burst().await.unwrap();
    vhost.limit_length(topology::queue(Lane::Bulk2).unwrap(), 1).await;
    eventually("the lane refuses", async || burst().await == Err(PublishError::Unavailable)).await;
    for number in 0..10 {
        publish(&publisher, number).await.unwrap();
        assert!(burst().await.is_err() && !publisher.is_open());
    }
    vhost.lift_limit().await;
    eventually("there is room again", async || burst().await.is_ok()).await;
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
