//! How a call shows who makes it: the login of its connection is put in at the moment of the call, and never stored.

use std::time::Duration;

use data_encoding::BASE64;
use postern_shared::connection::Connections;
use postern_shared::connection::http::{Auth, Http as Connection};
use postern_shared::message::{ConnectionFault, Message};
use postern_shared::rendered::HttpCall;
use postern_shared::secret::Secrets;
use postern_shared::secret::scrub::Scrubber;
use reqwest::Url;
use tokio::time::Instant;

use super::call::{Failure, FailureKind, Reply};
use super::http::Http;
use super::tokens::{Token, Tokens};

/// The header of a name and a password (RFC 7617).
pub fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", BASE64.encode(format!("{user}:{password}").as_bytes()))
}

/// Makes the call of a connection. A token that the API refuses is fetched anew, once.
pub async fn call(
    (http, tokens): (&Http, &Tokens),
    (connections, secrets): (&Connections, &Secrets),
    request: HttpCall,
    (max_bytes, timeout, key): (usize, Duration, Option<&str>),
) -> Result<Reply, Failure> {
    let Some(name) = &request.connection else { return http.call(&request, max_bytes, timeout, key).await };
    let missing = || Failure::last(ConnectionFault::NoConnection { connection: name.clone() }.into());
    let connection = connections.http(name).ok_or_else(missing)?;
    if !leads_there(connection, &request.url) {
        return Err(Failure::last(ConnectionFault::ConnectionMoved { connection: name.clone() }.into()));
    }
    let Some(auth) = connection.auth.as_ref().filter(|_| !has_login(&request)) else {
        return http.call(&request, max_bytes, timeout, key).await;
    };
    let until = Instant::now() + timeout;
    let (header, scrubber, token) = header(auth, (http, tokens), secrets, timeout, None).await?;
    let left = until.saturating_duration_since(Instant::now());
    let reply = http.call(&with(&request, header), max_bytes, left, key).await?;
    if reply.status != 401 || token.is_none() {
        return Ok(Reply { scrubber, ..reply });
    }
    let left = until.saturating_duration_since(Instant::now());
    let (header, other, _) = self::header(auth, (http, tokens), secrets, left, token.as_ref()).await?;
    let left = until.saturating_duration_since(Instant::now());
    let reply = http.call(&with(&request, header), max_bytes, left, key).await?;
    Ok(Reply { scrubber: scrubber.and(other), ..reply })
}

/// Whether a request that was rendered by an older version of the connection still goes below its base address: a login goes
/// nowhere else.
fn leads_there(connection: &Connection, url: &str) -> bool {
    let base = &connection.base;
    url.parse::<Url>().is_ok_and(|url| url.origin() == base.origin() && url.path().starts_with(base.path()))
}

fn has_login(request: &HttpCall) -> bool {
    request.headers.iter().any(|(name, _)| name == "authorization")
}

fn with(request: &HttpCall, header: String) -> HttpCall {
    let mut request = request.clone();
    request.headers.push(("authorization".to_owned(), header));
    request
}

/// The header, what takes it out of the answer, and the token in it. `refused` is a token that the API has refused.
async fn header(
    auth: &Auth,
    (http, tokens): (&Http, &Tokens),
    secrets: &Secrets,
    timeout: Duration,
    refused: Option<&Token>,
) -> Result<(String, Scrubber, Option<Token>), Failure> {
    let secret = |name| secrets.get(name).map_err(|unusable| Failure::last(unusable.into()));
    match auth {
        Auth::Basic { user, password } => {
            let password = secret(password)?.text();
            Ok((basic(user, password), Scrubber::of(&[password]), None))
        }
        Auth::Bearer(token) => {
            let token = secret(token)?.text();
            Ok((format!("Bearer {token}"), Scrubber::of(&[token]), None))
        }
        Auth::ClientCredentials(client) => {
            let password = secret(&client.client_secret)?.text();
            let ms = u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX);
            let late = || Failure::not_made(Message::NoAnswer { ms }, FailureKind::NotSent);
            // Another call may be fetching it.
            let fetched = tokio::time::timeout(timeout, tokens.get(http, (client, password), timeout, refused)).await;
            let token = fetched.map_err(|_| late())??;
            Ok((format!("Bearer {}", token.text), Scrubber::of(&[password, &token.text]), Some(token)))
        }
    }
}
