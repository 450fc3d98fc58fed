//! The accounts: who may use the panel and what they may do; and everyone's own password.

use askama::Template;
use postern_http::rate;
use postern_shared::store::accounts::{self, Listed, Outcome, Role};
use postern_shared::store::second_factors;
use warp::reply::Response;

use super::confirm::Delete;
use super::credentials::{self, Checked};
use super::frame::{Frame, Section};
use super::login::is_name;
use super::password;
use super::reply::{self, Refusal};
use super::shown::Moment;
use super::visit::Visit;

#[derive(Template)]
#[template(path = "accounts.html")]
struct List {
    p: Frame,
    rows: Vec<Row>,
    /// What was typed, and what is wrong with it.
    name: String,
    /// The role that is chosen.
    role: &'static str,
    error: String,
}

#[derive(Template)]
#[template(path = "account.html")]
struct One {
    p: Frame,
    /// The role that is chosen.
    role: &'static str,
    row: Row,
    /// Whether it has a second factor, and whether it must have one.
    has_factor: bool,
    needs_factor: bool,
    error: String,
}

#[derive(Template)]
#[template(path = "password.html")]
struct Own {
    p: Frame,
    error: String,
}

struct Row {
    name: String,
    role: &'static str,
    is_me: bool,
    at: Moment,
}

/// All accounts, and the form for another one.
pub async fn list(visit: &Visit<'_>) -> Result<Response, Refusal> {
    reply::page(&all(visit, String::new()).await?)
}

async fn all(visit: &Visit<'_>, error: String) -> Result<List, Refusal> {
    let p = Frame::new(visit, Section::Accounts).await;
    let found = accounts::list(&visit.connection().await?).await?;
    let rows = found.iter().map(|one| row(visit, &p, one)).collect();
    let role = chosen_role(visit).word();
    Ok(List { rows, name: visit.form.get("name").to_owned(), role, error, p })
}

/// The role that the form names. A form without one names the role with the fewest rights.
pub fn chosen_role(visit: &Visit<'_>) -> Role {
    Role::from_word(visit.form.get("role"))
}

fn row(visit: &Visit<'_>, p: &Frame, one: &Listed) -> Row {
    let at = p.moment(&one.created_at);
    Row { is_me: one.name == visit.account(), name: one.name.clone(), role: one.role.word(), at }
}

/// Adds one.
pub async fn add(visit: &Visit<'_>) -> Result<Response, Refusal> {
    let (name, password) = (visit.form.get("name").trim(), visit.form.get("password"));
    let wrong = match () {
        () if !is_name(name) => Some("setup-name-wrong"),
        () if !password::is_long_enough(password) => Some("setup-password-short"),
        () => None,
    };
    if let Some(wrong) = wrong {
        return reply::unsaved(&all(visit, visit.t(wrong)).await?);
    }
    let hash = visit.hashed(password).await?;
    let role = Role::from_word(visit.form.get("role"));
    let added = accounts::add(&mut visit.connection().await?, visit.account(), name, &hash, role).await?;
    match said(added) {
        None => Ok(reply::redirect("/accounts?done=saved")),
        Some(wrong) => reply::unsaved(&all(visit, visit.t(wrong)).await?),
    }
}

/// One account.
pub async fn show(visit: &Visit<'_>) -> Result<Response, Refusal> {
    reply::page(&one(visit, String::new()).await?)
}

async fn one(visit: &Visit<'_>, error: String) -> Result<One, Refusal> {
    let p = Frame::new(visit, Section::Accounts).await;
    let found = accounts::list(&visit.connection().await?).await?;
    let found = found.iter().find(|one| one.name == visit.argument).ok_or(Refusal::NotFound)?;
    let status = second_factors::status(&visit.connection().await?, &visit.argument).await?;
    let (has_factor, needs_factor) = status.map_or((false, false), |one| (one.made_at.is_some(), one.is_needed));
    Ok(One { role: found.role.word(), row: row(visit, &p, found), has_factor, needs_factor, error, p })
}

/// Lets one only in with a second factor or without one too, or takes a second factor away whose app was lost.
pub async fn set_second_factor(visit: &Visit<'_>) -> Result<Response, Refusal> {
    let (by, name) = (visit.account(), visit.argument.as_str());
    let mut connection = visit.connection().await?;
    let is_known = match visit.form.get("action") {
        "reset" => second_factors::remove(&mut connection, by, name).await?,
        action => second_factors::require(&mut connection, by, name, action == "require").await?,
    };
    if is_known { Ok(reply::redirect("/accounts?done=saved")) } else { Err(Refusal::NotFound) }
}

/// Gives one another role.
pub async fn set_role(visit: &Visit<'_>) -> Result<Response, Refusal> {
    let role = Role::from_word(visit.form.get("role"));
    let set = accounts::set_role(&mut visit.connection().await?, visit.account(), &visit.argument, role).await?;
    ended(visit, set).await
}

/// Gives one another password and ends its sessions.
pub async fn set_password(visit: &Visit<'_>) -> Result<Response, Refusal> {
    let password = visit.form.get("password");
    if !password::is_long_enough(password) {
        return reply::unsaved(&one(visit, visit.t("setup-password-short")).await?);
    }
    let hash = visit.hashed(password).await?;
    let set = accounts::set_password(&mut visit.connection().await?, visit.account(), &visit.argument, &hash).await?;
    ended(visit, set).await
}

async fn ended(visit: &Visit<'_>, outcome: Outcome) -> Result<Response, Refusal> {
    match said(outcome) {
        None => Ok(reply::redirect("/accounts?done=saved")),
        Some(_) if outcome == Outcome::Unknown => Err(Refusal::NotFound),
        Some(wrong) => reply::unsaved(&one(visit, visit.t(wrong)).await?),
    }
}

/// The key of what is wrong, if anything is.
fn said(outcome: Outcome) -> Option<&'static str> {
    match outcome {
        Outcome::Done => None,
        Outcome::Unknown => Some("refused-not-found"),
        Outcome::NameTaken => Some("account-taken"),
        Outcome::TooMany => Some("account-too-many"),
        Outcome::LastAdmin => Some("account-last-admin"),
    }
}

/// Asks for the name before removing.
pub async fn ask(visit: &Visit<'_>) -> Result<Response, Refusal> {
    reply::page(&question(visit, false).await?)
}

async fn question(visit: &Visit<'_>, is_wrong: bool) -> Result<Delete, Refusal> {
    let One { p, row, .. } = one(visit, String::new()).await?;
    let back = reply::path(&["accounts", &row.name]);
    let help = p.t("account-delete-help");
    Ok(Delete { href: format!("{back}/delete"), back, key: row.name, title: String::new(), help, is_wrong, p })
}

/// Removes one whose name was typed.
pub async fn delete(visit: &Visit<'_>) -> Result<Response, Refusal> {
    if visit.form.get("key") != visit.argument {
        return reply::unsaved(&question(visit, true).await?);
    }
    match accounts::delete(&mut visit.connection().await?, visit.account(), &visit.argument).await? {
        Outcome::Done => Ok(reply::redirect("/accounts?done=deleted")),
        outcome => ended(visit, outcome).await,
    }
}

/// The form for one's own password.
pub async fn show_own(visit: &Visit<'_>) -> Result<Response, Refusal> {
    reply::page(&own(visit, String::new()).await)
}

async fn own(visit: &Visit<'_>, error: String) -> Own {
    Own { p: Frame::new(visit, Section::None).await, error }
}

/// Changes one's own password, for whoever knows the old one; all sessions end, and it is logged in with anew.
pub async fn save_own(visit: &Visit<'_>) -> Result<Response, Refusal> {
    let (old, new) = (visit.form.get("old"), visit.form.get("password"));
    let name = visit.account();
    if !password::is_long_enough(new) {
        return reply::unsaved(&own(visit, visit.t("setup-password-short")).await);
    }
    match credentials::check(visit, name, old).await? {
        Checked::Right(_) => {}
        Checked::Wrong => return reply::unsaved(&own(visit, visit.t("password-old-wrong")).await),
        Checked::Wait(wait) => {
            let seconds = rate::seconds(wait);
            let page = reply::unsaved(&own(visit, visit.n("login-wait", seconds)).await)?;
            return Ok(reply::too_many(page, seconds));
        }
        Checked::Busy => return Err(Refusal::TooBusy),
    }
    let hash = visit.hashed(new).await?;
    accounts::set_password(&mut visit.connection().await?, name, name, &hash).await?;
    Ok(reply::redirect("/login"))
}
