//! What one caller, one target, one run or one stranger tries, and what the others see of it. Each test is one attack; an
//! honest caller goes on beside it.

mod bodies;
mod broker;
mod calls;
mod clock;
mod connections;
mod crowds;
mod environment;
mod hosts;
mod large;
mod leases;
mod logins;
mod logs;
mod names;
mod readiness;
pub mod reasons;
mod receipts;
mod redirects;
mod refusals;
mod refused;
mod replay;
mod requests;
mod settings;
mod slow;
mod slow_database;
mod spool;

use std::net::SocketAddr;

use tokio::net::{TcpSocket, TcpStream};

use crate::harness::{Postern, private};

/// A permission for the honest caller (127.0.0.1) and for an attacker who is permitted (127.0.0.2). Every other address
/// of loopback is a stranger's.
const SETTINGS: &str = "permission: shared\naddresses: 127.0.0.1, 127.0.0.2\nworkflows: [1]\n---\n\
                        workflow: 1\nstart: {without_record: true, next: end}\nsteps: {end: {stop: finished}}\n";

/// A connection from an address of loopback.
async fn connect(from: &str, to: SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(SocketAddr::new(from.parse().unwrap(), 0)).unwrap();
    socket.connect(to).await.unwrap()
}

/// An honest caller posts, and an operator looks whether the ingress lives: both must succeed.
async fn others_go_on(postern: &mut Postern) {
    for n in 0..20 {
        let answer = postern.post("/trigger").form(format!("n={n}")).send().await;
        assert_eq!(answer.status, 202, "{}", answer.json);
    }
    assert_eq!(private(&mut postern.ingress, "/health/live").await, (200, "alive\n".into()));
}
