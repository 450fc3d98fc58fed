//! Requests that are refused, as fast as they are answered: strangers post, and the permitted attacker posts to a path that
//! does not exist. Each connection is kept and has one request under way.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use tokio::time::sleep;

use super::{Against, InForce, PERMITTED, connection, stranger, together};

/// As many as an address may keep busy with little effort.
const CONNECTIONS: usize = 200;

/// The wait before a connection that the server closed is opened again.
const AGAIN_AFTER: Duration = Duration::from_millis(500);

/// How long all connections take to be there.
const BEGIN: Duration = Duration::from_secs(2);

/// The sender and its request: every second one is the permitted attacker's.
pub fn refused(number: usize) -> (Ipv4Addr, String) {
    if number.is_multiple_of(2) {
        (stranger(number / 2), connection::post("/trigger?workflow_id=77", "", "lastname=Nobody"))
    } else {
        (PERMITTED, connection::post("/no-such-path", "", "lastname=Nobody"))
    }
}

pub async fn run(against: Against, in_force: InForce) {
    let all = (0..CONNECTIONS).map(|number| {
        let (from, request) = refused(number);
        ask(from, against.public, request)
    });
    together(all, BEGIN, in_force).await;
}

async fn ask(from: Ipv4Addr, to: SocketAddr, request: String) {
    loop {
        if let Ok(mut stream) = connection::open(from, to).await {
            while connection::call(&mut stream, &request).await.is_ok() {}
        }
        sleep(AGAIN_AFTER).await;
    }
}
