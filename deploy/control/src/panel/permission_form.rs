//! The form of a permission. What was typed stays, whatever is wrong with it.

mod fields;

use std::collections::BTreeSet;

use askama::Template;
use deunicode::deunicode;
use postern_shared::document::Kind;
use postern_shared::finding::Located;
use serde_json::Value;
use warp::reply::Response;

use super::addresses::{self, Count, Line, Meaning};
use super::frame::{Frame, Section};
use super::ready_made::platform::{Entered, Field, PLATFORMS, Platform};
use super::ready_made::{Call, Snippet};
use super::reply::{self, Refusal};
use super::saving::{self, Saved};
use super::visit::Visit;
use super::words::Language;
use fields::{Fields, has_field, of_document, of_form, to_document, with_others};

#[derive(Template)]
#[template(path = "permission.html")]
struct Form {
    p: Frame,
    is_new: bool,
    /// The key it is stored under; empty for a new one.
    stored: String,
    fields: Fields,
    lines: Vec<Line>,
    workflows: Choices,
    triggers: Choices,
    made: Call,
    snippets: Vec<Snippet>,
    platforms: &'static [Platform],
    errors: Vec<(String, String)>,
}

/// How many workflows, and how many triggers, are offered to be ticked.
const MAX_OFFERED: usize = 100;

/// What a caller may be allowed to run.
struct Choices {
    shown: Vec<Choice>,
    /// Whether there are more than are shown.
    are_more: bool,
}

/// Something that a caller may be allowed to run.
struct Choice {
    key: String,
    title: String,
    is_chosen: bool,
}

impl Form {
    /// Whether one of the fields for callers that cannot be changed says something, or something is wrong there.
    fn has_more(&self) -> bool {
        self.fields.has_more() || self.errors.iter().any(|(path, _)| fields::is_more(path))
    }

    /// What is wrong with a field.
    fn errors_of<'s>(&'s self, field: &'s str) -> impl Iterator<Item = &'s String> {
        self.errors.iter().filter(move |(path, _)| path == field).map(|(_, message)| message)
    }

    /// A text about a platform.
    fn of_platform(&self, key: &str, part: &str) -> String {
        self.p.t(&format!("platform-{key}-{part}"))
    }

    /// The text that a person enters in this field at a platform.
    fn entered(&self, field: &Field) -> String {
        match field.value {
            Entered::Url => self.made.url.clone(),
            other => other.in_words(|key| self.p.t(key)),
        }
    }

    /// What is wrong beside the fields: with the whole, and with keys that have no field.
    fn other_errors(&self) -> impl Iterator<Item = &String> {
        self.errors.iter().filter(move |(path, _)| !has_field(path)).map(|(_, message)| message)
    }
}

/// An empty form; `?address=` fills in the address of a caller.
pub async fn new(visit: &Visit<'_>) -> Result<Response, Refusal> {
    let mut fields = Fields::enabled();
    fields.set("addresses", visit.query.get("address"));
    reply::page(&form(visit, fields, None, Vec::new()).await?)
}

/// The form of one.
pub async fn edit(visit: &Visit<'_>) -> Result<Response, Refusal> {
    let document = saving::seen(visit, Kind::Permission).await?;
    reply::page(&form(visit, of_document(&document), Some(&document), Vec::new()).await?)
}

/// Saves what was typed, or shows it again with what is wrong.
pub async fn save(visit: &Visit<'_>) -> Result<Response, Refusal> {
    let is_new = visit.argument.is_empty();
    let stored = if is_new { None } else { Some(saving::named(visit, Kind::Permission).await?) };
    let mut fields = of_form(visit);
    if let Some(stored) = &stored {
        fields.set("permission", saving::key(Kind::Permission, stored));
    }
    let all = saving::load(visit, Kind::Permission).await?;
    let is_taken =
        |key: &str| matches!(key, "new" | "covers") || all.iter().any(|one| saving::key(Kind::Permission, one) == key);
    if is_new && fields.get("permission").is_empty() {
        let made = free_key(fields.get("title"), is_taken);
        fields.set("permission", made);
    }
    let key = fields.get("permission").to_owned();
    let errors = if is_new && is_taken(&key) {
        vec![("permission".to_owned(), visit.t("key-taken"))]
    } else {
        match saving::save(visit, &with_others(to_document(&fields), stored.as_ref())).await? {
            Saved::Done(key) => {
                return Ok(reply::redirect(&format!("{}?done=saved", reply::path(&["http-handler", &key]))));
            }
            Saved::Faulty(found) => found.iter().map(|one| error(one, visit.language)).collect(),
        }
    };
    reply::unsaved(&form(visit, fields, stored.as_ref(), errors).await?)
}

/// The first part of a path is the field. What is wrong with the whole is that it allows nothing.
fn error(Located { finding, .. }: &Located, language: Language) -> (String, String) {
    let field = finding.path.split('.').next().filter(|field| !field.is_empty()).unwrap_or("workflows");
    (field.to_owned(), finding.message.text(language))
}

async fn form(
    visit: &Visit<'_>,
    fields: Fields,
    stored: Option<&Value>,
    mut errors: Vec<(String, String)>,
) -> Result<Form, Refusal> {
    let lines = addresses::lines(fields.get("addresses"), visit.language);
    if lines.iter().any(Line::is_faulty) {
        // Each faulty rule says so in its own line.
        errors.retain(|(field, _)| field != "addresses");
    }
    let workflows = saving::load(visit, Kind::Workflow).await?;
    let made = stored.map(|document| Call::of(visit, document, &workflows)).unwrap_or_default();
    Ok(Form {
        p: Frame::new(visit, Section::HttpHandler).await,
        is_new: stored.is_none(),
        stored: stored.map(|document| saving::key(Kind::Permission, document)).unwrap_or_default(),
        lines,
        workflows: choices(visit, Kind::Workflow, &fields.workflows).await?,
        triggers: choices(visit, Kind::Trigger, &fields.triggers).await?,
        snippets: if stored.is_some() { made.snippets(|key| visit.t(key)) } else { Vec::new() },
        platforms: &PLATFORMS,
        made,
        fields,
        errors,
    })
}

/// The first of those that are stored, and all that are chosen, also those that are not (or no longer) stored. Behind them
/// stands whether there are more.
async fn choices(visit: &Visit<'_>, kind: Kind, chosen: &BTreeSet<String>) -> Result<Choices, Refusal> {
    let stored = saving::load(visit, kind).await?;
    let all = stored.iter().map(|document| {
        let key = saving::key(kind, document);
        Choice { is_chosen: chosen.contains(&key), title: saving::title(document).to_owned(), key }
    });
    let shown = all.enumerate().filter(|(at, one)| *at < MAX_OFFERED || one.is_chosen);
    let mut choices: Vec<Choice> = shown.map(|(_, one)| one).collect();
    let are_more = stored.len() > MAX_OFFERED;
    let missing: Vec<&String> = chosen.iter().filter(|key| choices.iter().all(|one| one.key != **key)).collect();
    choices.extend(missing.into_iter().map(|key| Choice {
        key: key.clone(),
        title: visit.t("not-stored"),
        is_chosen: true,
    }));
    Ok(Choices { shown: choices, are_more })
}

/// A key for whoever does not want to think of one: `Landing page` is `landing-page`, or `landing-page-2` if that is
/// taken. Letters of other scripts are written in Latin: `Наш сайт` is `nash-sait`.
fn free_key(title: &str, is_taken: impl Fn(&str) -> bool) -> String {
    let title = deunicode(title);
    let words = title.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    // Room for a number stays within the 64 bytes of a key.
    let key: String = words.collect::<Vec<_>>().join("-").to_lowercase().chars().take(56).collect();
    let key = if key.is_empty() { Kind::Permission.name().to_owned() } else { key };
    let numbered = (2..).map(|number: u32| format!("{key}-{number}"));
    std::iter::once(key.clone()).chain(numbered).find(|key| !is_taken(key)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_makes_a_key() {
        let key = |title| free_key(title, |key| ["new", "office", "office-2"].contains(&key));
        assert_eq!(key("Landing page 2 (Köln)"), "landing-page-2-koln");
        assert_eq!((key("Office"), key("New"), key("!")), ("office-3".into(), "new-2".into(), "permission".into()));
        assert_eq!(key("Наш сайт"), "nash-sait");
        assert!(key(&"a".repeat(100)).len() < 64);
    }
}
