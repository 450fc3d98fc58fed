//! 1,500 connections of the permitted caller ask for receipts that do not exist, another each time.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::time::sleep;
use uuid::Uuid;

use super::{Against, InForce, PERMITTED, connection, together};

const CONNECTIONS: usize = 1_500;

/// The wait before a connection that failed is opened again.
const AGAIN_AFTER: Duration = Duration::from_millis(500);

/// How long all connections take to be there.
const BEGIN: Duration = Duration::from_secs(3);

pub async fn run(against: Against, in_force: InForce) {
    let all = (0..CONNECTIONS).map(|_| ask(against.public));
    together(all, BEGIN, in_force).await;
}

async fn ask(to: SocketAddr) {
    loop {
        if let Ok(mut stream) = connection::open(PERMITTED, to).await {
            while connection::call(&mut stream, &connection::get(&format!("/receipts/{}", Uuid::now_v7())))
                .await
                .is_ok()
            {}
        }
        sleep(AGAIN_AFTER).await;
    }
}
