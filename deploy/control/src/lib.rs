//! Control: the panel and the API, for those who set Postern up and look after it. Ingress and workers carry leads
//! without it; whatever it does goes through PostgreSQL, by connections of its own.

pub mod api;
mod designer;
mod known_documents;
pub mod limits;
pub mod operation;
mod options;
pub mod panel;
mod redact;
mod reread;
mod router;
mod serving;
mod state;
pub mod texts;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use postern_http::listen::listen;
use postern_http::probe::Probe;
use postern_shared::backlog::BacklogMetrics;
use postern_shared::descriptors;
use postern_shared::service::Failure;
use postern_shared::shutdown::Shutdown;
use postern_shared::store::{Store, migrate};
use postern_shared::telemetry;
use prometheus::Registry;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::time::timeout;

use limits::Listeners;
use panel::Panel;
use state::State;

pub use options::{AccessOptions, Options};

/// How long the answers of control that are under way may take after the shutdown began.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(5);

/// Who answers about health and metrics.
#[derive(Debug, Default)]
pub enum Watched {
    /// This service, by a private listener of its own.
    #[default]
    Alone,
    /// Another service of the same process, also with these metrics.
    Elsewhere(Registry),
    /// Another service of the same process, also with these metrics; its answers are served beside the panel, by this
    /// listener.
    Together(Registry, oneshot::Receiver<Probe>, std::net::TcpListener),
}

/// Runs the service until shutdown. Its listeners open at once: a person who looks why nothing goes on must get in.
pub async fn run(options: Options, watched: Watched, shutdown: Shutdown) -> Result<(), Failure> {
    let (registry, shared) = match watched {
        Watched::Alone => (None, None),
        Watched::Elsewhere(registry) => (Some(registry), None),
        Watched::Together(registry, probe, listener) => (Some(registry), Some((probe, listener))),
    };
    let (is_alone, registry) = (registry.is_none(), registry.unwrap_or_default());
    let listeners = Listeners::within(descriptors::raise());
    let store = Store::new(&options.database, "postern-control")?.observed(&registry, "control")?;
    telemetry::build_info(&registry, "control")?;
    let backlog = BacklogMetrics::register(&registry, "control")?;
    let state = State::new(&options, store.clone(), &registry, shutdown.clone())?;
    let public = (options.public.scheme(), options.public.listen);
    let panel = Arc::new(Panel::new(Arc::clone(&state), public, options.access.admin_password)?);
    let hosts = options.private.private_hosts;
    let probing = if is_alone {
        let private = listen(options.private_listen)?;
        tracing::info!(address = %private.local_addr()?, "the private listener is open: health and metrics");
        let probe = serving::probe(&state, registry)?;
        Some(tokio::spawn(serving::health(private, (listeners.private, hosts.clone()), Arc::clone(&state), probe)))
    } else {
        None
    };
    let (control, beside) = match shared {
        Some((probe, listener)) => (TcpListener::from_std(listener)?, probe.await.ok()),
        None => {
            let control = listen(options.control_listen)?;
            tracing::info!(address = %control.local_addr()?, "the control listener is open: the control panel and its API");
            (control, None)
        }
    };
    let address = control.local_addr()?;
    let at_control = (listeners.control, hosts);
    let serving = tokio::spawn(serving::control(control, at_control, Arc::clone(&state), Arc::clone(&panel), beside));

    migrate::wait(&store, &shutdown, |_| ()).await?;
    first_access(&state, &panel, address, &shutdown).await;
    let looking = tokio::spawn({
        let state = Arc::clone(&state);
        async move { state.clock.follow(&state.store).await }
    });
    let counting = tokio::spawn(backlog.watch(store));
    state.tickets.tell(&state.store, &shutdown).await;

    if timeout(DRAIN_TIMEOUT, serving).await.is_err() {
        tracing::warn!("some answers were still under way when the drain time-out ended");
    }
    looking.abort();
    counting.abort();
    if let Some(probing) = probing {
        probing.abort();
    }
    Ok(())
}

/// Sees to it that somebody can get in.
async fn first_access(state: &State, panel: &Panel, address: SocketAddr, shutdown: &Shutdown) {
    if shutdown.is_triggered() {
        return;
    }
    if let Err(error) = state.clock.look(&state.store).await {
        tracing::debug!(%error, "it could not be looked what the history holds");
    }
    api::first_token(state).await;
    panel.first_account(address).await;
    state.is_open.store(true, Ordering::Relaxed);
}
