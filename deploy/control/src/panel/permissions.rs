//! Settings: HTTP Handler. The list of permissions, why an address is let in or not, switching on and off, deleting.

use std::net::IpAddr;
use std::time::SystemTime;

use askama::Template;
use postern_shared::document::Kind;
use postern_shared::permission::Permission;
use serde_json::Value;
use warp::reply::Response;

use super::callers::{self, Callers};
use super::confirm::Delete;
use super::frame::{Frame, Section};
use super::long_list::LongList;
use super::reply::{self, Refusal};
use super::saving::{self, Saved};
use super::visit::Visit;

/// How many addresses and targets of a permission its row names.
const NAMED_IN_ROW: usize = 3;

#[derive(Template)]
#[template(path = "permissions.html")]
struct List {
    p: Frame,
    rows: Vec<Row>,
    list: LongList,
    address: String,
    verdict: Verdict,
    refused: Callers,
}

struct Row {
    key: String,
    title: String,
    addresses: String,
    targets: String,
    short_url: String,
    expires: String,
    /// `enabled`, `disabled`, `expired` or `unreadable`.
    state: &'static str,
    is_enabled: bool,
    /// What it says to the address that is asked for; empty if none is.
    says: String,
}

enum Verdict {
    NotAsked,
    NoAddress,
    Admitted,
    Denied,
}

/// A page of the permissions; with `?address=` also what each says to it, and first those that cover it.
pub async fn list(visit: &Visit<'_>) -> Result<Response, Refusal> {
    let p = Frame::new(visit, Section::HttpHandler).await;
    let asked = visit.query.get("address").trim();
    let address = asked.parse::<IpAddr>().map(|ip| ip.to_canonical());
    let (now, default) = (SystemTime::now(), visit.panel.state.short_url.as_str());
    let (_, documents, permissions) = visit.panel.state.documents.permissions(&visit.connection().await?).await?;
    let readable: Vec<&Permission> = permissions.iter().flatten().collect();
    let verdict = match &address {
        _ if asked.is_empty() => Verdict::NotAsked,
        Err(_) => Verdict::NoAddress,
        Ok(ip) if readable.iter().any(|one| one.admits(*ip, now)) => Verdict::Admitted,
        Ok(_) => Verdict::Denied,
    };
    let covers = |at: usize| match (&address, &permissions[at]) {
        (Ok(ip), Some(permission)) => permission.addresses.iter().any(|rule| rule.matches(*ip)),
        _ => false,
    };
    let (covering, others): (Vec<usize>, Vec<usize>) = (0..documents.len()).partition(|at| covers(*at));
    let ordered = covering.into_iter().chain(others).map(|at| (at, &documents[at]));
    let (shown, list) = LongList::of(visit, Kind::Permission, ordered);
    let refused = callers::refused(visit, &p, &readable).await?;
    let rows = shown.into_iter().map(|(at, document)| {
        let permission = permissions[at].as_ref();
        let mut row = row(&p, document, permission, default, now);
        if let (Ok(ip), Some(permission)) = (&address, permission) {
            row.says = says(&p, permission, *ip, now);
        }
        row
    });
    let rows = rows.collect();
    reply::page(&List { rows, list, address: asked.to_owned(), verdict, refused, p })
}

fn row(p: &Frame, document: &Value, permission: Option<&Permission>, default: &str, now: SystemTime) -> Row {
    let (key, title) = (saving::key(Kind::Permission, document), saving::title(document).to_owned());
    let Some(permission) = permission else {
        let empty = String::new();
        let (addresses, targets, short_url) = (empty.clone(), empty.clone(), empty.clone());
        return Row {
            key,
            title,
            addresses,
            targets,
            short_url,
            expires: empty.clone(),
            state: "unreadable",
            is_enabled: false,
            says: empty,
        };
    };
    let targets = (permission.workflows.iter().map(|id| format!("#{id}")))
        .chain(permission.triggers.iter().map(ToString::to_string));
    Row {
        key,
        title,
        addresses: first_few(permission.addresses.iter().map(ToString::to_string)),
        targets: first_few(targets),
        short_url: match &permission.short_url {
            Some(own) => format!("/{}", p.sight.short_url(own.as_str())),
            None => format!("/{default}"),
        },
        expires: document["expires"].as_str().unwrap_or_default().to_owned(),
        state: match permission.expires_at {
            _ if !permission.enabled => "disabled",
            Some(end) if end <= now => "expired",
            _ => "enabled",
        },
        is_enabled: permission.enabled,
        says: String::new(),
    }
}

fn first_few(texts: impl Iterator<Item = String>) -> String {
    let texts: Vec<String> = texts.collect();
    let named = texts.iter().take(NAMED_IN_ROW).cloned().collect::<Vec<_>>().join(", ");
    if texts.len() > NAMED_IN_ROW { format!("{named} +{}", texts.len() - NAMED_IN_ROW) } else { named }
}

fn says(p: &Frame, permission: &Permission, ip: IpAddr, now: SystemTime) -> String {
    let rule = permission.addresses.iter().find(|rule| rule.matches(ip));
    match (rule, permission.expires_at) {
        (None, _) => p.t("explain-not-covered"),
        (Some(_), _) if !permission.enabled => p.t("explain-disabled"),
        (Some(_), Some(end)) if end <= now => p.t("explain-expired"),
        (Some(rule), _) => format!("{} {rule}", p.t("explain-covered")),
    }
}

/// Switches one on or off.
pub async fn enable(visit: &Visit<'_>) -> Result<Response, Refusal> {
    let mut document = saving::named(visit, Kind::Permission).await?;
    let on = visit.form.get("enabled") == "true";
    document["enabled"] = on.into();
    match saving::save(visit, &document).await? {
        Saved::Done(_) => {
            Ok(reply::redirect(if on { "/http-handler?done=enabled" } else { "/http-handler?done=disabled" }))
        }
        // What cannot be read cannot be switched, only mended.
        Saved::Faulty(_) => Ok(reply::redirect(&reply::path(&["http-handler", &visit.argument]))),
    }
}

/// Asks for the key before deleting.
pub async fn ask(visit: &Visit<'_>) -> Result<Response, Refusal> {
    reply::page(&question(visit, false).await?)
}

async fn question(visit: &Visit<'_>, is_wrong: bool) -> Result<Delete, Refusal> {
    let document = saving::named(visit, Kind::Permission).await?;
    let p = Frame::new(visit, Section::HttpHandler).await;
    let back = reply::path(&["http-handler", &visit.argument]);
    let (key, title) = (visit.argument.clone(), saving::title(&document).to_owned());
    Ok(Delete { href: format!("{back}/delete"), back, key, title, help: p.t("permission-delete-help"), is_wrong, p })
}

/// Deletes one whose key was typed.
pub async fn delete(visit: &Visit<'_>) -> Result<Response, Refusal> {
    if visit.form.get("key") != visit.argument {
        return reply::unsaved(&question(visit, true).await?);
    }
    saving::delete(visit, Kind::Permission).await?;
    Ok(reply::redirect("/http-handler?done=deleted"))
}
