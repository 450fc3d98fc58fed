//! 4,000 connections of strangers that send nothing.

use super::{Against, InForce, connection};

const CONNECTIONS: usize = 4_000;

pub async fn run(against: Against, in_force: InForce) {
    connection::hold_many(against.public, CONNECTIONS, b"", in_force).await;
}
