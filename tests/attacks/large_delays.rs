//! 60 posts of 900 kB at once, and 10 more every two seconds, whose runs copy all that was posted and then wait.

use std::time::Duration;

use super::{Against, InForce, posts, settings};

const FIRST: usize = 60;
const THEN: usize = 10;
const BYTES: usize = 900_000;
const PAUSE: Duration = Duration::from_secs(2);

pub async fn run(against: Against, in_force: InForce) {
    let form = format!("big={}", text());
    // What is measured begins with the first posts, not after them: they are the worst.
    let _ = in_force.send(());
    posts::many(against.public, settings::DELAYS, &form, FIRST).await;
    loop {
        tokio::time::sleep(PAUSE).await;
        posts::many(against.public, settings::DELAYS, &form, THEN).await;
    }
}

/// Text that the database cannot make shorter: digits of a generator of Knuth's.
fn text() -> String {
    let mut state = 1_u64;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        format!("{:016x}", state ^ (state >> 29))
    };
    (0..BYTES / 16).map(|_| next()).collect()
}
