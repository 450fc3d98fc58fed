//! Tells PostgreSQL that a process is up and which settings it holds, so that whoever changes them learns when they are in
//! force.

use std::collections::BTreeSet;
use std::net::SocketAddr;

use prometheus::{IntGauge, Opts, Registry};
use rustix::system::uname;
use tokio::sync::watch;
use tokio::time::timeout;
use uuid::Uuid;

use crate::shutdown::Shutdown;
use crate::store::processes::{self, BEAT, Held, Process, Service};
use crate::store::{Store, StoreError, settings};

/// The presence of a process.
#[derive(Debug)]
pub struct Presence {
    store: Store,
    process: Process,
    held: watch::Receiver<Held>,
    away: Option<watch::Receiver<BTreeSet<String>>>,
    unopened: IntGauge,
}

impl Presence {
    /// Of the process that listens at an address and holds these settings.
    ///
    /// # Errors
    /// The metric is registered already.
    pub fn new(
        store: &Store,
        (service, address): (Service, SocketAddr),
        held: watch::Receiver<Held>,
        registry: &Registry,
    ) -> Result<Self, prometheus::Error> {
        let unopened = IntGauge::with_opts(
            Opts::new(
                "postern_secrets_unopened",
                "Secrets that cannot be decrypted with POSTERN_SECRETS_KEY, by component: ingress, worker.",
            )
            .const_label("component", service.word()),
        )?;
        registry.register(Box::new(unopened.clone()))?;
        let name = format!("{} ({address})", uname().nodename().to_string_lossy());
        let (high, low) = Uuid::new_v4().as_u64_pair();
        let instance = (high ^ low).cast_signed();
        let process = Process { instance, service, name };
        Ok(Self { store: store.clone(), process, held, away: None, unopened })
    }

    /// Tells as well which connections lead to systems that do not answer.
    #[must_use]
    pub fn naming(mut self, away: watch::Receiver<BTreeSet<String>>) -> Self {
        self.away = Some(away);
        self
    }

    /// Tells that the process is up, and waits until it holds the settings that were in force by then: from now on nobody
    /// changes settings without waiting for it. While PostgreSQL is away nobody changes any.
    pub async fn begin(&mut self) {
        if let Err(error) = self.try_begin().await {
            tracing::warn!(%error, "nobody is told yet that this process is up");
        }
    }

    async fn try_begin(&mut self) -> Result<(), StoreError> {
        let connection = self.store.connection().await?;
        processes::begin(&connection, &self.process).await?;
        let held = *self.held.borrow();
        processes::tell(&connection, &self.process, held, &self.away()).await?;
        let version = settings::version(&connection).await?;
        drop(connection);
        // Elapsed or held: a process that cannot load settings serves by those that it has.
        let _ = timeout(BEAT, self.held.wait_for(|held| held.version >= version)).await;
        Ok(())
    }

    /// Tells it again and again, and at once when other settings are held, until shutdown.
    pub async fn keep(mut self, shutdown: &Shutdown) {
        while !shutdown.is_triggered() {
            let held = *self.held.borrow_and_update();
            self.unopened.set(held.unopened.into());
            if let Err(error) = self.tell(held).await {
                tracing::debug!(%error, "nobody is told that this process is up");
            }
            let news = async {
                tokio::select! {
                    changed = self.held.changed() => changed.is_ok(),
                    () = shutdown.wait() => true,
                }
            };
            // Without a sender no other settings will be held.
            if timeout(BEAT, news).await == Ok(false) {
                let _ = timeout(BEAT, shutdown.wait()).await;
            }
        }
        let left = async { processes::leave(&self.store.connection().await?, &self.process).await };
        if let Err(error) = left.await {
            tracing::debug!(%error, "nobody is told that this process has ended");
        }
    }

    async fn tell(&self, held: Held) -> Result<(), StoreError> {
        processes::tell(&self.store.connection().await?, &self.process, held, &self.away()).await
    }

    fn away(&self) -> Vec<String> {
        self.away.iter().flat_map(|away| away.borrow().iter().cloned().collect::<Vec<_>>()).collect()
    }
}
