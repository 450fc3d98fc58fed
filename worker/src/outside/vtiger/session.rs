//! The sessions of a connection. vtiger handles the calls of one session one after another, so each has one call at a time.
//! A new challenge of a user makes the one before it worthless, so that this worker logs in once at a time; what other
//! workers do meanwhile is met by another try.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use postern_shared::id::ModuleName;
use postern_shared::message::Message;
use serde_json::Value;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{Instant, sleep, timeout_at};

use super::access::{Access, hashed};
use super::code::Meaning;
use super::described::{Described, LIFE};
use super::known_records::KnownRecords;
use super::pace::Pace;
use super::wire::{Fault, Verb, Wire, jitter, not_sent, php_status};
use crate::outside::call::{Failure, FailureKind, UNDER_WAY};
use crate::outside::connected::Done;

/// Log-ins that are tried before the key counts as wrong: each may meet a log-in of another worker.
const LOG_INS: u32 = 10;

/// The most sessions that are remembered since a call of theirs may still be under way.
const MAX_ABANDONED: usize = 1_000;

/// The longest wait of a step for its first turn under the rate of a connection. A step whose turn is farther away goes back,
/// so that its session is free.
const MAX_TURN: Duration = Duration::from_secs(5);

/// The longest wait for the answer to another call, after PHP failed at one.
const PROBE: Duration = Duration::from_secs(5);

/// A module, a field of it and the unique value; of a comment the module, the record and the text.
pub type Unique = (ModuleName, String, String);

/// The sessions of a connection.
#[derive(Debug)]
pub struct Sessions {
    wire: Wire,
    access: Access,
    pace: Pace,
    room: Semaphore,
    free: Mutex<Vec<Session>>,
    logging_in: tokio::sync::Mutex<()>,
    /// The sessions in which a create with this unique value may still be under way.
    abandoned: Mutex<HashMap<Unique, (Instant, Session)>>,
    described: Mutex<HashMap<ModuleName, (Instant, Arc<Described>)>>,
    records: KnownRecords,
}

/// A session that is logged in.
#[derive(Debug, Clone)]
struct Session {
    name: String,
    /// The id of its user, such as `19x1`.
    user: String,
}

/// A session for one step's work. It goes back if vtiger has answered its last call.
pub struct Held<'s> {
    sessions: &'s Sessions,
    session: Option<Session>,
    has_answered: bool,
    /// Whether it is the session of an earlier create that may still be under way.
    is_taken_up: bool,
    /// How long it has waited for its turns. That time does not count as the other system's.
    waited: Duration,
    has_called: bool,
    _room: SemaphorePermit<'s>,
}

impl Sessions {
    /// None yet.
    pub fn new(wire: Wire, access: Access) -> Self {
        Self {
            wire,
            pace: Pace::new(access.rate),
            room: Semaphore::new(access.sessions.max(1)),
            access,
            free: Mutex::default(),
            logging_in: tokio::sync::Mutex::default(),
            abandoned: Mutex::default(),
            described: Mutex::default(),
            records: KnownRecords::default(),
        }
    }

    /// How the connection is opened.
    pub fn access(&self) -> &Access {
        &self.access
    }

    /// A session that nobody else has, once one is free.
    pub async fn take(&self, until: Instant) -> Result<Held<'_>, Fault> {
        let rests = || Failure::not_made(Message::TargetRests, FailureKind::NotSent);
        let room = timeout_at(until, self.room.acquire()).await.ok().and_then(Result::ok).ok_or_else(rests)?;
        let session = lock(&self.free).pop();
        Ok(Held {
            sessions: self,
            session,
            has_answered: true,
            is_taken_up: false,
            waited: Duration::ZERO,
            has_called: false,
            _room: room,
        })
    }

    /// Logs in, one log-in at a time.
    async fn log_in(&self, until: Instant) -> Result<Session, Fault> {
        let _one_at_a_time = self.logging_in.lock().await;
        let mut times = 0;
        loop {
            times += 1;
            match self.try_to_log_in(until).await {
                Err(fault) if fault.meaning() == Some(Meaning::LogIn) && times < LOG_INS => sleep(jitter(times)).await,
                other => return other.map_err(not_sent),
            }
        }
    }

    async fn try_to_log_in(&self, until: Instant) -> Result<Session, Fault> {
        let Access { user, access_key, .. } = &self.access;
        // With the name of a session a challenge would fail.
        let challenge = [("operation", "getchallenge"), ("username", user)];
        let challenge = self.wire.call(Verb::Get, &challenge, until).await.map_err(not_let_in)?;
        let token = challenge["token"].as_str().unwrap_or_default();
        let key = hashed(token, access_key);
        let log_in = [("operation", "login"), ("username", user), ("accessKey", &key)];
        let welcome = self.wire.call(Verb::Post, &log_in, until).await.map_err(not_let_in)?;
        let text = |name: &str| welcome[name].as_str().unwrap_or_default().to_owned();
        Ok(Session { name: text("sessionName"), user: text("userId") })
    }
}

/// A user who does not exist, or is inactive, has codes that mean something else with other calls.
fn not_let_in(fault: Fault) -> Fault {
    match fault {
        Fault::Refused { answer, reason, meaning } if meaning != Meaning::Perhaps => {
            Fault::Refused { meaning: Meaning::LogIn, answer, reason }
        }
        other => other,
    }
}

impl Held<'_> {
    /// Reads something.
    pub async fn get(&mut self, operation: &str, more: &[(&str, &str)], until: Instant) -> Result<Value, Fault> {
        self.call(Verb::Get, operation, more, until).await
    }

    /// Changes something.
    pub async fn post(&mut self, operation: &str, more: &[(&str, &str)], until: Instant) -> Result<Value, Fault> {
        self.call(Verb::Post, operation, more, until).await
    }

    /// Remembers the session of a create of which nobody knows what came. vtiger answers the next call of that session only
    /// when the create has ended, so the next try begins with another look in it.
    pub fn abandon_if_open(&mut self, unique: &Unique, result: &Result<Done, Failure>) {
        let is_open = result.as_ref().is_err_and(|failure| match failure.kind {
            FailureKind::Unclear => true,
            FailureKind::NotSent => self.is_taken_up,
            FailureKind::Final => false,
        });
        if !is_open {
            return;
        }
        let mut abandoned = lock(&self.sessions.abandoned);
        abandoned.retain(|_, (since, _)| since.elapsed() < UNDER_WAY);
        if let Some(session) = self.session.take().filter(|_| abandoned.len() < MAX_ABANDONED) {
            abandoned.insert(unique.clone(), (Instant::now(), session));
        }
    }

    /// Takes the session up again in which a create with this unique value may still be under way, if there is one.
    pub fn take_up(&mut self, unique: &Unique) {
        if let Some((_, session)) = lock(&self.sessions.abandoned).remove(unique) {
            (self.session, self.is_taken_up) = (Some(session), true);
        }
    }

    /// Whether it is still in the session that it took up: vtiger may have ended that.
    pub fn is_taken_up(&self) -> bool {
        self.is_taken_up
    }

    /// The user in whose name the session is, such as `19x1`.
    pub async fn user(&mut self, until: Instant) -> Result<String, Fault> {
        Ok(self.session(until).await?.user)
    }

    /// What vtiger tells of a module, now or lately.
    pub async fn describe(&mut self, module: &ModuleName, until: Instant) -> Result<Arc<Described>, Fault> {
        if let Some((since, known)) = lock(&self.sessions.described).get(module)
            && since.elapsed() < LIFE
        {
            return Ok(Arc::clone(known));
        }
        let (described, _) = self.describe_anew(module, until).await?;
        Ok(described)
    }

    /// What vtiger tells of a module now, and its whole answer.
    pub async fn describe_anew(
        &mut self,
        module: &ModuleName,
        until: Instant,
    ) -> Result<(Arc<Described>, Value), Fault> {
        let answer = self.get("describe", &[("elementType", module.as_str())], until).await.map_err(not_sent)?;
        let described = Arc::new(Described::read(&answer));
        lock(&self.sessions.described).insert(module.clone(), (Instant::now(), Arc::clone(&described)));
        Ok((described, answer))
    }

    /// The records that are known of modules.
    pub fn records(&self) -> &KnownRecords {
        &self.sessions.records
    }

    async fn session(&mut self, until: Instant) -> Result<Session, Fault> {
        if let Some(session) = &self.session {
            return Ok(session.clone());
        }
        let session = self.sessions.log_in(until).await?;
        self.session = Some(session.clone());
        Ok(session)
    }

    /// Waits until the rate of the connection allows a call. A step that has begun is not given up for it.
    async fn take_turn(&mut self) -> Result<(), Fault> {
        let most = if self.has_called { Duration::MAX } else { MAX_TURN };
        let Some(waited) = self.sessions.pace.wait(most).await else {
            return Err(Failure::not_made(Message::TargetRests, FailureKind::NotSent).into());
        };
        self.waited += waited;
        self.has_called = true;
        Ok(())
    }

    /// PHP failed at a call. If vtiger answers another one it is not away: it fails at this call alone, perhaps for good.
    async fn judged(&mut self, failed: Failure, session: &Session) -> Fault {
        let Some(status) = php_status(&failed.reason) else { return failed.into() };
        let other = [("operation", "listtypes"), ("sessionName", &session.name)];
        let answer = self.sessions.wire.call(Verb::Get, &other, Instant::now() + PROBE).await;
        self.has_answered = !matches!(answer, Err(Fault::NoAnswer(_)));
        if self.has_answered {
            return Failure { reason: Message::VtigerFails { status }, ..failed.answered() }.into();
        }
        failed.into()
    }

    /// A session that is over is told before anything is done, so the call is made again in a new one.
    async fn call(
        &mut self,
        verb: Verb,
        operation: &str,
        more: &[(&str, &str)],
        until: Instant,
    ) -> Result<Value, Fault> {
        let mut is_new = false;
        loop {
            let session = self.session(until + self.waited).await?;
            let parameters = [("operation", operation), ("sessionName", &session.name)];
            let parameters: Vec<(&str, &str)> = parameters.into_iter().chain(more.iter().copied()).collect();
            self.take_turn().await?;
            self.has_answered = false;
            let result = self.sessions.wire.call(verb, &parameters, until + self.waited).await;
            self.has_answered = !matches!(result, Err(Fault::NoAnswer(_)));
            match result {
                Err(fault) if fault.meaning() == Some(Meaning::Session) => {
                    (self.session, self.is_taken_up) = (None, false);
                    if is_new {
                        return Err(fault);
                    }
                    is_new = true;
                }
                Err(Fault::NoAnswer(failure)) => return Err(self.judged(failure, &session).await),
                other => return other,
            }
        }
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        if let Some(session) = self.session.take().filter(|_| self.has_answered) {
            lock(&self.sessions.free).push(session);
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
