//! The second factor of one's own account: set up with an app, switched off with a code, and recovery codes that are shown
//! once. And the code that a log-in owes.

use std::time::{Duration, SystemTime};

use askama::Template;
use postern_http::rate;
use postern_shared::store::second_factors::{self, Factor, Status};
use warp::reply::Response;

use super::code::{self, Secret};
use super::credentials::{self, CheckedCode};
use super::frame::{Frame, Section};
use super::login;
use super::reply::{self, Refusal};
use super::session::Token;
use super::shown::Moment;
use super::throttle::NoCode;
use super::visit::{PENDING, Visit};

/// How long a log-in may owe its code.
const PENDING_LENGTH: Duration = Duration::from_secs(5 * 60);

#[derive(Template)]
#[template(path = "second_factor.html")]
struct Page {
    p: Frame,
    /// Since when there is one; none = it can be set up.
    made: Option<Moment>,
    is_needed: bool,
    codes_left: i64,
    /// What is set up: the secret, and the side and the path of its picture.
    secret: String,
    side: i32,
    path: String,
    error: String,
}

#[derive(Template)]
#[template(path = "recovery_codes.html")]
struct Codes {
    p: Frame,
    codes: Vec<String>,
}

#[derive(Template)]
#[template(path = "login_code.html")]
struct Owed {
    p: Frame,
    next: String,
    error: String,
}

/// How one's own account stands.
pub async fn show(visit: &Visit<'_>) -> Result<Response, Refusal> {
    let status = status(visit).await?;
    reply::page(&page(visit, status, Secret::new(), String::new()).await)
}

async fn status(visit: &Visit<'_>) -> Result<Status, Refusal> {
    second_factors::status(&visit.connection().await?, visit.account()).await?.ok_or(Refusal::NotFound)
}

async fn page(visit: &Visit<'_>, status: Status, secret: Secret, error: String) -> Page {
    let p = Frame::new(visit, Section::None).await;
    let (side, path) = code::picture(&secret.uri(visit.account())).unwrap_or_default();
    Page {
        made: status.made_at.map(|at| p.moment(&at)),
        is_needed: status.is_needed,
        codes_left: status.codes_left,
        secret: secret.text(),
        side,
        path,
        error,
        p,
    }
}

/// Sets it up, switches it off, or makes other recovery codes; each needs a code.
pub async fn save(visit: &Visit<'_>) -> Result<Response, Refusal> {
    let status = status(visit).await?;
    match visit.form.get("action") {
        "off" if !status.is_needed => {
            if let Some(wrong) = wrong_code(visit, status).await? {
                return Ok(wrong);
            }
            second_factors::remove(&mut visit.connection().await?, visit.account(), visit.account()).await?;
            Ok(reply::redirect("/second-factor?done=saved"))
        }
        "codes" if status.made_at.is_some() => {
            if let Some(wrong) = wrong_code(visit, status).await? {
                return Ok(wrong);
            }
            let (codes, hashes) = code::recovery_codes();
            let account = (status.account, visit.account());
            second_factors::renew_codes(&mut visit.connection().await?, account, &hashes).await?;
            reply::page(&Codes { p: Frame::new(visit, Section::None).await, codes })
        }
        "set" => set_up(visit, status).await,
        _ => Ok(reply::redirect("/second-factor")),
    }
}

/// The secret comes with the form, so that nothing is stored before a code shows that the app has it.
async fn set_up(visit: &Visit<'_>, status: Status) -> Result<Response, Refusal> {
    let Some(secret) = Secret::read(visit.form.get("secret")) else { return Ok(reply::redirect("/second-factor")) };
    let Some(last_step) = secret.step(visit.form.get("code"), SystemTime::now()) else {
        return reply::unsaved(&page(visit, status, secret, visit.t("code-wrong")).await);
    };
    let (codes, hashes) = code::recovery_codes();
    let factor = Factor { secret: secret.bytes(), last_step };
    let account = (status.account, visit.account(), &visit.secret.hash());
    if !second_factors::set(&mut visit.connection().await?, account, &factor, &hashes).await? {
        return Ok(reply::redirect("/second-factor"));
    }
    reply::page(&Codes { p: Frame::new(visit, Section::None).await, codes })
}

/// The page again, unless the code of the form is right.
async fn wrong_code(visit: &Visit<'_>, status: Status) -> Result<Option<Response>, Refusal> {
    let again = async |error: String| page(visit, status, Secret::new(), error).await;
    match credentials::check_code(visit, (status.account, visit.account()), visit.form.get("code")).await? {
        CheckedCode::Right => Ok(None),
        CheckedCode::Wrong => reply::unsaved(&again(visit.t("code-wrong")).await).map(Some),
        CheckedCode::Not(NoCode::Wait(wait)) => {
            let seconds = rate::seconds(wait);
            let page = reply::unsaved(&again(visit.n("code-wait", seconds)).await)?;
            Ok(Some(reply::too_many(page, seconds)))
        }
        CheckedCode::Not(NoCode::Locked) => reply::unsaved(&again(visit.t("code-locked")).await).map(Some),
    }
}

/// After the right password: the code is owed if the account has a second factor; none = it has none.
pub async fn owe(visit: &Visit<'_>, account: i64, next: &str) -> Result<Option<Response>, Refusal> {
    let connection = visit.connection().await?;
    if !second_factors::exists(&connection, account).await? {
        return Ok(None);
    }
    let token = Token::new();
    second_factors::begin(&connection, &token.hash(), account, PENDING_LENGTH).await?;
    let next: String = form_urlencoded::byte_serialize(reply::own_path(next).as_bytes()).collect();
    let response = reply::redirect(&format!("/login/code?next={next}"));
    Ok(Some(reply::with_cookie(visit, response, PENDING, &token.text(), Some(PENDING_LENGTH))))
}

/// The form for the code that a log-in owes.
pub async fn show_owed(visit: &Visit<'_>) -> Result<Response, Refusal> {
    if pending(visit).await?.is_none() {
        return Ok(reply::redirect("/login"));
    }
    reply::page(&owed(visit, visit.query.get("next"), String::new()).await)
}

async fn owed(visit: &Visit<'_>, next: &str, error: String) -> Owed {
    Owed { p: Frame::new(visit, Section::None).await, next: next.to_owned(), error }
}

async fn pending(visit: &Visit<'_>) -> Result<Option<(i64, String)>, Refusal> {
    let Some(token) = &visit.pending else { return Ok(None) };
    Ok(second_factors::pending(&visit.connection().await?, &token.hash()).await?)
}

/// Logs in with the code.
pub async fn pay(visit: &Visit<'_>) -> Result<Response, Refusal> {
    let (Some(owed_by), Some((account, name))) = (&visit.pending, pending(visit).await?) else {
        return Ok(reply::redirect("/login"));
    };
    let next = visit.form.get("next");
    match credentials::check_code(visit, (account, &name), visit.form.get("code")).await? {
        CheckedCode::Right => {
            let response = login::begin_with_code(visit, owed_by, reply::own_path(next)).await?;
            Ok(reply::with_cookie(visit, response, PENDING, "", Some(Duration::ZERO)))
        }
        CheckedCode::Wrong => reply::unsaved(&owed(visit, next, visit.t("code-wrong")).await),
        CheckedCode::Not(NoCode::Locked) => reply::unsaved(&owed(visit, next, visit.t("code-locked")).await),
        CheckedCode::Not(NoCode::Wait(wait)) => {
            let seconds = rate::seconds(wait);
            Ok(reply::too_many(reply::unsaved(&owed(visit, next, visit.n("code-wait", seconds)).await)?, seconds))
        }
    }
}
