//! What waits for the broker.

use tokio::sync::oneshot;

use super::*;
use crate::broker::publisher::bundle::{Load, MAX_BUNDLE_BYTES};

type Answer = oneshot::Receiver<Result<(), PublishError>>;

fn push(queue: &Queue, load: Load) -> Result<Answer, PublishError> {
    push_into(queue, Lane::Default, load)
}

fn push_into(queue: &Queue, lane: Lane, load: Load) -> Result<Answer, PublishError> {
    let (answer, answered) = oneshot::channel();
    queue.push(Waiting::new(lane, load, answer)).map(|()| answered)
}

fn submission(bytes: usize) -> Load {
    Load::Submission { kind: "a", encoded: vec![b'1'; bytes] }
}

fn message() -> Load {
    Load::Message { kind: "a".to_owned(), body: vec![b'1'], attempt: 2 }
}

async fn sizes(loads: Vec<Load>) -> Vec<usize> {
    let queue = Queue::new();
    queue.admit();
    for load in loads {
        push(&queue, load).unwrap();
    }
    queue.drain();
    let mut sizes = Vec::new();
    while let Some(bundle) = queue.take().await {
        sizes.push(bundle.len());
    }
    sizes
}

#[tokio::test]
async fn a_bundle_ends_at_its_limits_and_at_a_message_of_its_own() {
    let many = |count: usize, bytes: usize| (0..count).map(|_| submission(bytes)).collect::<Vec<_>>();
    assert_eq!(sizes(many(130, 1)).await, [64, 64, 2]);
    assert_eq!(sizes(many(3, MAX_BUNDLE_BYTES / 2)).await, [2, 1]);
    assert_eq!(sizes(many(2, MAX_BUNDLE_BYTES + 1)).await, [1, 1]);
    assert_eq!(sizes(vec![submission(1), message(), message(), submission(1)]).await, [1, 1, 1, 1]);
    let other = Load::Submission { kind: "b", encoded: vec![b'1'] };
    assert_eq!(sizes(vec![submission(1), other, submission(1)]).await, [1, 1, 1]);
}

#[tokio::test]
async fn an_open_breaker_fails_what_waits_and_what_comes() {
    let queue = Queue::new();
    assert_eq!(push(&queue, submission(1)).err(), Some(PublishError::Unavailable));
    queue.admit();
    let waiting = push(&queue, submission(1)).unwrap();
    assert!(queue.refuse());
    assert!(!queue.refuse());
    assert_eq!(waiting.await.unwrap(), Err(PublishError::Unavailable));
    assert!(queue.take().await.is_none());
    assert_eq!(queue.breaker(), Breaker::Open);
}

#[test]
fn a_full_queue_says_so_at_once() {
    let queue = Queue::new();
    queue.admit();
    let mut full = None;
    for _ in 0..=MAX_WAITING_BYTES / MAX_BUNDLE_BYTES {
        full = push(&queue, submission(MAX_BUNDLE_BYTES)).err();
    }
    assert_eq!(full, Some(PublishError::Busy));
    assert!(matches!(queue.lock().next(), Next::Bundle(_)));
    assert!(push(&queue, submission(MAX_BUNDLE_BYTES)).is_ok());
}

#[test]
fn lanes_take_turns_and_share_no_bundle() {
    let queue = Queue::new();
    queue.admit();
    for (lane, count) in [(Lane::Bulk1, 200), (Lane::Default, 3), (Lane::Bulk2, 1)] {
        for _ in 0..count {
            drop(push_into(&queue, lane, submission(1)));
        }
    }
    let mut order = Vec::new();
    while let Next::Bundle(bundle) = queue.lock().next() {
        order.push((bundle.lane(), bundle.len()));
    }
    let bulk = |len| (Lane::Bulk1, len);
    assert_eq!(order, [(Lane::Default, 3), bulk(64), (Lane::Bulk2, 1), bulk(64), bulk(64), bulk(8)]);
}

#[tokio::test]
async fn a_full_lane_refuses_nobody_in_another() {
    let queue = Queue::new();
    queue.admit();
    while push_into(&queue, Lane::Bulk1, submission(MAX_BUNDLE_BYTES)).is_ok() {}
    assert_eq!(push_into(&queue, Lane::Bulk1, submission(1)).err(), Some(PublishError::Busy));
    let mut waiting = push(&queue, submission(1)).unwrap();
    assert!(queue.rest(Lane::Bulk1) && !queue.rest(Lane::Bulk1));
    assert_eq!(push_into(&queue, Lane::Bulk1, submission(1)).err(), Some(PublishError::Unavailable));
    assert!(!queue.takes(Lane::Bulk1) && queue.takes(Lane::Default));
    assert!(push(&queue, submission(1)).is_ok());
    assert!(matches!(queue.lock().next(), Next::Bundle(bundle) if bundle.len() == 2));
    assert!(waiting.try_recv().is_err(), "it was not failed");
    tokio::time::sleep(LANE_REST).await;
    assert!(queue.takes(Lane::Bulk1) && push_into(&queue, Lane::Bulk1, submission(1)).is_ok());
}

#[tokio::test]
async fn whoever_waits_for_a_bundle_is_woken() {
    let queue = std::sync::Arc::new(Queue::new());
    queue.admit();
    let take = |queue: &std::sync::Arc<Queue>| {
        let queue = std::sync::Arc::clone(queue);
        tokio::spawn(async move { queue.take().await })
    };
    let (first, second) = (take(&queue), take(&queue));
    tokio::task::yield_now().await;
    push(&queue, submission(1)).unwrap();
    // It looks again only after whoever else was ready.
    tokio::task::yield_now().await;
    tokio::task::yield_now().await;
    queue.refuse();
    let ended = [first.await.unwrap().is_some(), second.await.unwrap().is_some()];
    assert_eq!(ended.iter().filter(|got| **got).count(), 1, "one got the bundle, one was sent away");
}
