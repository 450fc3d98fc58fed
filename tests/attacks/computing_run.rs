//! A run that computes for as long as a run may, and another when that one is over.

use std::time::Duration;

use super::{Against, InForce, posts, settings};

/// As long as a run may compute.
const COMPUTES: Duration = Duration::from_secs(5);

pub async fn run(against: Against, in_force: InForce) {
    posts::first_and_then(against.public, (settings::COMPUTES, "n=1"), (1, 1), COMPUTES, in_force).await;
}
