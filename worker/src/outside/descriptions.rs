//! Asks a connected system for its modules.

use std::time::Duration;

use postern_shared::id::{ConnectionName, ModuleName};
use postern_shared::message::{ConnectionFault, Message};

use super::Outside;
use super::connected::TARGET;
use super::vtiger::Access;
use super::vtiger::told::Told;

/// How long the answers may take in all: a person may be waiting.
const LIMIT: Duration = Duration::from_secs(8);

impl Outside {
    /// What a connection to a vtiger tells of its modules: which there are, and the fields of these.
    pub async fn told(&self, name: &ConnectionName, modules: &[ModuleName]) -> Result<Told, Message> {
        let (connections, secrets) = (self.known.connections.load_full(), self.known.secrets.load_full());
        let missing = || ConnectionFault::NoConnection { connection: name.clone() };
        let access = Access::new(connections.vtiger(name).ok_or_else(missing)?, &secrets)?;
        let told = self.vtigers.told(name, access, modules, LIMIT).await.map_err(|failure| failure.reason)?;
        self.breakers.answered(&format!("{TARGET}{name}"));
        Ok(told)
    }
}
