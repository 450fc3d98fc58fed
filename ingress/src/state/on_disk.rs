//! The settings on disk, for a start while PostgreSQL is away: they are written whenever others are held, and read only as
//! long as none are held. A disk that stands still keeps nothing up but the file.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use postern_shared::log_limit::LogLimit;
use postern_shared::secret::key::Keys;
use postern_shared::service::Failure;
use postern_shared::settings_snapshot::{Contents, Refused, SETTING, SettingsSnapshot};
use postern_shared::store::Store;
use tokio::sync::watch;

/// The file, and what of it was refused.
#[derive(Debug)]
pub struct OnDisk {
    snapshot: SettingsSnapshot,
    /// What is to be written next: of several, the last one counts.
    next: watch::Sender<Option<Arc<Contents>>>,
    refused: Mutex<Option<String>>,
    refusals: LogLimit,
}

impl OnDisk {
    /// Nothing is read or written yet.
    ///
    /// # Errors
    /// There is no key under which the file could get its tag.
    pub fn new(file: PathBuf, store: &Store, keys: &Keys) -> Result<Self, Failure> {
        if keys.is_empty() {
            return Err(format!("{SETTING} needs POSTERN_SECRETS_KEY or POSTERN_SECRETS_KEY_FILE").into());
        }
        let snapshot = SettingsSnapshot::new(file, store.database(), keys.clone());
        Ok(Self { snapshot, next: watch::Sender::default(), refused: Mutex::default(), refusals: LogLimit::default() })
    }

    /// The settings of the file, unless they must not be used.
    pub fn read(&self) -> Option<Contents> {
        let (read, file) = (self.snapshot.read(), self.snapshot.path().display());
        let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        *refused = read.as_ref().err().map(|error| format!("{SETTING} {file} is refused: {error}"));
        match read {
            Ok(contents) => Some(contents),
            Err(error) => {
                self.tell(&error);
                None
            }
        }
    }

    /// Why the settings of the file are not used, if they are not.
    pub fn refused(&self) -> Option<String> {
        self.refused.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// These are to be written.
    pub fn keep(&self, contents: Contents) {
        self.next.send_replace(Some(Arc::new(contents)));
    }

    /// Writes what is to be written, until it is dropped.
    pub async fn write(&self) {
        let mut next = self.next.subscribe();
        // Those that came before this began count as changed.
        next.mark_changed();
        while next.changed().await.is_ok() {
            let Some(contents) = next.borrow_and_update().clone() else { continue };
            let (snapshot, version) = (self.snapshot.clone(), contents.version);
            let written = tokio::task::spawn_blocking(move || snapshot.write(&contents)).await;
            let file = self.snapshot.path().display();
            match written {
                Ok(Ok(())) => {
                    tracing::debug!(%file, settings.version = version, "the snapshot of the settings is written")
                }
                Ok(Err(error)) => {
                    tracing::warn!(%error, %file, "{SETTING}: the snapshot of the settings cannot be written");
                }
                // A panic, which is logged where it happens.
                Err(_) => {}
            }
        }
    }

    fn tell(&self, error: &Refused) {
        let Some(times) = self.refusals.failed(1) else { return };
        let file = self.snapshot.path().display();
        match error {
            // A first start has written none.
            Refused::Unreadable(_) => {
                tracing::warn!(%error, %file, times, "{SETTING}: there is no snapshot to be used")
            }
            _ => tracing::error!(%error, %file, times, "{SETTING}: the snapshot is refused"),
        }
    }
}
