//! The ingress: HTTP in, messages out. It checks who calls, reads the body, and answers 202 once the broker has
//! confirmed the message, or, where there is none, PostgreSQL has committed it to the spool. While the broker takes
//! messages this way makes no database call: settings are a snapshot in memory.

mod access;
mod beat;
mod cors;
mod http;
pub mod limits;
mod metrics;
mod options;
mod permission_rates;
mod probe;
mod readiness;
mod receipts;
mod refusals;
mod refused_requests;
mod respond_wait;
mod routes;
mod spool;
mod state;
mod submit;
mod tokens;
mod unread;

use std::net::SocketAddr;
use std::sync::Arc;

use postern_http::listen::listen;
use postern_http::probe::Probe;
use postern_shared::broker::publisher::{self, Publisher};
use postern_shared::descriptors;
use postern_shared::presence::Presence;
use postern_shared::service::Failure;
use postern_shared::shutdown::Shutdown;
use postern_shared::store::processes::Service;
use postern_shared::store::{Store, StoreError};
use postern_shared::wakeup::Wakeup;
use postern_traces::Traces;
use prometheus::Registry;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use limits::Listeners;

pub use options::{Options, ServiceOptions};
use spool::Spool;
use state::State;

/// What runs in the same process.
#[derive(Debug, Default)]
pub struct Beside {
    /// Is rung for a worker whenever the spool got something.
    pub wakeup: Wakeup,
    /// The metrics of others, which are told with those of this service.
    pub metrics: Vec<Registry>,
    /// Takes the answers about health and metrics to a listener of another service. None: they have one of their own.
    pub probe: Option<oneshot::Sender<Probe>>,
}

/// Runs the service until shutdown. The public listener opens when the first settings are held: without them
/// everyone would be a stranger.
pub async fn run(options: Options, beside: Beside, shutdown: Shutdown) -> Result<(), Failure> {
    let registry = Registry::new();
    let listeners = Listeners::within(descriptors::raise(), &options.service.limits);
    let store = Store::new(&options.database, "postern-ingress")?.observed(&registry, "ingress")?;
    // It outlives the listener: answers that are under way at a shutdown still wait for their confirms.
    let unpublished = Shutdown::new();
    let (publisher, publishing) = start_publisher(&options, &registry, &unpublished)?.unzip();
    let keys = options.secrets.keys()?;
    let (traces, exporting) = Traces::start(&options.traces, "ingress", &registry)?;
    let options = options.service;
    let spool = Spool::start(store.clone(), options.max_spooled, beside.wakeup);
    let state = Arc::new(State::new(&options, (store.clone(), keys), publisher, spool, traces, &registry)?);

    let probe = probe::of(&state, registry.clone()).with_metrics(beside.metrics);
    let probing = match beside.probe {
        Some(taker) => {
            // The taker has gone only when this process ends.
            let _ = taker.send(probe);
            None
        }
        None => {
            let private = listen(options.private_listen)?;
            tracing::info!(address = %private.local_addr()?, "the private listener is open: health and metrics");
            let at_private = (listeners.private, options.private.private_hosts);
            Some(tokio::spawn(probe::serve(private, at_private, Arc::clone(&state), probe)))
        }
    };

    let keeping = tokio::spawn(Arc::clone(&state).keep_on_disk());
    let following = follow_settings(&state, &shutdown).await?;
    let looking = tokio::spawn(Arc::clone(&state).follow_clock());
    let renewing = tokio::spawn(Arc::clone(&state).follow_certificate());
    let writing = tokio::spawn({
        let (state, keep, unpublished) = (Arc::clone(&state), options.keep_refused, unpublished.clone());
        async move { state.refusals.write(&state.store, keep, &state.metrics, &unpublished).await }
    });

    let telling = tokio::spawn({
        let (state, unpublished) = (Arc::clone(&state), unpublished.clone());
        async move { state.sequence.tell(&state.store, &unpublished).await }
    });

    let waiting = tokio::spawn({
        let state = Arc::clone(&state);
        async move { state.waiting.follow(&state.store).await }
    });

    let public = listen(options.public.listen)?;
    let present = begin_presence(&state, public.local_addr()?, &registry, &unpublished).await?;
    tracing::info!(address = %public.local_addr()?, "the public listener is open");
    routes::serve(public, listeners.public, Arc::clone(&state), shutdown).await;

    unpublished.trigger();
    if let Some(publishing) = publishing {
        publishing.await?;
    }
    writing.await?;
    telling.await?;
    present.await?;
    exporting.end().await;
    following.abort();
    for task in [waiting, keeping, looking, renewing].into_iter().chain(probing) {
        task.abort();
    }
    Ok(())
}

/// Follows the settings from now on. Returns when the first ones are held, or at a shutdown.
async fn follow_settings(
    state: &Arc<State>,
    shutdown: &Shutdown,
) -> Result<JoinHandle<Result<(), StoreError>>, Failure> {
    let mut following = tokio::spawn(Arc::clone(state).follow_settings(shutdown.clone()));
    tokio::select! {
        () = state.first_settings(shutdown) => {}
        ended = &mut following => ended??,
    }
    Ok(following)
}

/// Before the first caller is answered: whoever changes settings from now on waits until this process holds them.
async fn begin_presence(
    state: &State,
    address: SocketAddr,
    registry: &Registry,
    shutdown: &Shutdown,
) -> Result<JoinHandle<()>, Failure> {
    let mut presence = Presence::new(&state.store, (Service::Ingress, address), state.held(), registry)?;
    presence.begin().await;
    let shutdown = shutdown.clone();
    Ok(tokio::spawn(async move { presence.keep(&shutdown).await }))
}

/// The way to the broker, if there is one.
fn start_publisher(
    options: &Options,
    registry: &Registry,
    shutdown: &Shutdown,
) -> Result<Option<(Publisher, JoinHandle<()>)>, Failure> {
    let Some(url) = &options.broker.amqp_url else { return Ok(None) };
    let options = publisher::Options {
        url: url.parse()?,
        connection_name: "postern-ingress".into(),
        component: "ingress",
        channels: options.service.publish_channels,
    };
    Ok(Some(Publisher::start(options, registry, shutdown.clone())?))
}
