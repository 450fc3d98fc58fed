//! 200 connections of the permitted caller ask, as fast as they are answered, for one receipt that has 9,001 runs.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::time::sleep;

use super::{Against, InForce, PERMITTED, connection, posts, settings, together};

const CONNECTIONS: usize = 200;

/// Between two looks at whether the runs have ended, and before a connection that failed is opened again.
const PAUSE: Duration = Duration::from_millis(500);

/// How many looks are taken: the attack begins at the latest then.
const LOOKS: usize = 120;

pub async fn run(against: Against, in_force: InForce) {
    let receipt = loop {
        match posts::many(against.public, settings::STARTS, "n=1", 1).await.pop() {
            Some(receipt) => break receipt,
            None => sleep(PAUSE).await,
        }
    };
    let request = connection::get(&format!("/receipts/{receipt}"));
    for _ in 0..LOOKS {
        if has_ended(against.public, &request).await {
            break;
        }
        sleep(PAUSE).await;
    }
    together((0..CONNECTIONS).map(|_| poll(against.public, &request)), PAUSE, in_force).await;
}

async fn has_ended(to: SocketAddr, request: &str) -> bool {
    let Ok(mut stream) = connection::open(PERMITTED, to).await else { return false };
    let answer = connection::call(&mut stream, request).await.unwrap_or_default();
    answer.contains(r#""status":"finished""#) && !answer.contains(r#""status":"running""#)
}

async fn poll(to: SocketAddr, request: &str) {
    loop {
        if let Ok(mut stream) = connection::open(PERMITTED, to).await {
            while connection::call(&mut stream, request).await.is_ok() {}
        }
        sleep(PAUSE).await;
    }
}
