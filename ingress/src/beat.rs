//! A time limit for an answer from outside. It counts only the time in which this process gets to run: what is late
//! because this process stood still, or had too much to do, is not the fault of the other side.

use std::pin::pin;
use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior, interval_at};

/// Between two looks at the time.
const BEAT: Duration = Duration::from_millis(100);

/// A look that comes later than this does not count.
const LATE: Duration = Duration::from_millis(150);

/// After so many times the limit the answer is waited for no longer, however late the looks were.
const PATIENCE: u32 = 5;

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Late {
    /// The other side has had its time.
    Outside,
    /// This process got too little time to run.
    Here,
}

/// The result of a future.
///
/// # Errors
/// Who is the reason that there is none in time.
pub async fn limit<T>(limit: Duration, future: impl Future<Output = T>) -> Result<T, Late> {
    let begin = Instant::now();
    let mut future = pin!(future);
    let mut clock = interval_at(begin + BEAT, BEAT);
    clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (mut counted, mut last) = (Duration::ZERO, begin);
    loop {
        tokio::select! {
            biased;
            result = &mut future => return Ok(result),
            _ = clock.tick() => {}
        }
        let passed = last.elapsed();
        last += passed;
        counted += if passed < LATE { passed } else { Duration::ZERO };
        if counted >= limit {
            return Err(Late::Outside);
        }
        if begin.elapsed() >= limit * PATIENCE {
            return Err(Late::Here);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use tokio::task::yield_now;

    use super::*;

    const LIMIT: Duration = Duration::from_millis(500);

    /// Keeps the only thread of the runtime busy, for so long at a time.
    async fn hog(time: Duration) {
        loop {
            let begin = std::time::Instant::now();
            while begin.elapsed() < time {
                std::hint::spin_loop();
            }
            yield_now().await;
        }
    }

    #[tokio::test]
    async fn who_does_not_answer_is_late_when_its_time_is_over() {
        let begin = Instant::now();
        assert_eq!(limit(LIMIT, pending::<()>()).await, Err(Late::Outside));
        assert!(begin.elapsed() >= LIMIT);
        assert_eq!(limit(LIMIT, async { 7 }).await, Ok(7));
    }

    #[tokio::test]
    async fn who_is_not_heard_is_not_late() {
        let hogging = tokio::spawn(hog(Duration::from_millis(300)));
        let begin = Instant::now();
        // As many steps as take longer than the limit.
        let answer = limit(LIMIT, async {
            for _ in 0..5 {
                yield_now().await;
            }
        });
        assert_eq!(answer.await, Ok(()));
        assert!(begin.elapsed() > LIMIT);
        assert_eq!(limit(LIMIT, pending::<()>()).await, Err(Late::Here));
        hogging.abort();
    }
}
