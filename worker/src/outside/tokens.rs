//! Tokens of OAuth 2.0 clients (RFC 6749, 4.4): each is fetched once for all calls that need it, and kept until shortly
//! before its end. They are in memory only, and each worker has its own.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use postern_shared::connection::http::ClientCredentials;
use postern_shared::message::{ConnectionFault, Message};
use postern_shared::rendered::HttpCall;
use serde_json::Value;
use tokio::time::Instant;

use super::call::{Failure, FailureKind, Reply};
use super::http::Http;

/// The most bytes of an answer with a token.
const MAX_ANSWER_BYTES: usize = 64 * 1024;

/// How long a token is kept whose server does not tell its end.
const UNTOLD: Duration = Duration::from_secs(300);

/// A token is renewed this long before its end, but no earlier than after nine tenths of its life: a call takes time.
const EARLY: Duration = Duration::from_secs(60);

/// The longest that a token is kept, whatever its server tells.
const LONGEST: Duration = Duration::from_secs(24 * 3600);

/// The most clients that are remembered. At more all are forgotten: settings change.
const MAX_CLIENTS: usize = 1_000;

/// The tokens of this worker.
#[derive(Debug, Default)]
pub struct Tokens {
    clients: Mutex<HashMap<ClientCredentials, Arc<Slot>>>,
}

type Slot = tokio::sync::Mutex<State>;

/// What is known of a client. Whoever fetches a token holds the lock; the others wait for what comes of it.
#[derive(Default)]
struct State {
    token: Option<Token>,
    failed: Option<(Instant, Failure)>,
}

/// A token.
#[derive(Clone, PartialEq, Eq)]
pub struct Token {
    pub text: Arc<str>,
    until: Instant,
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("State")
    }
}

impl Tokens {
    /// The token of a client. `refused` is the token that an API has refused: another one is fetched.
    pub async fn get(
        &self,
        http: &Http,
        (client, secret): (&ClientCredentials, &str),
        timeout: Duration,
        refused: Option<&Token>,
    ) -> Result<Token, Failure> {
        let (asked, slot) = (Instant::now(), self.slot(client));
        let mut state = slot.lock().await;
        let is_good = |token: &&Token| Some(*token) != refused && Instant::now() < token.until;
        if let Some(token) = state.token.as_ref().filter(is_good) {
            return Ok(token.clone());
        }
        // It waited for this very fetch.
        if let Some((_, failure)) = state.failed.as_ref().filter(|(at, _)| *at >= asked) {
            return Err(failure.clone());
        }
        match fetch(http, client, secret, timeout).await {
            Ok(token) => {
                *state = State { token: Some(token.clone()), failed: None };
                Ok(token)
            }
            Err(failure) => {
                *state = State { token: None, failed: Some((Instant::now(), failure.clone())) };
                Err(failure)
            }
        }
    }

    fn slot(&self, client: &ClientCredentials) -> Arc<Slot> {
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        if clients.len() >= MAX_CLIENTS && !clients.contains_key(client) {
            clients.clear();
        }
        Arc::clone(clients.entry(client.clone()).or_default())
    }
}

/// Fetches a token. Servers differ in where they read the client's secret: in the body, or else as name and password.
async fn fetch(http: &Http, client: &ClientCredentials, secret: &str, timeout: Duration) -> Result<Token, Failure> {
    let began = Instant::now();
    let mut reply = ask(http, client, secret, true, timeout).await?;
    if refuses(&reply) {
        reply = ask(http, client, secret, false, timeout).await?;
    }
    let not_made = |fault: ConnectionFault, kind| Err(Failure::not_made(fault.into(), kind));
    if refuses(&reply) {
        return not_made(ConnectionFault::TokenRefused { status: reply.status }, FailureKind::Final);
    }
    if reply.status != 200 {
        let kind = if reply.status >= 500 || reply.status == 429 { FailureKind::NotSent } else { FailureKind::Final };
        return not_made(ConnectionFault::TokenAnswered { status: reply.status }, kind);
    }
    match read(&reply.body, began) {
        Some(token) => Ok(token),
        None => not_made(ConnectionFault::TokenUnreadable, FailureKind::Final),
    }
}

fn refuses(reply: &Reply) -> bool {
    let is_refusal = |error: Value| matches!(error["error"].as_str(), Some("invalid_client" | "unauthorized_client"));
    reply.status == 401 || reply.status == 400 && serde_json::from_slice(&reply.body).is_ok_and(is_refusal)
}

async fn ask(
    http: &Http,
    client: &ClientCredentials,
    secret: &str,
    in_body: bool,
    timeout: Duration,
) -> Result<Reply, Failure> {
    let mut headers = vec![
        ("content-type".to_owned(), "application/x-www-form-urlencoded".to_owned()),
        ("accept".to_owned(), "application/json".to_owned()),
    ];
    if !in_body {
        // RFC 6749, 2.3.1: both are written as in a form.
        let encoded = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
        let login = super::login::basic(&encoded(&client.client_id), &encoded(secret));
        headers.push(("authorization".to_owned(), login));
    }
    let call = HttpCall {
        method: "POST".to_owned(),
        url: client.token_url.to_string(),
        connection: None,
        headers,
        body: Some(form(client, in_body.then_some(secret))),
        marks: None,
    };
    let failed = |failure: Failure| {
        let reason = ConnectionFault::TokenNotFetched { message: Box::new(failure.reason) };
        let kind = if failure.kind == FailureKind::Final { FailureKind::Final } else { FailureKind::NotSent };
        Failure::not_made(Message::from(reason), kind)
    };
    http.call(&call, MAX_ANSWER_BYTES, timeout, None).await.map_err(failed)
}

/// What is asked for, and the login of the client if the body has it.
fn form(client: &ClientCredentials, secret: Option<&str>) -> String {
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("grant_type", "client_credentials");
    for (name, value) in [("scope", &client.scope), ("audience", &client.audience)] {
        value.iter().for_each(|value| _ = form.append_pair(name, value));
    }
    if let Some(secret) = secret {
        form.append_pair("client_id", &client.client_id).append_pair("client_secret", secret);
    }
    form.finish()
}

/// The token of an answer (RFC 6749, 5.1).
fn read(body: &[u8], began: Instant) -> Option<Token> {
    let answer: Value = serde_json::from_slice(body).ok()?;
    let text = answer["access_token"].as_str().filter(|text| !text.is_empty())?;
    let told = match &answer["expires_in"] {
        Value::String(text) => text.parse().ok(),
        number => number.as_u64(),
    };
    let life = told.map_or(UNTOLD, Duration::from_secs).min(LONGEST);
    Some(Token { text: text.into(), until: began + life - EARLY.min(life / 10) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_renewed_shortly_before_its_end() {
        let began = Instant::now();
        for (body, seconds) in [
            (r#"{"access_token": "a", "expires_in": 3600}"#, Some(3_540)),
            (r#"{"access_token": "a", "expires_in": "100"}"#, Some(90)),
            (r#"{"access_token": "a", "expires_in": 0}"#, Some(0)),
            (r#"{"access_token": "a", "expires_in": 18446744073709551615}"#, Some(86_340)),
            (r#"{"access_token": "a"}"#, Some(270)),
            (r#"{"access_token": ""}"#, None),
            (r#"{"error": "x"}"#, None),
            ("<html>", None),
        ] {
            let until = read(body.as_bytes(), began).map(|token| (token.until - began).as_secs());
            assert_eq!(until, seconds, "{body}");
        }
    }
}
