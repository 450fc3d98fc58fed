//! Works on records in vtiger CRM by its web service (`webservice.php`), whose habits this folder knows: errors with status
//! 200, log-ins that break each other, values that are changed without a word. Each connection has a pool of sessions.

mod access;
pub mod check;
mod code;
mod control;
mod create;
mod described;
mod echo;
mod find;
mod known_records;
mod literal;
mod pace;
mod record;
mod session;
pub mod told;
mod unique;
mod wire;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use postern_shared::id::ConnectionName;
use postern_shared::message::{ConnectionFault, Message};
use postern_shared::rendered::{Action, ConnectedCall};
use tokio::time::Instant;

use super::call::Failure;
use super::connected::{Done, TARGET};
use super::http::Http;
pub use access::Access;
use code::Meaning;
use session::Sessions;
use wire::Wire;

/// The calls that are made at once of a connection that this worker has not used yet.
const FIRST_ROOM: usize = 4;

/// The sessions of all connections of this worker.
#[derive(Debug)]
pub struct Vtigers {
    http: Http,
    sessions: Mutex<HashMap<ConnectionName, Arc<Sessions>>>,
}

impl Vtigers {
    /// None yet.
    pub fn new(http: Http) -> Self {
        Self { http, sessions: Mutex::default() }
    }

    /// Does what a step asks, by a connection that is opened like this. `unclear_for` = how long ago it was asked
    /// before, if nobody knows what came of that: such a call goes to no other address.
    pub async fn perform(
        &self,
        access: Access,
        call: &ConnectedCall,
        unclear_for: Option<Duration>,
        timeout: Duration,
    ) -> Result<Done, Failure> {
        let has_moved = call.url.as_ref().is_some_and(|url| *url != access.url.as_str());
        if unclear_for.is_some() && has_moved {
            return Err(Failure::last(ConnectionFault::ConnectionMoved { connection: call.connection.clone() }.into()));
        }
        let sessions = self.sessions(&call.connection, access);
        let work = Work { sessions, call, unclear_for, timeout, until: Instant::now() + timeout };
        match &call.action {
            Action::Read { id } => work.read(id).await,
            Action::Create { fields, unique, update } => work.create(fields, unique.as_ref(), *update).await,
            Action::Change { id, fields } => work.change(id, fields).await,
            Action::Find { conditions, sort, limit } => work.find(conditions, sort.as_ref(), *limit).await,
            Action::Delete { id } => work.delete(id).await,
            Action::Comment { id, text } => work.comment(id, text).await,
        }
    }

    /// How many calls of a target are made at once, whichever workflows they are of: as many as its connection has sessions.
    /// More would wait in slots that other targets could use.
    pub fn room(&self, target: &str) -> usize {
        let Some(name) = target.strip_prefix(TARGET) else { return usize::MAX };
        let all = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        let known = all.iter().find(|(connection, _)| connection.as_str() == name);
        known.map_or(FIRST_ROOM, |(_, sessions)| sessions.access().sessions)
    }

    /// The sessions of a connection; new ones if it is opened otherwise than before.
    fn sessions(&self, connection: &ConnectionName, access: Access) -> Arc<Sessions> {
        let mut all = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = all.get(connection).filter(|known| *known.access() == access) {
            return Arc::clone(known);
        }
        let wire = Wire::new(self.http.clone(), &access.url);
        let sessions = Arc::new(Sessions::new(wire, access));
        all.insert(connection.clone(), Arc::clone(&sessions));
        sessions
    }
}

/// Whether a step failed by an error of vtiger itself, which may have passed at the next try.
pub fn may_pass(reason: &Message) -> bool {
    match reason {
        Message::VtigerRefused { answer, .. } => Meaning::of(answer) == Meaning::Perhaps,
        Message::VtigerFails { .. } | Message::VtigerFoundNothing => true,
        _ => false,
    }
}

/// One step's work.
struct Work<'w> {
    sessions: Arc<Sessions>,
    call: &'w ConnectedCall,
    unclear_for: Option<Duration>,
    timeout: Duration,
    until: Instant,
}

impl Work<'_> {
    /// A deadline for the look that follows an unknown outcome.
    fn later(&self) -> Instant {
        Instant::now() + self.timeout
    }
}

#[cfg(test)]
mod tests;
