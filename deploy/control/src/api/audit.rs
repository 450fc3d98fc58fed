//! Nothing is lost: where the submissions of each hour are, and those that are nowhere.

use std::time::{Duration, SystemTime};

use postern_shared::clock::time;
use postern_shared::store::delivery_audit::{self, Hour, MAX_HOURS, PLACES};
use postern_shared::store::sequence::Gap;
use serde_json::{Value, json};
use warp::reply::{Reply, Response};

use super::refusal::{Code, Refusal};
use super::request::Request;
use crate::state::State;

/// How many hours are told if the query does not say.
const HOURS_DEFAULT: i64 = 24;

/// The last hours, and what is lost of them.
pub async fn audit(state: &State, request: &Request) -> Result<Response, Refusal> {
    let hours = request.variable("hours")?.unwrap_or(HOURS_DEFAULT);
    if !(1..=MAX_HOURS).contains(&hours) {
        let message = format!("the query variable hours is a number from 1 to {MAX_HOURS}");
        return Err(Refusal::new(Code::InvalidRequest, message));
    }
    let audit = delivery_audit::audit(&mut state.store.connection().await?, hours).await?;
    let hours: Vec<Value> = audit.hours.iter().map(describe).collect();
    let losses = audit.losses.map(|losses| losses.iter().map(loss).collect::<Vec<_>>());
    Ok(warp::reply::json(&json!({"hours": hours, "losses": losses})).into_response())
}

fn describe(hour: &Hour) -> Value {
    let mut described = json!({
        "hour": begin(hour.hour), "answered": hour.answered, "unanswered": hour.unanswered(),
    });
    for (place, count) in PLACES.iter().zip(hour.places) {
        described[*place] = json!(count);
    }
    described
}

fn loss(gap: &Gap) -> Value {
    json!({"hour": begin(gap.hour), "instance": gap.instance, "first": gap.first, "last": gap.last})
}

fn begin(hour: i64) -> String {
    let seconds = u64::try_from(hour).unwrap_or_default().saturating_mul(3600);
    time(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds))
}
