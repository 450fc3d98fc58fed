//! What every request can reach: the permissions in force, the publisher, the store for receipts, the settings.

mod on_disk;
mod settings;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;
use ipnet::IpNet;
use postern_shared::broker::publisher::Publisher;
use postern_shared::clock::Clock;
use postern_shared::env::Limits;
use postern_shared::intake::burst_detector::BurstDetector;
use postern_shared::lane::Lane;
use postern_shared::permission::short_url::ShortUrl;
use postern_shared::secret::key::Keys;
use postern_shared::sequence::Sequence;
use postern_shared::service::Failure;
use postern_shared::store::Store;
use postern_shared::store::processes::Held;
use postern_shared::tls::server::ServerTls;
use postern_traces::Traces;
use prometheus::Registry;
use tokio::sync::watch;

use crate::http::body_budget::BodyBudget;
use crate::metrics::Metrics;
use crate::options::ServiceOptions;
use crate::permission_rates::PermissionRates;
use crate::receipts::Answers;
use crate::refusals::Refusals;
use crate::refused_requests::RefusedRequests;
use crate::respond_wait::Waiting;
use crate::spool::Spool;
use on_disk::OnDisk;
pub use settings::Snapshot;

/// What every request can reach.
#[derive(Debug)]
pub struct State {
    pub short_url: ShortUrl,
    pub trusted_proxies: Vec<IpNet>,
    /// Peers that announce their callers by the PROXY protocol.
    pub announcers: Vec<IpNet>,
    /// None: the public listener speaks HTTP.
    pub tls: Option<ServerTls>,
    pub limits: Limits,
    pub body_timeout: Duration,
    pub bodies: Arc<BodyBudget>,
    pub answers: Arc<BodyBudget>,
    pub burst_detector: BurstDetector,
    /// None: there is no broker, and everything goes into the spool.
    pub publisher: Option<Publisher>,
    pub spool: Spool,
    pub store: Store,
    pub receipts: Answers,
    pub metrics: Metrics,
    pub refusals: Refusals,
    pub refused_requests: RefusedRequests,
    pub permission_rates: PermissionRates,
    pub sequence: Sequence,
    pub waiting: Waiting,
    pub clock: Arc<Clock>,
    pub traces: Traces,
    keys: Keys,
    snapshot: ArcSwap<Snapshot>,
    held: watch::Sender<Held>,
    /// None: the settings are in the database alone.
    on_disk: Option<OnDisk>,
    draining: AtomicBool,
}

impl State {
    pub fn new(
        options: &ServiceOptions,
        (store, keys): (Store, Keys),
        publisher: Option<Publisher>,
        spool: Spool,
        traces: Traces,
        registry: &Registry,
    ) -> Result<Self, Failure> {
        let clock = Arc::default();
        let on_disk = match &options.settings_snapshot {
            Some(file) => Some(OnDisk::new(file.clone(), &store, &keys)?),
            None => None,
        };
        Ok(Self {
            short_url: options.public.short_url.clone(),
            trusted_proxies: options.public.trusted_proxies.clone(),
            announcers: options.proxy_protocol_peers.clone(),
            tls: options.public.tls()?,
            limits: options.body.limits(),
            body_timeout: options.body.timeout(),
            bodies: BodyBudget::of_requests(),
            answers: BodyBudget::of_answers(),
            burst_detector: BurstDetector::new(),
            publisher,
            spool,
            receipts: Answers::new(&store, Arc::clone(&clock))?,
            store,
            metrics: Metrics::new(registry)?,
            refusals: Refusals::default(),
            refused_requests: RefusedRequests::default(),
            permission_rates: PermissionRates::default(),
            sequence: Sequence::new(),
            waiting: Waiting::new(),
            clock,
            traces,
            keys,
            snapshot: ArcSwap::default(),
            held: watch::Sender::default(),
            on_disk,
            draining: AtomicBool::new(false),
        })
    }

    /// Whether this process wants no new traffic.
    pub fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }

    /// Whether there is a broker that takes submissions now, as far as is known.
    pub fn broker_takes(&self) -> bool {
        self.publisher.as_ref().is_some_and(|publisher| publisher.takes(Lane::Default))
    }

    /// Compares the clock with that of the database, and with the weeks of the history.
    pub async fn follow_clock(self: Arc<Self>) {
        self.clock.follow(&self.store).await;
    }

    /// Reads the certificate of the public listener again when it changes, if there is one.
    pub async fn follow_certificate(self: Arc<Self>) {
        if let Some(tls) = &self.tls {
            tls.follow().await;
        }
    }

    /// From now on this process wants no new traffic.
    pub fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
        self.waiting.end();
    }
}
