//! At which nodes of the broker the sessions of a worker are: at two, where there are several. While a node hangs, a queue
//! whose leader it had lets nobody consume anew, but those that consume from another node go on with the next leader.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Sessions of a worker with a broker of several nodes.
pub(super) const SESSIONS: u8 = 2;

/// The host and port of the node of each session; clones share them.
#[derive(Debug, Clone, Default)]
pub(super) struct Nodes(Arc<Mutex<[Option<String>; SESSIONS as usize]>>);

impl Nodes {
    /// A session is there, or nowhere.
    pub fn is_at(&self, session: u8, node: Option<String>) {
        if let Some(at) = self.lock().get_mut(usize::from(session)) {
            *at = node;
        }
    }

    /// Where the other session is.
    pub fn of_other(&self, session: u8) -> Option<String> {
        self.lock().get(usize::from(1 - session)).cloned().flatten()
    }

    /// The one at which both are.
    pub fn of_both(&self) -> Option<String> {
        let [one, other] = &*self.lock();
        one.clone().filter(|_| one == other)
    }

    fn lock(&self) -> MutexGuard<'_, [Option<String>; SESSIONS as usize]> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
