//! The threads of a service, apart from those of the others: neither a run nor a page that computes for long keeps a
//! caller waiting.

use tokio::runtime::Builder;
use tokio::task::JoinHandle;

use super::Failure;

/// A runtime of its own, until this is dropped.
pub struct Runtime(Option<tokio::runtime::Runtime>);

impl Runtime {
    /// As many threads as there are cores, with the name of the service.
    pub fn new(name: &str) -> Result<Self, Failure> {
        let runtime = Builder::new_multi_thread().thread_name(name).enable_all().build();
        Ok(Self(Some(runtime.map_err(|error| format!("the runtime of {name} does not start: {error}"))?)))
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
impl Drop for Runtime {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}
