//! Three runs that search a module of 60,000 records in a loop without finding anything, and three more each 5 s.

use std::time::Duration;

use super::{Against, InForce, posts, settings};

pub async fn run(against: Against, in_force: InForce) {
    let what = (settings::SEARCHES, "n=1");
    posts::first_and_then(against.public, what, (3, 3), Duration::from_secs(5), in_force).await;
}
