//! The refused requests of `refused_requests.rs`, each on a connection of its own, which is reset with the answer or when
//! that does not come at once.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use tokio::time::{sleep, timeout};

use super::refused_requests::refused;
use super::{Against, InForce, connection, together};

/// So many at a time.
const AT_ONCE: usize = 50;

/// How long an answer is waited for.
const PATIENCE: Duration = Duration::from_millis(20);

/// The wait after a connection that could not be opened.
const AGAIN_AFTER: Duration = Duration::from_millis(500);

/// How long the attack takes to be in force.
const BEGIN: Duration = Duration::from_secs(1);

pub async fn run(against: Against, in_force: InForce) {
    let all = (0..AT_ONCE).map(|number| {
        let (from, request) = refused(number);
        ask(from, against.public, request)
    });
    together(all, BEGIN, in_force).await;
}

async fn ask(from: Ipv4Addr, to: SocketAddr, request: String) {
    loop {
        match connection::open(from, to).await {
            Ok(mut stream) => {
                // A reset leaves no port behind that waits.
                let _ = stream.set_zero_linger();
                let _ = timeout(PATIENCE, connection::call(&mut stream, &request)).await;
            }
            Err(_) => sleep(AGAIN_AFTER).await,
        }
    }
}
