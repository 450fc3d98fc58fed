//! What every request can reach: the permissions in force, the publisher, the store for receipts, the settings.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use arc_swap::ArcSwap;
use ipnet::IpNet;
use postern_shared::broker::publisher::Publisher;
use postern_shared::clock::Clock;
use postern_shared::env::Limits;
use postern_shared::intake::burst_detector::BurstDetector;
use postern_shared::lane::Lane;
use postern_shared::log_limit::LogLimit;
use postern_shared::permission::Permission;
use postern_shared::permission::address_index::AddressIndex;
use postern_shared::permission::short_url::ShortUrl;
use postern_shared::secret::Secrets;
use postern_shared::secret::key::Keys;
use postern_shared::sequence::Sequence;
use postern_shared::service::Failure;
use postern_shared::shutdown::Shutdown;
use postern_shared::store::processes::Held;
use postern_shared::store::{Store, StoreError, permissions, secrets, settings};
use postern_traces::Traces;
use prometheus::Registry;
use serde_json::Value;
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

/// The permissions of one version of the settings.
#[derive(Debug, Default)]
pub struct Snapshot {
    /// The version; 0 = none was loaded yet.
    pub version: i64,
    /// Those that could be read; a disabled or expired one is among them and admits nobody.
    pub permissions: Vec<Arc<Permission>>,
    /// What they refer to, decrypted.
    pub secrets: Secrets,
    index: AddressIndex,
}

impl Snapshot {
    fn new(version: i64, permissions: Vec<Arc<Permission>>, secrets: Secrets) -> Self {
        let index = AddressIndex::new(permissions.iter().map(Arc::as_ref));
        Self { version, permissions, secrets, index }
    }

    /// The permissions that let this address in at this moment, in their order.
    pub fn admitting(&self, address: IpAddr, now: SystemTime) -> impl Iterator<Item = &Arc<Permission>> {
        let with_a_rule = self.index.places(address).into_iter().filter_map(|place| self.permissions.get(place));
        with_a_rule.filter(move |one| one.is_in_force(now))
    }
}

/// What every request can reach.
#[derive(Debug)]
pub struct State {
    pub short_url: ShortUrl,
    pub trusted_proxies: Vec<IpNet>,
    /// Peers that announce their callers by the PROXY protocol.
    pub announcers: Vec<IpNet>,
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
        Ok(Self {
            short_url: options.public.short_url.clone(),
            trusted_proxies: options.public.trusted_proxies.clone(),
            announcers: options.proxy_protocol_peers.clone(),
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
            draining: AtomicBool::new(false),
        })
    }

    /// The permissions in force.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.snapshot.load_full()
    }

    /// What is held of the settings, whenever that changes.
    pub fn held(&self) -> watch::Receiver<Held> {
        self.held.subscribe()
    }

    /// Whether the first settings are held.
    pub fn has_settings(&self) -> bool {
        self.snapshot.load().version != 0
    }

    /// Whether this process wants no new traffic.
    pub fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }

    /// Whether there is a broker that takes submissions now, as far as is known.
    pub fn broker_takes(&self) -> bool {
        self.publisher.as_ref().is_some_and(|publisher| publisher.takes(Lane::Default))
    }

    /// From now on this process wants no new traffic.
    pub fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
        self.waiting.end();
    }

    /// Renews the snapshot whenever the settings change. What is held stays in force while PostgreSQL is away.
    pub async fn follow_settings(self: Arc<Self>) {
        let (mut versions, failures) = (settings::follow(&self.store), LogLimit::default());
        while versions.changed().await.is_ok() {
            versions.borrow_and_update();
            while let Err(error) = self.load_settings().await {
                if let Some(times) = failures.failed(1) {
                    tracing::warn!(%error, times, "the permissions could not be loaded; those held stay in force");
                }
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
    }

    /// Waits until the first settings are held, or for shutdown.
    pub async fn first_settings(&self, shutdown: &Shutdown) {
        while !self.has_settings() && !shutdown.is_triggered() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    async fn load_settings(&self) -> Result<(), StoreError> {
        if !self.has_settings() {
            self.clock.look(&self.store).await?;
        }
        let connection = self.store.connection().await?;
        let loaded = permissions::load(&connection).await?;
        // After the permissions: a secret is there before the first permission that reads it.
        let secrets = Secrets::open(&self.keys, secrets::load(&connection).await?);
        drop(connection);
        let unopened = secrets.tell_unopened();
        let permissions: Vec<_> = loaded.value.iter().filter_map(read).collect();
        tracing::info!(
            settings.version = loaded.version,
            permissions = permissions.len(),
            "the permissions were loaded"
        );
        self.metrics.settings_version.set(loaded.version);
        self.metrics.admits(permissions.iter().map(|one| &one.key));
        self.snapshot.store(Arc::new(Snapshot::new(loaded.version, permissions, secrets)));
        self.held.send_replace(Held { version: loaded.version, unopened });
        Ok(())
    }
}

/// A stored permission; one that cannot be read admits nobody.
fn read(document: &Value) -> Option<Arc<Permission>> {
    match Permission::from_document(document) {
        Ok(permission) => Some(Arc::new(permission)),
        Err(findings) => {
            let finding = findings.first().map(|finding| finding.path.as_str()).unwrap_or_default();
            let permission = document.get("permission").and_then(Value::as_str).unwrap_or_default();
            tracing::error!(permission, finding, "a stored permission cannot be read and admits nobody");
            None
        }
    }
}
