//! The settings that this process holds. It follows those of PostgreSQL. A process that starts while PostgreSQL is away may
//! begin with those of its snapshot on disk.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use postern_shared::clock;
use postern_shared::log_limit::LogLimit;
use postern_shared::permission::Permission;
use postern_shared::permission::address_index::AddressIndex;
use postern_shared::secret::Secrets;
use postern_shared::settings_snapshot::Contents;
use postern_shared::shutdown::Shutdown;
use postern_shared::store::processes::Held;
use postern_shared::store::{StoreError, migrate, permissions, secrets, settings};
use serde_json::Value;
use tokio::sync::watch;
use tokio::time::timeout;

use super::State;

/// How long the version of the settings may take at the start, before those on disk are taken: PostgreSQL answered before.
const FIRST_LIMIT: Duration = Duration::from_secs(5);

/// Between two looks at a PostgreSQL that is back and that this program cannot work with.
const LOOK_AGAIN: Duration = Duration::from_secs(5);

/// The permissions of one version of the settings.
#[derive(Debug, Default)]
pub struct Snapshot {
    /// The version; 0 = none was loaded yet.
    pub version: i64,
    /// When they were read from PostgreSQL, if this process has them from its disk.
    pub on_disk_since: Option<SystemTime>,
    /// Those that could be read; a disabled or expired one is among them and admits nobody.
    pub permissions: Vec<Arc<Permission>>,
    /// What they refer to, decrypted.
    pub secrets: Secrets,
    index: AddressIndex,
}

impl Snapshot {
    /// The permissions that let this address in at this moment, in their order.
    pub fn admitting(&self, address: IpAddr, now: SystemTime) -> impl Iterator<Item = &Arc<Permission>> {
        let with_a_rule = self.index.places(address).into_iter().filter_map(|place| self.permissions.get(place));
        with_a_rule.filter(move |one| one.is_in_force(now))
    }
}

impl State {
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

    /// What an operator should know of the settings that are held, as part of a line: they are those of the disk.
    pub fn settings_note(&self) -> Option<String> {
        let held = self.snapshot.load();
        let read_at = clock::time(held.on_disk_since?);
        Some(format!("with the settings of version {} of {read_at} from the snapshot on disk", held.version))
    }

    /// Why the settings on disk are not used, if they are not.
    pub fn refused_on_disk(&self) -> Option<String> {
        self.on_disk.as_ref()?.refused()
    }

    /// Renews the snapshot whenever the settings change. What is held stays in force while PostgreSQL is away. Returns at
    /// a shutdown before the first settings.
    ///
    /// # Errors
    /// PostgreSQL is there, this program cannot work with it, waiting would not help, and no settings are held.
    pub async fn follow_settings(self: Arc<Self>, shutdown: Shutdown) -> Result<(), StoreError> {
        self.wait_for_database(&shutdown).await?;
        let (mut versions, failures) = (settings::follow(&self.store), LogLimit::default());
        while self.is_changed(&mut versions).await {
            versions.borrow_and_update();
            while let Err(error) = self.load_settings().await {
                self.begin_on_disk(&error);
                if let Some(times) = failures.failed(1) {
                    tracing::warn!(%error, times, "the permissions could not be loaded; those held stay in force");
                }
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
        Ok(())
    }

    /// Writes the settings to the disk whenever others are held, if they are to be there.
    pub async fn keep_on_disk(self: Arc<Self>) {
        if let Some(on_disk) = &self.on_disk {
            on_disk.write().await;
        }
    }

    /// Waits until the first settings are held, or for shutdown.
    pub async fn first_settings(&self, shutdown: &Shutdown) {
        while !self.has_settings() && !shutdown.is_triggered() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    async fn wait_for_database(&self, shutdown: &Shutdown) -> Result<(), StoreError> {
        loop {
            match migrate::wait(&self.store, shutdown, |error| self.begin_on_disk(error)).await {
                // Callers are answered by settings that nobody can change.
                Err(error) if self.has_settings() => {
                    tracing::error!(%error, "the database is back and cannot be used; the settings stay those on disk");
                    let _ = timeout(LOOK_AGAIN, shutdown.wait()).await;
                }
                waited => return waited,
            }
        }
    }

    /// Waits for another version; false = none comes any more.
    async fn is_changed(&self, versions: &mut watch::Receiver<i64>) -> bool {
        if !self.has_settings() {
            match timeout(FIRST_LIMIT, versions.changed()).await {
                Ok(changed) => return changed.is_ok(),
                Err(_) => self.begin_on_disk(&StoreError::Away("it does not tell the version of the settings".into())),
            }
        }
        versions.changed().await.is_ok()
    }

    /// Takes the settings on disk if PostgreSQL is away and none are held yet.
    fn begin_on_disk(&self, error: &StoreError) {
        let (Some(on_disk), StoreError::Away(_), false) = (&self.on_disk, error, self.has_settings()) else { return };
        let Some(contents) = on_disk.read() else { return };
        let read_at = contents.read_at;
        self.hold(&contents, Some(read_at));
        tracing::warn!(
            %error,
            settings.version = contents.version,
            settings.read_at = clock::time(read_at),
            "the settings are those of the snapshot on disk, since the database is away"
        );
    }

    async fn load_settings(&self) -> Result<(), StoreError> {
        let held = self.snapshot();
        if held.version == 0 || held.on_disk_since.is_some() {
            self.clock.look(&self.store).await?;
        }
        let (connection, read_at) = (self.store.connection().await?, SystemTime::now());
        let loaded = permissions::load(&connection).await?;
        // After the permissions: a secret is there before the first permission that reads it.
        let secrets = secrets::load(&connection).await?;
        drop(connection);
        let contents = Contents { version: loaded.version, read_at, permissions: loaded.value, secrets };
        self.hold(&contents, None);
        if let Some(on_disk) = &self.on_disk {
            on_disk.keep(contents);
        }
        Ok(())
    }

    /// From now on these are in force. `on_disk_since` is the moment of those that come from the disk.
    fn hold(&self, contents: &Contents, on_disk_since: Option<SystemTime>) {
        let version = contents.version;
        let secrets = Secrets::open(&self.keys, contents.secrets.clone());
        let unopened = secrets.tell_unopened();
        let permissions: Vec<_> = contents.permissions.iter().filter_map(read).collect();
        tracing::info!(settings.version = version, permissions = permissions.len(), "the permissions were loaded");
        self.metrics.settings_version.set(version);
        self.metrics.settings_on_disk_since(on_disk_since);
        self.metrics.admits(permissions.iter().map(|one| &one.key));
        let index = AddressIndex::new(permissions.iter().map(Arc::as_ref));
        self.snapshot.store(Arc::new(Snapshot { version, on_disk_since, permissions, secrets, index }));
        self.held.send_replace(Held { version, unopened });
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
