//! The listeners: one for the panel and the API, one apart for health and metrics.

use std::future::pending;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use postern_http::connections::{Caps, Connections};
use postern_http::hosts::Hosts;
use postern_http::probe::Probe;
use postern_http::server::{self, Door, Standing};
use postern_shared::host::HostName;
use postern_shared::store::migrate;
use postern_shared::telemetry;
use prometheus::Registry;
use tokio::net::TcpListener;
use warp::filters::BoxedFilter;
use warp::reply::Response;
use warp::{Filter, reject};

use crate::api;
use crate::panel::{self, Panel};
use crate::state::State;

/// How many connections a listener may have, and the names that it answers to.
type Bounds = (Caps, Vec<HostName>);

/// What is answered about this service.
pub fn probe(state: &Arc<State>, registry: Registry) -> Result<Probe, prometheus::Error> {
    let (ready, state) = (telemetry::ready_gauge(&registry, "control")?, Arc::clone(state));
    Ok(Probe::new(registry, ready, move || {
        let state = Arc::clone(&state);
        async move { unready(&state).await }
    }))
}

/// Why this process should get no requests: without the database every page is an error.
async fn unready(state: &State) -> Option<String> {
    if state.shutdown.is_triggered() {
        return Some("shutting down".to_owned());
    }
    let checked = async { migrate::check(&state.store.connection().await?).await };
    match checked.await {
        Err(error) => Some(error.to_string()),
        Ok(()) if !state.is_open.load(Ordering::Relaxed) => Some("it is starting".to_owned()),
        Ok(()) => None,
    }
}

/// Serves health and metrics until it is dropped.
pub async fn health(listener: TcpListener, bounds: Bounds, state: Arc<State>, probe: Probe) {
    let routes = probe.routes();
    server::serve(listener, door(bounds, &state, "private"), |_| routes.clone(), pending()).await;
}

/// Serves the panel and the API until shutdown, and then until the answers under way are given. `beside` is served
/// first, if there is one.
pub async fn control(
    listener: TcpListener,
    bounds: Bounds,
    state: Arc<State>,
    panel: Arc<Panel>,
    beside: Option<Probe>,
) {
    let (name, beside): (_, BoxedFilter<(Response,)>) = match beside {
        Some(probe) => ("private", probe.routes().boxed()),
        None => ("control", warp::any().and_then(|| async { Err::<Response, _>(reject::reject()) }).boxed()),
    };
    let fixed = beside.or(api::routes(Arc::clone(&state))).unify();
    let everything = |peer: SocketAddr| fixed.clone().or(panel::routes(Arc::clone(&panel), peer.ip()));
    server::serve(listener, door(bounds, &state, name), everything, state.shutdown.wait()).await;
}

fn door((caps, names): Bounds, state: &State, name: &'static str) -> Door {
    let connections = Connections::new(caps, state.trusted_proxies.clone(), state.connections.listener(name));
    Door {
        connections: Arc::new(connections),
        tls: None,
        hosts: Hosts::Private(names),
        standing: Box::new(|_| Standing::Caller),
        announcers: Vec::new(),
        refused: Box::new(|_| {}),
        unreadable: Box::new(|_| {}),
    }
}
