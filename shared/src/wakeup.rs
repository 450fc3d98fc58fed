//! Wakes the worker of the same process when something was put into the spool. Nothing depends on it: whoever waits
//! looks by itself now and then, so a wakeup that nobody hears costs some time and no message.

use std::sync::Arc;

use tokio::sync::Notify;

/// A cloneable wakeup; every clone wakes the same task.
#[derive(Debug, Clone, Default)]
pub struct Wakeup(Arc<Notify>);

impl Wakeup {
    /// Rings. While nobody waits it is remembered, once.
    pub fn wake(&self) {
        self.0.notify_one();
    }

    /// Waits to be woken; at once if one is remembered. May be dropped and called again.
    pub async fn wait(&self) {
        self.0.notified().await;
    }
}
