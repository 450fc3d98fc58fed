//! The threads that execute workflows, apart from those that take posts and answer probes: a run that computes for long
//! keeps no caller waiting.

use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinHandle;

use super::Failure;

/// The runtime of the worker, until this is dropped.
pub struct Execution(Option<Runtime>);

impl Execution {
    /// As many threads as there are cores.
    pub fn new() -> Result<Self, Failure> {
        let runtime = Builder::new_multi_thread().thread_name("postern-worker").enable_all().build();
        Ok(Self(Some(runtime.map_err(|error| format!("the runtime of the worker does not start: {error}"))?)))
    }

    /// Runs a service there.
    pub fn spawn(
        &self,
        service: impl Future<Output = Result<(), Failure>> + Send + 'static,
    ) -> JoinHandle<Result<(), Failure>> {
        match &self.0 {
            Some(runtime) => runtime.spawn(service),
            None => tokio::spawn(service),
        }
    }
}

/// A runtime may not be dropped where another one works, which would have to wait for it.
impl Drop for Execution {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}
