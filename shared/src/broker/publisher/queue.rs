//! What waits for a channel, and the breaker in front of it. Both are under one lock: nothing can slip in
//! between "refuse" and "fail what waits", and so be forgotten.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use super::bundle::{Bundle, Waiting};
use super::{Breaker, PublishError};

/// Bytes that wait for a channel; at more, callers are told at once. Some seconds of a busy broker, and small
/// against the memory of a process.
pub(super) const MAX_WAITING_BYTES: usize = 64 * 1024 * 1024;

/// First in, first out, with a breaker at the entrance.
#[derive(Debug)]
pub(super) struct Queue {
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Debug)]
struct State {
    gate: Gate,
    waiting: VecDeque<Waiting>,
    bytes: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Gate {
    /// In and out.
    Admits,
    /// Out only: the process stops.
    Drains,
    /// Neither: the breaker is open.
    Refuses,
}

enum Next {
    Bundle(Bundle),
    NothingYet,
    NothingMore,
}

impl Queue {
    /// Refuses until [`Queue::admit`].
    pub(super) fn new() -> Self {
        let state = State { gate: Gate::Refuses, waiting: VecDeque::new(), bytes: 0 };
        Self { state: Mutex::new(state), changed: Notify::new() }
    }

    pub(super) fn push(&self, waiting: Waiting) -> Result<(), PublishError> {
        let mut state = self.lock();
        if state.gate != Gate::Admits {
            return Err(PublishError::Unavailable);
        }
        let bytes = waiting.bytes();
        // An empty queue takes anything: what is too large for the limit alone must not be busy for ever.
        if state.bytes > 0 && state.bytes + bytes > MAX_WAITING_BYTES {
            return Err(PublishError::Busy);
        }
        state.bytes += bytes;
        state.waiting.push_back(waiting);
        drop(state);
        self.changed.notify_one();
        Ok(())
    }

    /// The next bundle, as soon as anything waits; nothing once the queue refuses, or is drained.
    pub(super) async fn take(&self) -> Option<Bundle> {
        loop {
            let changed = self.changed.notified();
            let next = self.lock().next();
            match next {
                Next::Bundle(bundle) => return Some(bundle),
                Next::NothingMore => return None,
                Next::NothingYet => changed.await,
            }
        }
    }

    pub(super) fn breaker(&self) -> Breaker {
        match self.lock().gate {
            Gate::Admits | Gate::Drains => Breaker::Closed,
            Gate::Refuses => Breaker::Open,
        }
    }

    pub(super) fn admit(&self) {
        self.lock().gate = Gate::Admits;
    }

    /// Takes nothing more in; what waits can still be taken out.
    pub(super) fn drain(&self) {
        let mut state = self.lock();
        if state.gate == Gate::Admits {
            state.gate = Gate::Drains;
        }
        drop(state);
        self.changed.notify_waiters();
    }

    /// Fails what waits and whatever comes. Says whether that is a change.
    pub(super) fn refuse(&self) -> bool {
        let mut state = self.lock();
        let change = state.gate != Gate::Refuses;
        state.gate = Gate::Refuses;
        state.bytes = 0;
        let failed = std::mem::take(&mut state.waiting);
        drop(state);
        self.changed.notify_waiters();
        for waiting in failed {
            waiting.answer(Err(PublishError::Unavailable));
        }
        change
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn next(&mut self) -> Next {
        let Some(first) = self.waiting.pop_front() else {
            return if self.gate == Gate::Admits { Next::NothingYet } else { Next::NothingMore };
        };
        let mut bundle = Bundle::of(first);
        while self.waiting.front().is_some_and(|next| bundle.has_room_for(next))
            && let Some(next) = self.waiting.pop_front()
        {
            bundle.add(next);
        }
        self.bytes -= bundle.bytes();
        Next::Bundle(bundle)
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::oneshot;

    use super::*;
    use crate::broker::publisher::bundle::{Load, MAX_BUNDLE_BYTES};

    type Answer = oneshot::Receiver<Result<(), PublishError>>;

    fn push(queue: &Queue, load: Load) -> Result<Answer, PublishError> {
        let (answer, answered) = oneshot::channel();
        queue.push(Waiting::new(load, answer)).map(|()| answered)
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
        tokio::task::yield_now().await;
        queue.refuse();
        let ended = [first.await.unwrap().is_some(), second.await.unwrap().is_some()];
        assert_eq!(ended.iter().filter(|got| **got).count(), 1, "one got the bundle, one was sent away");
    }
}
