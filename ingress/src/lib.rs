//! The ingress: HTTP in, messages out. It checks who calls, reads the body, and answers 202 once the broker has
//! confirmed the message, or, where there is none, PostgreSQL has committed it to the spool. While the broker takes
//! messages this way makes no database call: settings are a snapshot in memory.

pub mod api;
mod beat;
mod gate;
pub mod http;
pub mod limits;
mod metrics;
mod options;
pub mod panel;
mod probe;
mod readiness;
mod receipts;
mod refusals;
mod refused_requests;
mod routes;
mod spool;
mod state;
pub mod submit;
mod unread;
mod waiting;

use std::sync::Arc;

use postern_http::listen::listen;
use postern_shared::bell::Bell;
use postern_shared::broker::publisher::{self, Publisher};
use postern_shared::descriptors;
use postern_shared::shutdown::Shutdown;
use postern_shared::store::{Store, migrate};
use prometheus::Registry;
use tokio::task::JoinHandle;

use limits::Listeners;

pub use options::{Options, ServiceOptions};
use panel::Panel;
use spool::Spool;
use state::State;

/// Whatever can end the service before its time, in words.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Runs the service until shutdown. The public listener opens when the first settings are held: without them
/// everyone would be a stranger. `bell` is rung for a worker of the same process whenever the spool got something.
pub async fn run(options: Options, bell: Bell, shutdown: Shutdown) -> Result<(), Failure> {
    let registry = Registry::new();
    let listeners = Listeners::within(descriptors::raise(), &options.service.limits);
    let store = Store::new(&options.database, "postern-ingress")?;
    // It outlives the listener: answers that are under way at a shutdown still wait for their confirms.
    let unpublished = Shutdown::new();
    let (publisher, publishing) = start_publisher(&options, &registry, &unpublished)?.unzip();
    let options = options.service;
    let spool = Spool::start(store.clone(), options.max_spooled, bell);
    let state = Arc::new(State::new(&options, store.clone(), publisher, spool, &registry)?);

    let panel = Arc::new(Panel::new(Arc::clone(&state), options.listen, options.admin_password));

    let private = listen(options.private_listen)?;
    let private_address = private.local_addr()?;
    tracing::info!(address = %private_address, "the private listener is open: the control panel, its API, health and metrics");
    let at_private = (listeners.private, options.private.private_hosts);
    let probe = tokio::spawn(probe::serve(private, at_private, Arc::clone(&state), Arc::clone(&panel), registry));

    migrate::wait(&store, &shutdown, |_| ()).await?;
    if !shutdown.is_triggered() {
        api::first_token(&state).await;
        panel.first_account(private_address).await;
    }
    let following = tokio::spawn(Arc::clone(&state).follow_settings());
    state.first_settings(&shutdown).await;
    let looking = tokio::spawn({
        let state = Arc::clone(&state);
        async move { state.clock.follow(&state.store).await }
    });
    let writing = tokio::spawn({
        let (state, unpublished) = (Arc::clone(&state), unpublished.clone());
        async move { state.refusals.write(&state.store, &state.metrics, &unpublished).await }
    });

    let telling = tokio::spawn({
        let (state, unpublished) = (Arc::clone(&state), unpublished.clone());
        async move { state.tickets.tell(&state.store, &unpublished).await }
    });

    let waiting = tokio::spawn({
        let state = Arc::clone(&state);
        async move { state.waiting.follow(&state.store).await }
    });

    let public = listen(options.listen)?;
    tracing::info!(address = %public.local_addr()?, "the public listener is open");
    routes::serve(public, listeners.public, Arc::clone(&state), shutdown).await;

    unpublished.trigger();
    if let Some(publishing) = publishing {
        publishing.await?;
    }
    writing.await?;
    telling.await?;
    waiting.abort();
    following.abort();
    looking.abort();
    probe.abort();
    Ok(())
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
        channels: options.service.publish_channels,
    };
    Ok(Some(Publisher::start(options, registry, shutdown.clone())?))
}
