//! Modules: those that are declared and those that only have records, and the editor of one: YAML on one side, the
//! fields that it declares and the validator's messages on the other.

mod described;
mod draft;

use std::collections::BTreeMap;

use askama::Template;
use postern_shared::document::batch::Batch;
use postern_shared::document::{Document, Kind};
use postern_shared::finding::Located;
use postern_shared::id::{ConnectionName, ModuleName};
use postern_shared::message::Message;
use postern_shared::module::Module;
use postern_shared::store::record_list;
use postern_shared::yaml;
use serde_json::Value;
use warp::reply::Response;

use super::confirm::Delete;
use super::editor::{self, Marks};
use super::frame::{Frame, Section};
use super::reply::{self, Refusal};
use super::saving::{self, Saved};
use super::shown::Pill;
use super::visit::Visit;
use super::words::Language;
use crate::operation::connection::check;
use described::Described;

/// The records of a module that is not declared yet whose fields its first draft has.
const DRAFTED_FROM: i64 = 50;

/// What a new module begins with: one that is complete, so that the first look shows how they read.
const NEW: &str = "module: Contacts\ntitle: Contacts\nstrict: false\nfields:\n  lastname:\n    type: text\n    required: true\n  \
                   email:\n    type: email\n    unique: true\n  source:\n    type: choice\n    options: [Web, Fair]\n    \
                   default: Web\n";

#[derive(Template)]
#[template(path = "modules.html")]
struct List {
    p: Frame,
    rows: Vec<Row>,
}

#[derive(Default)]
struct Row {
    name: String,
    title: String,
    /// None = it has records and is not declared.
    pill: Option<Pill>,
    fields: usize,
    unique: String,
    has_records: bool,
}

#[derive(Template)]
#[template(path = "module.html")]
struct Editor {
    p: Frame,
    /// Empty for a new one.
    key: String,
    text: String,
    checked: Checked,
    /// What the other system tells of it, if one keeps its records.
    described: Option<Described>,
}

#[derive(Template)]
#[template(path = "parts/module_checked.html")]
struct Fragment {
    p: Frame,
    checked: Checked,
}

/// What the validator says of a text.
struct Checked {
    marks: Marks,
    module: Option<Module>,
    /// What the other system has otherwise.
    drift: Vec<String>,
}

/// All modules by name.
pub async fn list(visit: &Visit<'_>) -> Result<Response, Refusal> {
    let p = Frame::new(visit, Section::Modules).await;
    let declared = saving::load(visit, Kind::Module).await?;
    let mut rows: BTreeMap<String, Row> =
        declared.iter().map(|one| row(&p, one)).map(|r| (r.name.clone(), r)).collect();
    for name in record_list::modules(&visit.connection().await?).await? {
        rows.entry(name.clone()).or_insert_with(|| Row { name, ..Row::default() }).has_records = true;
    }
    reply::page(&List { p, rows: rows.into_values().collect() })
}

fn row(p: &Frame, document: &Value) -> Row {
    let (name, title) = (saving::key(Kind::Module, document), saving::title(document).to_owned());
    let Ok(module) = Module::from_document(document) else {
        return Row { name, title, pill: Some(p.pill("unreadable")), ..Row::default() };
    };
    let unique = module.unique().map(|field| field.name.clone()).unwrap_or_default();
    let pill = p.pill(if module.strict { "strict" } else { "open" });
    Row { name, title, pill: Some(pill), fields: module.fields.len(), unique, has_records: false }
}

/// Where the editor opens with the module that the description by a connection makes.
pub fn made_of(connection: &ConnectionName, module: &ModuleName) -> String {
    let query = [("connection", connection.as_str()), ("module", module.as_str())];
    format!("/modules/new?{}", form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish())
}

/// The editor with a first draft of the module that the query names: as the other system tells it, or by what its newest
/// records hold.
pub async fn new(visit: &Visit<'_>) -> Result<Response, Refusal> {
    let connection = visit.query.get("connection").parse::<ConnectionName>();
    let text = match visit.query.get("module").parse::<ModuleName>() {
        Ok(name) if connection.is_ok() => {
            let told = described::find(visit, visit.query.get("connection"), name.as_str()).await?;
            let (description, _) = told.ok_or(Refusal::NotFound)?;
            yaml::write(&description.declared(&connection.map_err(|_| Refusal::NotFound)?, &name))
        }
        Ok(name) => {
            let newest = record_list::page(&visit.connection().await?, &name, None, DRAFTED_FROM).await?;
            yaml::write(&draft::of(&name, newest.iter().map(|one| &one.record.fields)))
        }
        Err(_) => NEW.to_owned(),
    };
    reply::page(&page(visit, text, Vec::new()).await?)
}

/// The editor with the module that the path names.
pub async fn edit(visit: &Visit<'_>) -> Result<Response, Refusal> {
    let (_, text) = saving::written(visit, Kind::Module).await?;
    reply::page(&page(visit, text, Vec::new()).await?)
}

/// Asks the other system for the fields of the saved module.
pub async fn describe(visit: &Visit<'_>) -> Result<Response, Refusal> {
    let document = saving::named(visit, Kind::Module).await?;
    let module = Module::from_document(&document).map_err(|_| Refusal::NotFound)?;
    let connection = module.connection.ok_or(Refusal::NotFound)?;
    let checked = check::check(&visit.panel.state, &connection, Some(&module.name)).await?;
    let (_, text) = saving::written(visit, Kind::Module).await?;
    let mut page = page(visit, text, Vec::new()).await?;
    if let Some(described) = &mut page.described {
        described.said = Some((checked.is_fine, page.p.words_of(&checked.message)));
    }
    reply::page(&page)
}

/// Saves the text, or shows it again with what is wrong; with the button *check* it only does the latter.
pub async fn save(visit: &Visit<'_>) -> Result<Response, Refusal> {
    let text = editor::typed(visit);
    let all = saving::load(visit, Kind::Module).await?;
    let is_known = |key: &str| all.iter().any(|one| saving::key(Kind::Module, one) == key);
    if !visit.argument.is_empty() && !is_known(&visit.argument) {
        return Err(Refusal::NotFound);
    }
    let (batch, mut faults) = (editor::judged(visit, &text, Kind::Module).await?, Vec::new());
    if let Some(one) = batch.documents.first() {
        let key = one.document.key();
        if visit.argument.is_empty() && (is_known(&key) || ["new", "check"].contains(&key.as_str())) {
            faults.push(editor::fault(one.line, Message::said(visit.t("key-taken"))));
        } else if !visit.argument.is_empty() && key != visit.argument {
            faults.push(editor::fault(one.line, Message::said(visit.t("module-name-fixed"))));
        }
    }
    if !faults.is_empty() || visit.form.get("action") == "check" {
        return reply::unsaved(&page(visit, text, faults).await?);
    }
    match saving::keep(visit, batch).await? {
        Saved::Done(key) => Ok(reply::redirect(&format!("{}?done=saved", reply::path(&["modules", &key])))),
        Saved::Faulty(faults) => reply::unsaved(&page(visit, text, faults).await?),
    }
}

/// The fragment that the script puts beside the text while it is typed.
pub async fn check(visit: &Visit<'_>) -> Result<Response, Refusal> {
    let p = Frame::without_counts(visit, Section::Modules);
    let text = editor::typed(visit);
    let batch = editor::judged(visit, &text, Kind::Module).await?;
    let mut checked = checked(&text, batch, Vec::new(), visit.language);
    if let Some(described) = described::of(visit, &p, checked.module.as_ref()).await? {
        checked.drift = described.drift;
    }
    reply::page(&Fragment { p, checked })
}

/// Asks for the name before deleting.
pub async fn ask(visit: &Visit<'_>) -> Result<Response, Refusal> {
    reply::page(&question(visit, false).await?)
}

/// Deletes one whose name was typed.
pub async fn delete(visit: &Visit<'_>) -> Result<Response, Refusal> {
    if visit.form.get("key") != visit.argument {
        return reply::unsaved(&question(visit, true).await?);
    }
    saving::delete(visit, Kind::Module).await?;
    Ok(reply::redirect("/modules?done=deleted"))
}

async fn question(visit: &Visit<'_>, is_wrong: bool) -> Result<Delete, Refusal> {
    let document = saving::named(visit, Kind::Module).await?;
    let p = Frame::new(visit, Section::Modules).await;
    let back = reply::path(&["modules", &visit.argument]);
    let (key, title) = (visit.argument.clone(), saving::title(&document).to_owned());
    Ok(Delete { href: format!("{back}/delete"), back, key, title, help: p.t("module-delete-help"), is_wrong, p })
}

async fn page(visit: &Visit<'_>, text: String, faults: Vec<Located>) -> Result<Editor, Refusal> {
    let mut checked = checked(&text, editor::judged(visit, &text, Kind::Module).await?, faults, visit.language);
    let p = Frame::new(visit, Section::Modules).await;
    let mut described = described::of(visit, &p, checked.module.as_ref()).await?;
    if let Some(described) = &mut described {
        checked.drift = std::mem::take(&mut described.drift);
    }
    Ok(Editor { p, key: visit.argument.clone(), text, checked, described })
}

fn checked(text: &str, batch: Batch, more: Vec<Located>, language: Language) -> Checked {
    let faults: Vec<Located> = batch.findings.into_iter().map(|found| found.located).chain(more).collect();
    let module = batch.documents.into_iter().next().and_then(|one| match one.document {
        Document::Module(module) => Some(module),
        Document::Connection(_) | Document::Trigger(_) | Document::Workflow(_) | Document::Permission(_) => None,
    });
    Checked { marks: editor::marks(text, faults, language), module, drift: Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_draft_of_a_module_is_one() {
        let checked = checked(NEW, editor::read(NEW, Kind::Module), Vec::new(), Language::English);
        assert!(checked.marks.faults.is_empty(), "{:?}", checked.marks.faults);
        assert_eq!(checked.module.unwrap().unique().unwrap().name, "email");
    }
}
