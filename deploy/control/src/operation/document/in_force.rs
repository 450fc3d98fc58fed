//! Settings are in force when every ingress that is up holds them. The others are named.

use std::time::Duration;

use postern_shared::backoff::Backoff;
use postern_shared::store::{Connection, StoreError, processes};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, sleep};

use crate::operation::field::Time;

/// How long is waited for an ingress. They look for other settings once a second, if a notification is lost.
const WAIT: Duration = Duration::from_secs(3);

/// Between two looks, at first and at most.
const LOOKS: (Duration, Duration) = (Duration::from_millis(5), Duration::from_millis(100));

/// An ingress that may still answer by older settings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Behind {
    /// Its host and the address of its listener.
    pub ingress: String,
    /// When it was heard from.
    pub seen_at: Time,
}

/// Waits until every ingress that is up holds this version of the settings; returns those that do not.
pub async fn wait(connection: &Connection, version: i64) -> Result<Vec<Behind>, StoreError> {
    let (give_up, mut looks) = (Instant::now() + WAIT, Backoff::new(LOOKS.0, LOOKS.1));
    loop {
        let behind = processes::behind(connection, version).await?;
        if !behind.iter().any(|one| one.is_up) || Instant::now() >= give_up {
            let told = |one: processes::Behind| Behind { ingress: one.name, seen_at: one.seen_at.into() };
            return Ok(behind.into_iter().map(told).collect());
        }
        sleep(looks.delay()).await;
    }
}
