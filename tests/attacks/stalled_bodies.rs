//! 64 bodies of nearly 1 MiB by one permitted caller, of which the last byte does not come.

use super::{Against, InForce, PERMITTED, connection, settings};

const BODIES: usize = 64;
const BODY_BYTES: usize = 1_000_000;

pub async fn run(against: Against, in_force: InForce) {
    let path = format!("/trigger?workflow_id={}", settings::COMPUTES);
    let mut request = connection::post(&path, "", &"x".repeat(BODY_BYTES));
    request.pop();
    connection::hold_all(against.public, &[PERMITTED; BODIES], request.as_bytes(), in_force).await;
}
