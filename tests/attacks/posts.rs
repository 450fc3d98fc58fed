//! Posts of the permitted attacker, each on a connection of its own.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::time::sleep;

use super::{InForce, PERMITTED, connection};

/// So many posts at a time.
const AT_ONCE: usize = 20;

/// The wait after the first posts until what they start is under way.
const UNDER_WAY: Duration = Duration::from_secs(1);

/// Posts so many submissions for a workflow at once; returns the receipts.
pub async fn many(to: SocketAddr, workflow: u64, form: &str, count: usize) -> Vec<String> {
    let mut receipts = Vec::new();
    for begun in (0..count).step_by(AT_ONCE) {
        let posts = (begun..count.min(begun + AT_ONCE)).map(|_| one(to, workflow, form));
        receipts.extend(futures_util::future::join_all(posts).await.into_iter().flatten());
    }
    receipts
}

/// The same, and so many more after each pause, for ever.
pub async fn first_and_then(
    to: SocketAddr,
    (workflow, form): (u64, &str),
    (first, then): (usize, usize),
    pause: Duration,
    in_force: InForce,
) {
    many(to, workflow, form, first).await;
    sleep(UNDER_WAY).await;
    let _ = in_force.send(());
    loop {
        sleep(pause).await;
        many(to, workflow, form, then).await;
    }
}

/// Posts one submission; its receipt, if it was accepted.
async fn one(to: SocketAddr, workflow: u64, form: &str) -> Option<String> {
    let mut stream = connection::open(PERMITTED, to).await.ok()?;
    let request = connection::post(&format!("/trigger?workflow_id={workflow}"), "connection: close\r\n", form);
    let answer = connection::call(&mut stream, &request).await.ok()?;
    Some(answer.split_once(r#""receipt":""#)?.1.get(..36)?.to_owned())
}
