//! The least rate of bytes that come or go: in each window at least so many. A time-out alone would let a peer hold what
//! it holds for the whole of it; a time-out per byte would let a peer drip for ever.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep};

/// Bytes a second that a peer must send or take, on an average over a window: the slowest mobile networks reach ten
/// times as much.
pub const LEAST_RATE: u64 = 1024;

/// Watches the bytes of one direction while there is more to come.
#[derive(Debug)]
pub struct Pace {
    window: Duration,
    end: Pin<Box<Sleep>>,
    moved: u64,
}

impl Pace {
    /// The first window begins now. Within it nothing is too slow, so that a pause is forgiven that is shorter.
    pub fn new(window: Duration) -> Self {
        Self { window, end: Box::pin(sleep(window)), moved: 0 }
    }

    /// Counts bytes.
    pub fn moved(&mut self, bytes: usize) {
        self.moved = self.moved.saturating_add(u64::try_from(bytes).unwrap_or(u64::MAX));
    }

    /// Ready when a window ended in which too little moved; to be polled whenever no byte can move.
    pub fn poll_too_slow(&mut self, context: &mut Context<'_>) -> Poll<()> {
        while self.end.as_mut().poll(context).is_ready() {
            if u128::from(self.moved) * 1_000 < u128::from(LEAST_RATE) * self.window.as_millis() {
                return Poll::Ready(());
            }
            self.moved = 0;
            self.end.as_mut().reset(Instant::now() + self.window);
        }
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::poll_fn;

    const WINDOW: Duration = Duration::from_millis(50);

    #[tokio::test]
    async fn a_peer_is_too_slow_when_a_window_ends_without_enough() {
        let mut still = Pace::new(WINDOW);
        poll_fn(|context| still.poll_too_slow(context)).await;
        let mut fast = Pace::new(WINDOW);
        fast.moved(52);
        // It is enough for one window, and nothing moves in the second.
        let begun = Instant::now();
        poll_fn(|context| fast.poll_too_slow(context)).await;
        assert!(begun.elapsed() >= WINDOW * 2 - Duration::from_millis(1));
    }
}
