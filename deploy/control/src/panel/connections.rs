//! Connections to other systems: the list with who uses them, the form made from their description, and the button that
//! checks whether one works.

mod form;
mod told;

use askama::Template;
use postern_shared::connection::System;
use postern_shared::document::Kind;
use postern_shared::id::{ConnectionName, ModuleName};
use postern_shared::store::documents;
use serde_json::Value;
use warp::reply::Response;

use self::form::Group;
use self::told::Told;
use super::confirm::Delete;
use super::frame::{Frame, Section};
use super::modules;
use super::reply::{self, Refusal};
use super::saving::{self, Saved};
use super::visit::Visit;
use crate::operation::connection::check;

#[derive(Template)]
#[template(path = "connections.html")]
struct List {
    p: Frame,
    rows: Vec<Row>,
}

struct Row {
    key: String,
    title: String,
    system: String,
    address: String,
    users: Vec<Link>,
}

/// A document that names a connection.
struct Link {
    href: String,
    text: String,
}

#[derive(Template)]
#[template(path = "connection_new.html")]
struct Choice {
    p: Frame,
    /// The name and the word of each kind of system.
    systems: Vec<(&'static str, String)>,
}

#[derive(Template)]
#[template(path = "connection.html")]
struct Form {
    p: Frame,
    /// Empty for a new one.
    key: String,
    title: String,
    system: &'static str,
    groups: Vec<Group>,
    /// What is wrong beside the fields.
    errors: Vec<String>,
    /// What a check found: whether the connection works, and the words.
    checked: Option<(bool, String)>,
    /// The modules that the other system shows.
    told: Vec<Told>,
}

/// All connections.
pub async fn list(visit: &Visit<'_>) -> Result<Response, Refusal> {
    let p = Frame::new(visit, Section::Connections).await;
    let mut rows = Vec::new();
    for document in saving::load(visit, Kind::Connection).await?.iter() {
        let document = visit.who().sight().document(document);
        let key = saving::key(Kind::Connection, &document);
        let (system, address) = leads_to(&document);
        rows.push(Row {
            title: saving::title(&document).to_owned(),
            system: system.map(|system| word(&p, system)).unwrap_or_default(),
            users: users(visit, &p, &key).await?,
            address,
            key,
        });
    }
    reply::page(&List { p, rows })
}

/// What a connection leads to, and the address.
fn leads_to(document: &Value) -> (Option<System>, String) {
    let system = System::of(document);
    let address = match system {
        Some(System::Vtiger) => &document["vtiger"]["url"],
        Some(System::Http) => &document["http"]["base"],
        Some(System::Smtp) => &document["smtp"]["host"],
        None => &Value::Null,
    };
    (system, address.as_str().unwrap_or_default().to_owned())
}

fn word(p: &Frame, system: System) -> String {
    p.word("system", system.name())
}

async fn users(visit: &Visit<'_>, p: &Frame, key: &str) -> Result<Vec<Link>, Refusal> {
    let Ok(name) = key.parse::<ConnectionName>() else { return Ok(Vec::new()) };
    let users = documents::users(&visit.connection().await?, &name).await?;
    let link = |(kind, key): (Kind, String)| Link {
        href: reply::path(&[&format!("{kind}s"), &key]),
        text: format!("{} {key}", p.word("kind", kind.name())),
    };
    Ok(users.into_iter().map(link).collect())
}

/// The form of a new one, once it is known to what it leads.
pub async fn new(visit: &Visit<'_>) -> Result<Response, Refusal> {
    match named(visit.query.get("system")) {
        Some(system) => reply::page(&page(visit, system, &Value::Null, &[]).await?),
        None => {
            let p = Frame::new(visit, Section::Connections).await;
            let systems = System::ALL.into_iter().map(|system| (system.name(), word(&p, system))).collect();
            reply::page(&Choice { p, systems })
        }
    }
}

fn named(word: &str) -> Option<System> {
    System::ALL.into_iter().find(|system| system.name() == word)
}

/// The form of one.
pub async fn edit(visit: &Visit<'_>) -> Result<Response, Refusal> {
    let document = saving::seen(visit, Kind::Connection).await?;
    let system = System::of(&document).ok_or(Refusal::NotFound)?;
    reply::page(&page(visit, system, &document, &[]).await?)
}

/// Saves what was typed, or shows it again with what is wrong.
pub async fn save(visit: &Visit<'_>) -> Result<Response, Refusal> {
    let is_new = visit.argument.is_empty();
    let stored = if is_new { Value::Null } else { saving::named(visit, Kind::Connection).await? };
    let system = if is_new { named(visit.query.get("system")) } else { System::of(&stored) };
    let system = system.ok_or(Refusal::NotFound)?;
    let mut typed = form::typed(visit, system, &stored);
    if !is_new {
        typed[Kind::Connection.name()] = Value::from(visit.argument.as_str());
    }
    let key = saving::key(Kind::Connection, &typed);
    let all = saving::load(visit, Kind::Connection).await?;
    let is_known = all.iter().any(|one| saving::key(Kind::Connection, one) == key);
    let faults = if is_new && (is_known || key == "new") {
        vec![(Kind::Connection.name().to_owned(), visit.t("key-taken"))]
    } else {
        match saving::save(visit, &typed).await? {
            Saved::Done(key) => {
                return Ok(reply::redirect(&format!("{}?done=saved", reply::path(&["connections", &key]))));
            }
            Saved::Faulty(found) => {
                found.into_iter().map(|one| (one.finding.path, one.finding.message.text(visit.language))).collect()
            }
        }
    };
    reply::unsaved(&page(visit, system, &typed, &faults).await?)
}

async fn page(
    visit: &Visit<'_>,
    system: System,
    document: &Value,
    faults: &[(String, String)],
) -> Result<Form, Refusal> {
    let p = Frame::new(visit, Section::Connections).await;
    let (groups, errors) = form::groups(visit.language, system, document, faults, visit.argument.is_empty());
    let title = saving::title(document).to_owned();
    let (key, system) = (visit.argument.clone(), system.name());
    let told = if system == System::Vtiger.name() { told::of(visit, &p, &key).await? } else { Vec::new() };
    Ok(Form { p, key, title, system, groups, errors, checked: None, told })
}

/// Checks the saved one and shows what came of it.
pub async fn check(visit: &Visit<'_>) -> Result<Response, Refusal> {
    let document = saving::seen(visit, Kind::Connection).await?;
    let system = System::of(&document).ok_or(Refusal::NotFound)?;
    let name = visit.argument.parse().map_err(|_| Refusal::NotFound)?;
    let checked = check::check(&visit.panel.state, &name, None).await?;
    let mut form = page(visit, system, &document, &[]).await?;
    form.checked = Some((checked.is_fine, form.p.words_of(&checked.message)));
    reply::page(&form)
}

/// Asks the other system for the fields of a module, and opens the module that they make.
pub async fn describe(visit: &Visit<'_>) -> Result<Response, Refusal> {
    let document = saving::seen(visit, Kind::Connection).await?;
    let system = System::of(&document).ok_or(Refusal::NotFound)?;
    let name = visit.argument.parse().map_err(|_| Refusal::NotFound)?;
    let module: ModuleName = visit.form.get("module").parse().map_err(|_| Refusal::NotFound)?;
    let checked = check::check(&visit.panel.state, &name, Some(&module)).await?;
    if checked.is_fine {
        return Ok(reply::redirect(&modules::made_of(&name, &module)));
    }
    let mut form = page(visit, system, &document, &[]).await?;
    form.checked = Some((false, form.p.words_of(&checked.message)));
    reply::page(&form)
}

/// Asks for the name before deleting.
pub async fn ask(visit: &Visit<'_>) -> Result<Response, Refusal> {
    reply::page(&question(visit, false).await?)
}

async fn question(visit: &Visit<'_>, is_wrong: bool) -> Result<Delete, Refusal> {
    let document = saving::named(visit, Kind::Connection).await?;
    let p = Frame::new(visit, Section::Connections).await;
    let back = reply::path(&["connections", &visit.argument]);
    let users: Vec<String> = users(visit, &p, &visit.argument).await?.into_iter().map(|one| one.text).collect();
    let help = match users.as_slice() {
        [] => p.t("connection-delete-help"),
        users => format!("{} {}.", p.t("connection-delete-used"), users.join(", ")),
    };
    let (key, title) = (visit.argument.clone(), saving::title(&document).to_owned());
    Ok(Delete { href: format!("{back}/delete"), back, key, title, help, is_wrong, p })
}

/// Deletes one whose name was typed and that nothing uses.
pub async fn delete(visit: &Visit<'_>) -> Result<Response, Refusal> {
    let p = Frame::without_counts(visit, Section::Connections);
    let is_used = !users(visit, &p, &visit.argument).await?.is_empty();
    if visit.form.get("key") != visit.argument || is_used {
        return reply::unsaved(&question(visit, visit.form.get("key") != visit.argument).await?);
    }
    saving::delete(visit, Kind::Connection).await?;
    Ok(reply::redirect("/connections?done=deleted"))
}
