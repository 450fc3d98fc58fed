//! Logging in and out, and the first account: that of `POSTERN_ADMIN_PASSWORD`, or the one that whoever starts
//! Postern makes with a link that is shown once.

use std::net::SocketAddr;
use std::time::Duration;

use askama::Template;
use postern_http::rate;
use postern_shared::host;
use postern_shared::service::Failure;
use postern_shared::store::accounts::{self, First, Right};
use postern_shared::store::sessions::{self, Begun};
use postern_shared::store::set_up_keys::{self, Added, Hash};
use postern_shared::store::tokens;
use postern_shared::telemetry;
use tokio::time::sleep;
use warp::reply::Response;

use super::Panel;
use super::credentials::{self, Checked};
use super::frame::{Frame, Section};
use super::password::{self, Rank};
use super::reply::{self, Refusal};
use super::second_factor;
use super::session::Token;
use super::visit::{SESSION, Visit};

/// How long a session of the control panel lasts: a working day.
const SESSION_LENGTH: Duration = Duration::from_secs(12 * 3600);
/// How long the answer to a guess is held back that was not looked at: a loop of guesses then takes next to no time of the
/// machine.
const HELD_BACK: Duration = Duration::from_secs(1);
/// The longest name of an account.
const MAX_NAME_BYTES: usize = 64;
/// The name of the account whose password is a setting.
const ADMIN: &str = "admin";

#[derive(Template)]
#[template(path = "login.html")]
struct LogIn {
    p: Frame,
    name: String,
    next: String,
    error: String,
}

#[derive(Template)]
#[template(path = "setup.html")]
struct SetUp {
    p: Frame,
    key: String,
    name: String,
    error: String,
}

/// Makes the account `admin` if there is none and its password is given; else announces, as long as there is none, a
/// link to make one: on standard error, whatever the level of the log. Leads do not wait for it: a database that takes no writes, such as a standby, is no reason to refuse them.
pub async fn first(panel: &Panel, private: SocketAddr) {
    match make_first(panel, private).await {
        Ok(()) => {}
        Err(error) => tracing::warn!(%error, "whether the control panel has an account is not known"),
    }
}

async fn make_first(panel: &Panel, private: SocketAddr) -> Result<(), Failure> {
    let mut connection = panel.state.store.connection().await?;
    if accounts::count(&connection).await? > 0 {
        return Ok(());
    }
    if let Some(password) = &panel.admin_password {
        let busy = |_| "too many passwords are hashed";
        let place = panel.passwords.place(private.ip(), Rank::Known).map_err(busy)?;
        let slot = panel.passwords.slot(place).await.map_err(busy)?;
        let hash = slot.hash(password).await.ok_or("the password cannot be hashed")?;
        accounts::first(&mut connection, ADMIN, &hash, Right::Setting).await?;
        return Ok(());
    }
    let key = Token::new();
    if set_up_keys::add(&mut connection, &key.hash()).await? == Added::Late {
        return Ok(());
    }
    let link = format!("http://{}/setup?key={}", host::reachable(private), key.text());
    telemetry::announce("the control panel has no account yet; make the first one at", "link", &link);
    Ok(())
}

/// The form of the log-in.
pub async fn show_log_in(visit: &Visit<'_>) -> Result<Response, Refusal> {
    if visit.account.is_some() {
        return Ok(reply::redirect("/"));
    }
    log_in_form(visit, visit.query.get("next"), String::new()).await
}

async fn log_in_form(visit: &Visit<'_>, next: &str, error: String) -> Result<Response, Refusal> {
    let p = Frame::new(visit, Section::None).await;
    let name = visit.form.get("name").to_owned();
    reply::page(&LogIn { p, name, next: next.to_owned(), error })
}

/// Logs in, if name and password belong together and the caller has not to wait.
pub async fn log_in(visit: &Visit<'_>) -> Result<Response, Refusal> {
    let (name, password) = (visit.form.get("name").trim(), visit.form.get("password"));
    let next = visit.form.get("next");
    match credentials::check(visit, name, password).await? {
        Checked::Right(account) => match second_factor::owe(visit, account.id, next).await? {
            Some(owed) => Ok(owed),
            None => begin(visit, account.id, reply::own_path(next)).await,
        },
        Checked::Wrong => log_in_form(visit, next, visit.t("login-wrong")).await,
        Checked::Wait(wait) => {
            sleep(HELD_BACK).await;
            let seconds = rate::seconds(wait);
            Ok(reply::too_many(log_in_form(visit, next, visit.n("login-wait", seconds)).await?, seconds))
        }
        Checked::Busy => {
            sleep(HELD_BACK).await;
            Ok(reply::too_many(log_in_form(visit, next, visit.t("login-busy")).await?, reply::BUSY_S))
        }
    }
}

/// Begins a session of an account without a second factor and leads to a page.
pub async fn begin(visit: &Visit<'_>, account: i64, next: &str) -> Result<Response, Refusal> {
    let token = Token::new();
    sessions::begin(&visit.connection().await?, &token.hash(), account, SESSION_LENGTH).await?;
    Ok(begun(visit, &token, next))
}

/// Begins the session of a log-in that owed its code and leads to a page; a log-in begins one session.
pub async fn begin_with_code(visit: &Visit<'_>, owed: &Token, next: &str) -> Result<Response, Refusal> {
    let token = Token::new();
    let connection = visit.connection().await?;
    match sessions::begin_with_code(&connection, &owed.hash(), &token.hash(), SESSION_LENGTH).await? {
        Begun::Session => Ok(begun(visit, &token, next)),
        Begun::Nothing => Ok(reply::redirect("/login")),
    }
}

fn begun(visit: &Visit<'_>, token: &Token, next: &str) -> Response {
    reply::with_cookie(visit, reply::redirect(next), SESSION, &token.text(), Some(SESSION_LENGTH))
}

/// Ends the session.
pub async fn log_out(visit: &Visit<'_>) -> Result<Response, Refusal> {
    sessions::end(&visit.connection().await?, &visit.secret.hash()).await?;
    Ok(reply::with_cookie(visit, reply::redirect("/login"), SESSION, "", Some(Duration::ZERO)))
}

/// The form for the first account, to whoever has the link.
pub async fn show_set_up(visit: &Visit<'_>) -> Result<Response, Refusal> {
    let key = visit.query.get("key");
    if set_up_key(visit, key).await?.is_none() {
        return Err(Refusal::NotFound);
    }
    set_up_form(visit, key, String::new()).await
}

async fn set_up_form(visit: &Visit<'_>, key: &str, error: String) -> Result<Response, Refusal> {
    let p = Frame::new(visit, Section::None).await;
    let name = Some(visit.form.get("name")).filter(|name| !name.is_empty()).unwrap_or(ADMIN).to_owned();
    reply::page(&SetUp { p, key: key.to_owned(), name, error })
}

/// Makes the first account and logs it in; the link is then used up.
pub async fn set_up(visit: &Visit<'_>) -> Result<Response, Refusal> {
    let (key, name, password) = (visit.form.get("key"), visit.form.get("name").trim(), visit.form.get("password"));
    let Some(key_hash) = set_up_key(visit, key).await? else { return Err(Refusal::NotFound) };
    if !is_name(name) {
        return set_up_form(visit, key, visit.t("setup-name-wrong")).await;
    }
    if !password::is_long_enough(password) {
        return set_up_form(visit, key, visit.t("setup-password-short")).await;
    }
    let hash = visit.hashed(password).await?;
    let mut connection = visit.connection().await?;
    let created = accounts::first(&mut connection, name, &hash, Right::Link(&key_hash)).await?;
    match (created, accounts::by_name(&connection, name).await?) {
        (First::Created, Some(account)) => begin(visit, account.id, "/").await,
        _ => Ok(reply::redirect("/login")),
    }
}

/// Whether an account may have this name. The names of tokens in the audit log, and those of their drafts, begin otherwise.
pub fn is_name(name: &str) -> bool {
    let is_text = !name.is_empty() && name.len() <= MAX_NAME_BYTES && !name.chars().any(char::is_control);
    is_text && !tokens::is_account(name)
}

/// The hash of a key, if its link makes the first account. Whatever cannot be a key is no question to the store.
async fn set_up_key(visit: &Visit<'_>, key: &str) -> Result<Option<Hash>, Refusal> {
    let Some(hash) = Token::read(key).map(|key| key.hash()) else { return Ok(None) };
    Ok(set_up_keys::has(&visit.connection().await?, &hash).await?.then_some(hash))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_account_has_the_name_of_a_token() {
        for (name, is_right) in
            [("olga", true), ("tokens", true), ("token", true), ("token ci", false), ("", false), ("a\nb", false)]
        {
            assert_eq!(is_name(name), is_right, "{name}");
        }
        assert!(!is_name(&tokens::account_of("ci")) && !is_name(&"a".repeat(MAX_NAME_BYTES + 1)));
    }
}
