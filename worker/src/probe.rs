//! The private listener: health and metrics, for operators only. A worker is ready only while deliveries can
//! reach it: a deaf worker is not.

use postern_shared::telemetry;
use prometheus::{IntGauge, Registry};
use tokio::net::TcpListener;
use warp::Filter;
use warp::http::StatusCode;
use warp::reply::with_status;

use crate::consumer::Health;

/// Serves until it is dropped.
pub async fn serve(listener: TcpListener, health: Health, hears: IntGauge, registry: Registry) {
    let live = warp::path!("health" / "live").map(|| "alive\n".to_owned());
    let asked = health.clone();
    let ready = warp::path!("health" / "ready").map(move || {
        if asked.hears() {
            with_status("ready\n".to_owned(), StatusCode::OK)
        } else {
            with_status("not ready: messages cannot reach this worker\n".to_owned(), StatusCode::SERVICE_UNAVAILABLE)
        }
    });
    let metrics = warp::path!("metrics").map(move || {
        hears.set(i64::from(health.hears()));
        telemetry::exposition(&registry)
    });
    warp::serve(warp::get().and(live.or(ready).or(metrics))).incoming(listener).run().await;
}
