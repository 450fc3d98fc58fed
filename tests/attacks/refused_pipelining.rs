//! The refused requests of `refused_requests.rs` and polls of receipts that do not exist, sent ahead: each connection is
//! always full of requests, and all answers are read.

use std::time::Duration;

use uuid::Uuid;

use super::refused_requests::refused;
use super::{Against, InForce, PERMITTED, connection, together};

const CONNECTIONS: usize = 200;

/// Requests in one write.
const TOGETHER: usize = 50;

/// How long all connections take to be there.
const BEGIN: Duration = Duration::from_secs(2);

/// Posts that are refused.
pub async fn posts(against: Against, in_force: InForce) {
    let all = (0..CONNECTIONS).map(|number| {
        let (from, request) = refused(number);
        connection::pour(from, against.public, request.repeat(TOGETHER))
    });
    together(all, BEGIN, in_force).await;
}

/// Polls of receipts that do not exist, by the permitted attacker.
pub async fn polls(against: Against, in_force: InForce) {
    let all = (0..CONNECTIONS).map(|_| {
        let requests = (0..TOGETHER).map(|_| connection::get(&format!("/receipts/{}", Uuid::now_v7()))).collect();
        connection::pour(PERMITTED, against.public, requests)
    });
    together(all, BEGIN, in_force).await;
}
