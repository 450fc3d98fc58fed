//! 200 runs ask a target that accepts and never answers, and ten more each second: each holds its call for the time-out
//! of 20 s and is tried again five times.

use std::time::Duration;

use super::{Against, InForce, posts, settings};

pub async fn run(against: Against, in_force: InForce) {
    let what = (settings::HANGS, "n=1");
    posts::first_and_then(against.public, what, (200, 10), Duration::from_secs(1), in_force).await;
}
