//! What waits for a channel, and the breaker in front of it. Both are under one lock: nothing can slip in
//! between "refuse" and "fail what waits", and so be forgotten. The lanes take turns, so that a burst waits here
//! behind itself alone.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use super::bundle::{Bundle, Waiting};
use super::{Breaker, PublishError};
use crate::lane::Lane;

/// Bytes of submissions that wait for a channel in one lane. A submission beyond them is refused at once. The limit
/// holds some seconds of a busy broker. Each lane has its own limit, so a burst that fills its lane refuses nothing in
/// the other lanes.
pub const MAX_WAITING_BYTES: usize = 16 * 1024 * 1024;

/// How long a lane that the broker has refused (it is full) goes the way of the spool before it is tried again: as long
/// as between two probes of the broker.
const LANE_REST: Duration = Duration::from_millis(500);

/// First in, first out in each lane, with a breaker at the entrance.
#[derive(Debug)]
pub(super) struct Queue {
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Debug)]
struct State {
    gate: Gate,
    lanes: [InLane; Lane::COUNT],
    /// The lane whose turn is next, by its place in [`Lane::ALL`].
    turn: usize,
}

/// What waits in one lane.
#[derive(Debug, Default)]
struct InLane {
    waiting: VecDeque<Waiting>,
    bytes: usize,
    rests_until: Option<Instant>,
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
        let state = State { gate: Gate::Refuses, lanes: Default::default(), turn: 0 };
        Self { state: Mutex::new(state), changed: Notify::new() }
    }

    pub(super) fn push(&self, waiting: Waiting) -> Result<(), PublishError> {
        let mut state = self.lock();
        if state.gate != Gate::Admits {
            return Err(PublishError::Unavailable);
        }
        let lane = &mut state.lanes[waiting.lane().index()];
        if lane.rests() {
            return Err(PublishError::Unavailable);
        }
        let bytes = waiting.bytes();
        // An empty lane takes anything: what is too large for the limit alone must not be busy for ever.
        if lane.bytes > 0 && lane.bytes + bytes > MAX_WAITING_BYTES {
            return Err(PublishError::Busy);
        }
        lane.bytes += bytes;
        lane.waiting.push_back(waiting);
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
                Next::NothingYet => {
                    changed.await;
                    // Tokio wakes this at once: whatever else is ready to hand something in goes into the same bundle.
                    tokio::task::yield_now().await;
                }
            }
        }
    }

    pub(super) fn breaker(&self) -> Breaker {
        match self.lock().gate {
            Gate::Admits | Gate::Drains => Breaker::Closed,
            Gate::Refuses => Breaker::Open,
        }
    }

    /// Whether a lane takes anything now.
    pub(super) fn takes(&self, lane: Lane) -> bool {
        let mut state = self.lock();
        state.gate == Gate::Admits && !state.lanes[lane.index()].rests()
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
        let failed = std::mem::take(&mut state.lanes);
        drop(state);
        self.changed.notify_waiters();
        for lane in failed {
            lane.fail();
        }
        change
    }

    /// Fails what waits in a lane that is full, and what comes there for a while. Says whether that is a change.
    pub(super) fn rest(&self, lane: Lane) -> bool {
        let mut state = self.lock();
        let lane = &mut state.lanes[lane.index()];
        let change = !lane.rests();
        let resting = InLane { rests_until: Some(Instant::now() + LANE_REST), ..InLane::default() };
        let failed = std::mem::replace(lane, resting);
        drop(state);
        failed.fail();
        change
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn next(&mut self) -> Next {
        for step in 0..Lane::COUNT {
            let at = (self.turn + step) % Lane::COUNT;
            if let Some(bundle) = self.lanes[at].next() {
                self.turn = (at + 1) % Lane::COUNT;
                return Next::Bundle(bundle);
            }
        }
        if self.gate == Gate::Admits { Next::NothingYet } else { Next::NothingMore }
    }
}

impl InLane {
    fn next(&mut self) -> Option<Bundle> {
        let mut bundle = Bundle::of(self.waiting.pop_front()?);
        while self.waiting.front().is_some_and(|next| bundle.has_room_for(next))
            && let Some(next) = self.waiting.pop_front()
        {
            bundle.add(next);
        }
        self.bytes -= bundle.bytes();
        Some(bundle)
    }

    fn rests(&mut self) -> bool {
        self.rests_until = self.rests_until.filter(|until| Instant::now() < *until);
        self.rests_until.is_some()
    }

    fn fail(self) {
        for waiting in self.waiting {
            waiting.answer(Err(PublishError::Unavailable));
        }
    }
}

#[cfg(test)]
mod tests;
