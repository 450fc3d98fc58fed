//! 48 mails, and four more each second, for a mail server that accepts and never greets.

use std::time::Duration;

use super::{Against, InForce, posts, settings};

pub async fn run(against: Against, in_force: InForce) {
    let what = (settings::MAILS, "n=1");
    posts::first_and_then(against.public, what, (48, 4), Duration::from_secs(1), in_force).await;
}
