//! The documents of the settings as they were last read. They are read again when the settings have another version:
//! reading ten thousand permissions takes longer than a page may take.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use postern_shared::document::Kind;
use postern_shared::permission::Permission;
use postern_shared::store::{Connection, StoreError, documents, settings};
use serde_json::Value;

/// All documents of a kind, in the order of their numbers or keys.
pub type Documents = Arc<Vec<Value>>;

/// The permissions in the order of their documents. None: a permission that cannot be read, and admits nobody.
pub type Permissions = Arc<Vec<Option<Permission>>>;

/// What was last read, with the version of the settings that it belongs to.
#[derive(Debug, Default)]
pub struct KnownDocuments {
    documents: Mutex<HashMap<Kind, (i64, Documents)>>,
    permissions: Mutex<Option<(i64, Permissions)>>,
}

impl KnownDocuments {
    /// The documents in force, with the version.
    pub async fn of(&self, connection: &Connection, kind: Kind) -> Result<(i64, Documents), StoreError> {
        let version = settings::version(connection).await?;
        if let Some((known, documents)) = lock(&self.documents).get(&kind)
            && *known == version
        {
            return Ok((version, Arc::clone(documents)));
        }
        let loaded = documents::versioned(connection, kind).await?;
        let documents = (loaded.version, Arc::new(loaded.value));
        lock(&self.documents).insert(kind, documents.clone());
        Ok(documents)
    }

    /// The permissions in force, with their documents and the version.
    pub async fn permissions(&self, connection: &Connection) -> Result<(i64, Documents, Permissions), StoreError> {
        let (version, documents) = self.of(connection, Kind::Permission).await?;
        if let Some((known, permissions)) = &*lock(&self.permissions)
            && *known == version
        {
            return Ok((version, documents, Arc::clone(permissions)));
        }
        let read: Permissions = Arc::new(documents.iter().map(|one| Permission::from_document(one).ok()).collect());
        *lock(&self.permissions) = Some((version, Arc::clone(&read)));
        Ok((version, documents, read))
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
