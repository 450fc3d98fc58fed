//! The word to stop, said once and heard everywhere. It never comes back: a process that was told to stop stops.

use std::io;
use std::sync::Arc;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

/// A cloneable token; every clone hears the same word.
#[derive(Debug, Clone)]
pub struct Shutdown(Arc<watch::Sender<bool>>);

impl Shutdown {
    /// A token that nobody has triggered yet.
    #[expect(clippy::new_without_default, reason = "two defaults would not hear each other")]
    pub fn new() -> Self {
        Self(Arc::new(watch::Sender::new(false)))
    }

    /// A token that SIGTERM (Kubernetes, systemd) or SIGINT (Ctrl-C) triggers. Fails where the process may
    /// not listen to signals.
    pub fn on_signal() -> io::Result<Self> {
        let shutdown = Self::new();
        let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
        let heard = shutdown.clone();
        tokio::spawn(async move {
            let name = tokio::select! {
                _ = terminate.recv() => "SIGTERM",
                _ = interrupt.recv() => "SIGINT",
            };
            tracing::info!(signal = name, "stopping");
            heard.trigger();
        });
        Ok(shutdown)
    }

    /// Says it; saying it again changes nothing.
    pub fn trigger(&self) {
        self.0.send_replace(true);
    }

    /// Waits until it is said; at once if it already was. May be dropped and called again.
    pub async fn wait(&self) {
        // Cannot fail: `self` holds the sender.
        let _ = self.0.subscribe().wait_for(|said| *said).await;
    }

    /// Whether it was said.
    pub fn is_triggered(&self) -> bool {
        *self.0.borrow()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn every_clone_hears_it_before_and_after() {
        let shutdown = Shutdown::new();
        let waiting = tokio::spawn({
            let clone = shutdown.clone();
            async move { clone.wait().await }
        });
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished() && !shutdown.is_triggered());
        shutdown.clone().trigger();
        waiting.await.unwrap();
        shutdown.wait().await;
        assert!(shutdown.is_triggered());
    }
}
