//! Whom Postern tells, by mail or by a webhook, that leads stop, fail, or wait for a person; and what is told just now.

use askama::Template;
use postern_shared::document::Kind;
use postern_shared::notice::{Cause, MAX_SILENT_HOURS, Settings, Wrong};
use postern_shared::store::notices;
use warp::reply::Response;

use super::frame::{Frame, Section};
use super::reply::{self, Refusal};
use super::saving;
use super::shown::Moment;
use super::visit::Visit;

/// The hours that are offered at first: a working day.
const SILENT_HOURS: u32 = 24;

#[derive(Template)]
#[template(path = "notices.html")]
struct Page {
    p: Frame,
    /// The addresses, one a line.
    mail: String,
    /// The connections to mail servers, each with whether it is chosen.
    connections: Vec<(String, bool)>,
    webhook: String,
    panel: String,
    silent_hours: String,
    language: String,
    /// Each cause, and whether it is told.
    causes: Vec<(&'static str, bool)>,
    rows: Vec<Row>,
    error: String,
}

/// What is told.
struct Row {
    text: String,
    href: &'static str,
    channel: &'static str,
    was_told: bool,
    at: Moment,
}

/// The settings, and what is told just now.
pub async fn show(visit: &Visit<'_>) -> Result<Response, Refusal> {
    let stored = notices::settings(&visit.connection().await?).await?;
    let settings = stored.unwrap_or_else(|| Settings {
        causes: Cause::ALL.to_vec(),
        silent_hours: SILENT_HOURS,
        language: visit.language.code().to_owned(),
        ..Settings::default()
    });
    let hours = settings.silent_hours.to_string();
    reply::page(&page(visit, &settings, (hours, String::new())).await?)
}

async fn page(visit: &Visit<'_>, of: &Settings, (silent_hours, error): (String, String)) -> Result<Page, Refusal> {
    let p = Frame::new(visit, Section::Notices).await;
    let told = notices::list(&visit.connection().await?).await?;
    let row = |one: notices::Notice| Row {
        text: one.cause.begun(one.count, visit.language),
        href: one.cause.page(),
        channel: one.channel.word(),
        was_told: one.was_told,
        at: p.moment(&one.begun_at),
    };
    Ok(Page {
        mail: of.mail.join("\n"),
        connections: connections(visit, of).await?,
        webhook: of.webhook.clone(),
        panel: of.panel.clone(),
        silent_hours,
        language: of.language.clone(),
        causes: Cause::ALL.map(|cause| (cause.word(), of.causes.contains(&cause))).into(),
        rows: told.into_iter().map(row).collect(),
        error,
        p,
    })
}

async fn connections(visit: &Visit<'_>, of: &Settings) -> Result<Vec<(String, bool)>, Refusal> {
    let chosen = of.connection.as_ref().map(ToString::to_string);
    let all = saving::load(visit, Kind::Connection).await?;
    let smtp = all.iter().filter(|document| !document["smtp"].is_null());
    let mut names: Vec<String> = smtp.map(|document| saving::key(Kind::Connection, document)).collect();
    // One that was deleted is shown as what it was.
    names.extend(chosen.clone().filter(|name| !names.contains(name)));
    Ok(names.into_iter().map(|name| (name.clone(), Some(name) == chosen)).collect())
}

/// Sets them, or shows them again with what is wrong.
pub async fn save(visit: &Visit<'_>) -> Result<Response, Refusal> {
    let form = &visit.form;
    let addresses = form.get("mail").split(|c: char| c.is_whitespace() || matches!(c, ',' | ';'));
    let hours = form.get("silent_hours").trim();
    let settings = Settings {
        mail: addresses.filter(|address| !address.is_empty()).map(str::to_owned).collect(),
        connection: form.get("connection").parse().ok(),
        webhook: form.get("webhook").trim().to_owned(),
        causes: form.all("causes").filter_map(Cause::from_word).collect(),
        silent_hours: hours.parse().unwrap_or(0),
        language: form.get("language").to_owned(),
        panel: form.get("panel").trim().to_owned(),
    };
    let error = match settings.wrong() {
        None => {
            notices::put(&mut visit.connection().await?, visit.account(), &settings).await?;
            return Ok(reply::redirect("/notices?done=saved"));
        }
        Some(Wrong::Mail) => visit.t("notices-mail-wrong"),
        Some(Wrong::Address) => visit.t("notices-address-wrong"),
        Some(Wrong::Hours) => visit.n("notices-hours-wrong", MAX_SILENT_HOURS),
    };
    reply::unsaved(&page(visit, &settings, (hours.to_owned(), error)).await?)
}
