//! What every page and every operation can reach: the store and the settings. Nothing else is held: whatever is shown
//! is read when it is asked for, but for the documents of the settings, which are read again when they have changed.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use ipnet::IpNet;
use postern_http::metrics::ConnectionMetrics;
use postern_shared::clock::Clock;
use postern_shared::document::Kind;
use postern_shared::env::Limits;
use postern_shared::intake::burst_detector::BurstDetector;
use postern_shared::options::variables;
use postern_shared::permission::short_url::ShortUrl;
use postern_shared::secret::key::Keys;
use postern_shared::sequence::Sequence;
use postern_shared::service::Failure;
use postern_shared::shutdown::Shutdown;
use postern_shared::store::tokens::Hash;
use postern_shared::store::{Store, StoreError};
use postern_shared::variable::Variables;
use prometheus::Registry;

use crate::api;
use crate::known_documents::{Documents, KnownDocuments};
use crate::operation::{self, ROWS};
use crate::options::Options;
use crate::router::Router;

/// What every page and every operation can reach.
#[derive(Debug)]
pub struct State {
    pub short_url: ShortUrl,
    pub trusted_proxies: Vec<IpNet>,
    pub limits: Limits,
    pub body_timeout: Duration,
    pub store: Store,
    pub documents: KnownDocuments,
    pub clock: Clock,
    pub flows: BurstDetector,
    pub tickets: Sequence,
    pub api_token: Option<Hash>,
    /// Under which secrets are encrypted.
    pub keys: Keys,
    /// The variables of the installation that the environment sets.
    pub variables: Variables,
    /// The operations of the API.
    pub operations: Router<operation::Row>,
    pub connections: ConnectionMetrics,
    /// Whether there is a way to get in.
    pub is_open: AtomicBool,
    /// The word to stop: pages that listen for changes end with it.
    pub shutdown: Shutdown,
}

impl State {
    /// On this store, by these settings.
    pub fn new(options: &Options, store: Store, registry: &Registry, shutdown: Shutdown) -> Result<Arc<Self>, Failure> {
        Ok(Arc::new(Self {
            short_url: options.public.short_url.clone(),
            trusted_proxies: options.public.trusted_proxies.clone(),
            limits: options.body.limits(),
            body_timeout: options.body.timeout(),
            store,
            documents: KnownDocuments::default(),
            clock: Clock::default(),
            flows: BurstDetector::new(),
            tickets: Sequence::new(),
            api_token: api::hash_of_setting(options.access.api_token.as_deref()),
            keys: options.secrets.keys()?,
            variables: variables::of_environment()?,
            operations: Router::new(&ROWS)?,
            connections: ConnectionMetrics::new(registry)?,
            is_open: AtomicBool::new(false),
            shutdown,
        }))
    }

    /// All documents of a kind.
    pub async fn documents(&self, kind: Kind) -> Result<Documents, StoreError> {
        Ok(self.documents.of(&self.store.connection().await?, kind).await?.1)
    }
}
