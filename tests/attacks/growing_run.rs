//! A run that copies 600 kB that were posted into 900 names, one step after another, and another run each 5 s.

use std::time::Duration;

use super::{Against, InForce, posts, settings};

/// Below the largest body, with its name.
const POSTED_BYTES: usize = 600_000;

pub async fn run(against: Against, in_force: InForce) {
    let form = format!("big={}", "x".repeat(POSTED_BYTES));
    let what = (settings::GROWS, form.as_str());
    posts::first_and_then(against.public, what, (1, 1), Duration::from_secs(5), in_force).await;
}
