//! The private listener: the control panel, its API, health and metrics, for operators only.

use std::future::pending;
use std::net::SocketAddr;
use std::sync::Arc;

use postern_http::connections::{Caps, Connections};
use postern_http::hosts::Hosts;
use postern_http::server::{self, Door, Standing};
use postern_shared::host::HostName;
use postern_shared::telemetry;
use prometheus::Registry;
use tokio::net::TcpListener;
use warp::Filter;
use warp::http::StatusCode;
use warp::reply::with_status;

use crate::api;
use crate::panel::{self, Panel};
use crate::readiness;
use crate::state::State;

/// Serves until it is dropped.
pub async fn serve(
    listener: TcpListener,
    (caps, names): (Caps, Vec<HostName>),
    state: Arc<State>,
    panel: Arc<Panel>,
    registry: Registry,
) {
    let connections =
        Connections::new(caps, state.trusted_proxies.clone(), state.metrics.connections.listener("private"));
    let hosts = Hosts::Private(names);
    let door = Door {
        connections: Arc::new(connections),
        hosts,
        standing: Box::new(|_| Standing::Caller),
        refused: Box::new(|_| {}),
    };
    let live = warp::path!("health" / "live").map(|| "alive\n".to_owned());
    let api = api::routes(Arc::clone(&state));
    let asked = Arc::clone(&state);
    let ready = warp::path!("health" / "ready").then(move || {
        let state = Arc::clone(&asked);
        async move {
            match readiness::unready(&state).await {
                None => with_status("ready\n".to_owned(), StatusCode::OK),
                Some(reason) => with_status(format!("not ready: {reason}\n"), StatusCode::SERVICE_UNAVAILABLE),
            }
        }
    });
    let metrics = warp::path!("metrics").then(move || {
        let (state, registry) = (Arc::clone(&state), registry.clone());
        async move {
            state.metrics.ready.set(i64::from(readiness::unready(&state).await.is_none()));
            telemetry::exposition(&registry)
        }
    });
    let fixed = warp::get().and(live.or(ready).or(metrics)).or(api);
    let everything = |peer: SocketAddr| fixed.clone().or(panel::routes(Arc::clone(&panel), peer.ip()));
    server::serve(listener, door, everything, pending()).await;
}
