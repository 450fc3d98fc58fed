//! 1,127 connections of strangers that send requests without an end and never read an answer.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::time::sleep;

use super::{Against, InForce, connection, stranger, together};

const CONNECTIONS: usize = 1_127;

/// Requests in one write.
const TOGETHER: usize = 200;

/// The wait between two writes, and before a connection that the server closed is opened again.
const PAUSE: Duration = Duration::from_millis(500);

/// How long all connections take to be there.
const BEGIN: Duration = Duration::from_secs(3);

pub async fn run(against: Against, in_force: InForce) {
    let requests = connection::get("/trigger").repeat(TOGETHER);
    let all = (0..CONNECTIONS).map(|number| pipeline(stranger(number), against.public, &requests));
    together(all, BEGIN, in_force).await;
}

async fn pipeline(from: Ipv4Addr, to: SocketAddr, requests: &str) {
    loop {
        if let Ok(mut stream) = connection::open(from, to).await {
            // A write waits when the server reads no more, and fails when the server has closed the connection.
            while stream.write_all(requests.as_bytes()).await.is_ok() {
                sleep(PAUSE).await;
            }
        }
        sleep(PAUSE).await;
    }
}
