//! The private listener: health and metrics, for operators only.

use std::future::pending;
use std::sync::Arc;

use postern_http::connections::{Caps, Connections};
use postern_http::hosts::Hosts;
use postern_http::probe::Probe;
use postern_http::server::{self, Door, Standing};
use postern_shared::host::HostName;
use prometheus::Registry;
use tokio::net::TcpListener;

use crate::readiness;
use crate::state::State;

/// What is answered.
pub fn of(state: &Arc<State>, registry: Registry) -> Probe {
    let (ready, asked, noted) = (state.metrics.ready.clone(), Arc::clone(state), Arc::clone(state));
    let probe = Probe::new(registry, ready, move || {
        let state = Arc::clone(&asked);
        async move { readiness::unready(&state).await.map(|reason| reason.to_string()) }
    });
    probe.with_note(move || noted.settings_note())
}

/// Serves until it is dropped.
pub async fn serve(listener: TcpListener, (caps, names): (Caps, Vec<HostName>), state: Arc<State>, probe: Probe) {
    let metrics = state.metrics.connections.listener("private");
    let connections = Connections::new(caps, state.trusted_proxies.clone(), metrics);
    let hosts = Hosts::Private(names);
    let door = Door {
        connections: Arc::new(connections),
        tls: None,
        hosts,
        standing: Box::new(|_| Standing::Caller),
        announcers: Vec::new(),
        refused: Box::new(|_| {}),
        unreadable: Box::new(|_| {}),
    };
    let routes = probe.routes();
    server::serve(listener, door, |_| routes.clone(), pending()).await;
}
