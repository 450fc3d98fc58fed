//! Wakes the worker of the same process when something was put into the spool. Nothing depends on it: whoever waits
//! looks by itself now and then, so a ring that nobody hears costs some time and no message.

use std::sync::Arc;

use tokio::sync::Notify;

/// A cloneable bell; every clone rings the same one.
#[derive(Debug, Clone, Default)]
pub struct Bell(Arc<Notify>);

impl Bell {
    /// Rings. While nobody waits it is remembered, once.
    pub fn ring(&self) {
        self.0.notify_one();
    }

    /// Waits for a ring; at once if one is remembered. May be dropped and called again.
    pub async fn wait(&self) {
        self.0.notified().await;
    }
}
