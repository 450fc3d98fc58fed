//! The private listener: health and metrics, for operators only. A worker is ready only while deliveries can
//! reach it and what they ask for can be committed: a deaf worker is not.

use std::sync::Arc;

use postern_shared::telemetry;
use prometheus::{IntGauge, Registry};
use tokio::net::TcpListener;
use warp::Filter;
use warp::http::StatusCode;
use warp::reply::with_status;

use crate::consumer::Health;
use crate::outages::Outages;

/// What readiness depends on.
type Condition = (Health, Arc<Outages>);

/// Serves until it is dropped.
pub async fn serve(listener: TcpListener, condition: Condition, ready_gauge: IntGauge, registry: Registry) {
    let live = warp::path!("health" / "live").map(|| "alive\n".to_owned());
    let asked = condition.clone();
    let ready = warp::path!("health" / "ready").map(move || match unready(&asked) {
        None => with_status("ready\n".to_owned(), StatusCode::OK),
        Some(reason) => with_status(format!("not ready: {reason}\n"), StatusCode::SERVICE_UNAVAILABLE),
    });
    let metrics = warp::path!("metrics").map(move || {
        ready_gauge.set(i64::from(unready(&condition).is_none()));
        telemetry::exposition(&registry)
    });
    warp::serve(warp::get().and(live.or(ready).or(metrics))).incoming(listener).run().await;
}

/// Why this worker does no work, in words for the operator; nothing if it does.
fn unready((health, outages): &Condition) -> Option<String> {
    if let Some(reason) = health.deaf() {
        let why = if reason.is_empty() { "it is starting" } else { &reason };
        return Some(format!("messages cannot reach this worker: {why}"));
    }
    outages.takes_no_commits().map(|reason| format!("postgresql takes no commits: {reason}"))
}
