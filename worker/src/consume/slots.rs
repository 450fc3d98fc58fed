//! Who is worked on next. A slot that becomes free goes to the next lane in which somebody waits, in turn, however many
//! wait in the others: first come, first served would let a burst take them all. Some slots are kept for the default
//! lane: bursts whose bundles take long cannot be in all slots when something else comes.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use postern_shared::lane::Lane;
use tokio::sync::oneshot;

/// Messages of the default lane that are handled beside those that take turns: what comes as usual finds a slot at once,
/// however long the bundles of bursts take.
pub const KEPT_SLOTS: usize = 1;

/// Slots for the lanes; clones share them.
#[derive(Debug, Clone)]
pub struct Slots(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    free: usize,
    kept_free: usize,
    waiting: [VecDeque<oneshot::Sender<Slot>>; Lane::COUNT],
    /// The lane whose turn is next, by its place in [`Lane::ALL`].
    turn: usize,
}

/// The right to work, until this is dropped.
#[derive(Debug)]
pub struct Slot {
    /// None: it has been handed on.
    slots: Option<Slots>,
    is_kept: bool,
}

impl Slots {
    /// So many for all lanes, and so many more for the default lane.
    pub fn new(count: usize, kept: usize) -> Self {
        Self(Arc::new(Mutex::new(State { free: count, kept_free: kept, waiting: Default::default(), turn: 0 })))
    }

    /// Waits for the turn of a lane.
    pub async fn acquire(&self, lane: Lane) -> Slot {
        loop {
            let waits = {
                let mut state = self.lock();
                if let Some(is_kept) = state.take(lane) {
                    return Slot { slots: Some(self.clone()), is_kept };
                }
                let (sender, receiver) = oneshot::channel();
                state.waiting[lane.index()].push_back(sender);
                receiver
            };
            // Only the end of all slots drops a sender, and this is one of their clones.
            if let Ok(slot) = waits.await {
                return slot;
            }
        }
    }

    /// Gives a slot to whoever is next; one that waits no more is passed over.
    fn hand_on(&self, is_kept: bool) {
        loop {
            // The lock is free again before the slot is sent: one that comes back takes it.
            let next = self.lock().next(is_kept);
            let Some(next) = next else { return };
            match next.send(Slot { slots: Some(self.clone()), is_kept }) {
                Ok(()) => return,
                Err(mut slot) => slot.slots = None,
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// A free slot for a lane, by whether it is a kept one. Where one is free nobody waits that could have it.
    fn take(&mut self, lane: Lane) -> Option<bool> {
        if lane == Lane::Default && self.kept_free > 0 {
            self.kept_free -= 1;
            return Some(true);
        }
        self.free = self.free.checked_sub(1)?;
        Some(false)
    }

    /// Who gets a slot that has become free; if nobody does it is free.
    fn next(&mut self, is_kept: bool) -> Option<oneshot::Sender<Slot>> {
        if is_kept {
            let next = self.waiting[Lane::Default.index()].pop_front();
            self.kept_free += usize::from(next.is_none());
            return next;
        }
        for step in 0..Lane::COUNT {
            let at = (self.turn + step) % Lane::COUNT;
            if let Some(next) = self.waiting[at].pop_front() {
                self.turn = (at + 1) % Lane::COUNT;
                return Some(next);
            }
        }
        self.free += 1;
        None
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        if let Some(slots) = self.slots.take() {
            slots.hand_on(self.is_kept);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::time::Duration;

    use super::*;

    /// Lets some wait in a lane; each says its lane when it has had its turn.
    async fn wait_in(slots: &Slots, lane: Lane, count: usize, say: &mpsc::Sender<Lane>) {
        for _ in 0..count {
            let (slots, say) = (slots.clone(), say.clone());
            tokio::spawn(async move {
                let _slot = slots.acquire(lane).await;
                say.send(lane).unwrap();
            });
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn a_free_slot_goes_round_the_lanes_in_which_somebody_waits() {
        let (slots, (say, said)) = (Slots::new(1, 0), mpsc::channel());
        let busy = slots.acquire(Lane::Bulk1).await;
        wait_in(&slots, Lane::Bulk1, 4, &say).await;
        wait_in(&slots, Lane::Default, 1, &say).await;
        wait_in(&slots, Lane::Bulk3, 2, &say).await;
        drop(busy);
        tokio::time::sleep(Duration::from_millis(1)).await;
        let (d, one, three) = (Lane::Default, Lane::Bulk1, Lane::Bulk3);
        assert_eq!(said.try_iter().collect::<Vec<_>>(), [d, one, three, one, three, one, one]);
        assert_eq!(slots.lock().free, 1);
    }

    #[tokio::test]
    async fn a_slot_is_kept_for_the_default_lane() {
        let (slots, (say, said)) = (Slots::new(1, 1), mpsc::channel());
        let busy = slots.acquire(Lane::Bulk1).await;
        wait_in(&slots, Lane::Bulk2, 1, &say).await;
        assert!(said.try_recv().is_err(), "no burst has the slot that is kept");
        let kept = slots.acquire(Lane::Default).await;
        wait_in(&slots, Lane::Default, 1, &say).await;
        drop(kept);
        tokio::task::yield_now().await;
        assert_eq!(said.try_recv(), Ok(Lane::Default));
        drop(busy);
        tokio::task::yield_now().await;
        assert_eq!(said.try_recv(), Ok(Lane::Bulk2));
        let state = slots.lock();
        assert_eq!((state.free, state.kept_free), (1, 1));
    }

    #[tokio::test]
    async fn who_waits_no_more_takes_no_slot() {
        let slots = Slots::new(1, 0);
        let busy = slots.acquire(Lane::Bulk1).await;
        let gone = tokio::time::timeout(Duration::from_millis(1), slots.acquire(Lane::Bulk1)).await;
        assert!(gone.is_err());
        let unread = {
            let (sender, receiver) = oneshot::channel();
            slots.lock().waiting[Lane::Default.index()].push_back(sender);
            receiver
        };
        drop(busy);
        assert_eq!(slots.lock().free, 0, "it is on its way");
        drop(unread);
        assert_eq!(slots.lock().free, 1, "it was given back unused");
    }
}
