//! The servers of PostgreSQL. Of several, the one that worked last is taken for as long as it runs; otherwise all are
//! asked, those that only read or are behind are passed over, and the newest is taken.

mod driver;
mod identity;
mod succession;
mod tls;
mod url;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::future::join_all;
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::time::timeout;
use tokio_postgres::config::SslMode;
use tokio_postgres::error::SqlState;
use tokio_postgres::{CancelToken, Client, Config, Error, SimpleQueryMessage, Socket};

pub use self::driver::Driver;
use self::identity::{ASK, Answer, Position};
use self::tls::{MakeTls, Stream};
pub use self::url::DatabaseUrl;
use super::{CONNECT_TIMEOUT, StoreError, connecting};
use crate::log_limit::LogLimit;
use crate::unreachable::Unreachable;

/// How long one of several servers may take: one that hangs must not keep this process from the others.
const SERVER_LIMIT: Duration = Duration::from_secs(2);

/// A connection that nobody drives yet.
type Connection = tokio_postgres::Connection<Socket, Stream>;

/// The servers of one database.
pub struct Servers {
    configs: Vec<Config>,
    tls: MakeTls,
    must_write: bool,
    known: Mutex<Known>,
    passed_over: LogLimit,
    /// The greatest position that a server was seen at.
    seen: Arc<watch::Sender<Option<Position>>>,
}

/// What this process has learned of them.
#[derive(Debug, Default)]
struct Known {
    /// The server that worked last.
    last: Option<Place>,
    /// Why the last try reached none.
    failure: String,
}

/// A server between two of its starts. After its next start another server may be the primary.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Place {
    at: usize,
    started: String,
}

/// A connection that works.
struct Reached {
    place: Place,
    client: Client,
    connection: Connection,
    position: Option<Position>,
}

impl Servers {
    /// Nothing is connected yet. `prepare` sets what is the same for all servers.
    pub fn new(url: DatabaseUrl, prepare: impl Fn(&mut Config)) -> Self {
        let DatabaseUrl { mut servers, tls, must_write } = url;
        servers.iter_mut().for_each(prepare);
        Self {
            configs: servers,
            tls: MakeTls(tls),
            must_write,
            known: Mutex::default(),
            passed_over: LogLimit::default(),
            seen: Arc::default(),
        }
    }

    /// The same servers by another URL, as with a new password: what was seen of them still counts.
    pub fn after(mut self, before: &Self) -> Self {
        if self.names() == before.names() {
            self.seen = Arc::clone(&before.seen);
        }
        self
    }

    /// Of several servers, one may succeed another while sessions with both are possible: somebody must watch for it.
    pub fn watched(self) -> Arc<Self> {
        let several = self.configs.len() > 1;
        let servers = Arc::new(self);
        if several && let Ok(runtime) = Handle::try_current() {
            runtime.spawn(succession::watch(Arc::downgrade(&servers)));
        }
        servers
    }

    /// How long it may take until one was found.
    pub fn limit(&self) -> Duration {
        let several = u32::try_from(self.configs.len()).unwrap_or(u32::MAX);
        CONNECT_TIMEOUT.max(SERVER_LIMIT.saturating_mul(several))
    }

    /// Why the last try reached none, without passwords.
    pub fn failure(&self) -> String {
        self.lock().failure.clone()
    }

    /// The database on the servers, in whichever order the URL names these: `a:5432,b:5432/postern`.
    pub fn database(&self) -> String {
        let mut servers: Vec<String> = self.configs.iter().map(connecting::server).collect();
        servers.sort();
        let first = self.configs.first();
        let name = first.and_then(|config| config.get_dbname().or(config.get_user())).unwrap_or_default();
        format!("{}/{name}", servers.join(","))
    }

    /// The servers, without user and password.
    pub fn names(&self) -> String {
        self.configs.iter().map(connecting::server).collect::<Vec<_>>().join(", ")
    }

    /// A connection to the server that is to be worked with.
    pub async fn connect(&self) -> Result<(Client, Driver), StoreError> {
        let (last, seen) = (self.lock().last.clone(), *self.seen.borrow());
        let mut tried = Vec::new();
        if let Some(last) = &last {
            match self.reach(last.at, seen).await {
                Ok(reached) if reached.place == *last => return Ok(self.take(reached, &[])),
                reached => tried.push(reached),
            }
        }
        // An old primary that comes back may answer before the new one does, so all are asked before one is taken.
        tried.extend(self.reach_others(last.as_ref(), seen).await);
        let (reached, failed): (Vec<_>, Vec<_>) = tried.into_iter().partition(Result::is_ok);
        let reasons: Vec<_> = failed.into_iter().filter_map(Result::err).collect();
        if let Some(newest) = reached.into_iter().flatten().max_by_key(|reached| reached.position) {
            return Ok(self.take(newest, &reasons));
        }
        let failure = reasons.join("; ");
        self.failed(failure.clone());
        Err(StoreError::Away(failure))
    }

    /// Remembers why none could be used.
    pub(super) fn failed(&self, reason: String) {
        self.lock().failure = reason;
    }

    /// Ends the statement that a connection is at, by a connection that is secured in the same way.
    pub async fn cancel(&self, token: CancelToken) -> Result<(), Error> {
        token.cancel_query(self.tls.clone()).await
    }

    /// Remembers what worked, and tells what did not.
    fn take(&self, reached: Reached, passed_over: &[String]) -> (Client, Driver) {
        let Reached { place, client, connection, position } = reached;
        let server = connecting::server(&self.configs[place.at]);
        self.lock().last = Some(place);
        self.saw(position);
        if passed_over.is_empty() {
            self.passed_over.worked();
        } else if self.passed_over.failed(1).is_some() {
            let reasons = passed_over.join("; ");
            tracing::warn!(%server, %reasons, "a server of postgresql was passed over");
        }
        (client, Driver::new(connection, position, self.seen.subscribe()))
    }

    /// Remembers how far the newest server is. Sessions with a server that it succeeds end.
    fn saw(&self, position: Option<Position>) {
        self.seen.send_if_modified(|seen| {
            let is_newer = position > *seen;
            *seen = position.max(*seen);
            is_newer
        });
    }

    /// All servers but one, side by side.
    async fn reach_others(&self, but: Option<&Place>, seen: Option<Position>) -> Vec<Result<Reached, String>> {
        let others = (0..self.configs.len()).filter(|at| but.is_none_or(|but| but.at != *at));
        join_all(others.map(|at| self.reach(at, seen))).await
    }

    /// The error is a sentence about the server.
    async fn reach(&self, at: usize, seen: Option<Position>) -> Result<Reached, String> {
        let config = &self.configs[at];
        let name = connecting::server(config);
        let limit = if self.configs.len() > 1 { SERVER_LIMIT } else { CONNECT_TIMEOUT };
        let asked = timeout(limit, async {
            let (client, mut connection) = self.open(config).await?;
            let answer = ask(&client, &mut connection).await?;
            Ok::<_, Error>((client, connection, answer))
        });
        let (client, connection, answer) = match asked.await {
            Err(_) => return Err(Unreachable::TimedOut.told(&name)),
            Ok(Err(error)) => return Err(connecting::reason(&error, &name)),
            Ok(Ok(reached)) => reached,
        };
        let Answer { only_reads, position, started } = answer;
        if self.must_write && only_reads {
            return Err(format!("{name} only reads: it is a standby, or set to be read-only"));
        }
        if let Some((now, seen)) = position.zip(seen) {
            now.check(&seen).map_err(|stale| format!("{name} is not worked with: {stale}"))?;
        }
        Ok(Reached { place: Place { at, started }, client, connection, position })
    }

    /// As libpq does, `prefer` goes on without TLS where TLS fails: it asks for no proof anyway.
    async fn open(&self, config: &Config) -> Result<(Client, Connection), Error> {
        match config.connect(self.tls.clone()).await {
            Err(error)
                if config.get_ssl_mode() == SslMode::Prefer && self.tls.proves_nothing() && is_of_tls(&error) =>
            {
                config.clone().ssl_mode(SslMode::Disable).connect(self.tls.clone()).await
            }
            opened => opened,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Servers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Servers").field("known", &self.known).finish_non_exhaustive()
    }
}

/// Whether it may be otherwise without TLS: the handshake failed, or the server admits this user only without it.
fn is_of_tls(error: &Error) -> bool {
    error.code() == Some(&SqlState::INVALID_AUTHORIZATION_SPECIFICATION) || error.to_string().contains("TLS handshake")
}

/// What the server says of itself. A product that is only like PostgreSQL may say nothing.
async fn ask(client: &Client, connection: &mut Connection) -> Result<Answer, Error> {
    let asked = async {
        match client.simple_query(ASK).await {
            Err(error) if error.as_db_error().is_some() => Ok(Vec::<SimpleQueryMessage>::new()),
            answered => answered,
        }
    };
    tokio::select! {
        biased;
        answered = asked => Ok(Answer::of(&answered?)),
        // It ends only when the connection does, and then the query fails too.
        ended = connection => ended.map(|()| Answer::default()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_seen_of_servers_counts_for_the_same_servers_by_another_url() {
        let of = |url: &str| Servers::new(url.parse().unwrap(), |_| ());
        let before = of("postgres://postern:old@p0,p1/postern");
        for (url, counts) in
            [("postgres://postern:new@p0,p1/postern", true), ("postgres://postern:old@p0,p2/postern", false)]
        {
            assert_eq!(Arc::ptr_eq(&of(url).after(&before).seen, &before.seen), counts, "{url}");
        }
    }
}
