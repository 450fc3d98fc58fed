//! The form of a permission: from a document to fields, from fields to a document. What was typed stays, whatever is
//! wrong with it.

use std::collections::BTreeSet;

use askama::Template;
use postern_shared::document::Kind;
use postern_shared::finding::Located;
use serde_json::{Map, Value};
use warp::reply::Response;

use super::addresses::{self, Count, Line, Meaning};
use super::frame::{Frame, Section};
use super::reply::{self, Refusal};
use super::saving::{self, Saved};
use super::snippets::{self, Snippet};
use super::visit::Visit;

/// The fields that are one text.
const TEXTS: [&str; 10] =
    ["permission", "title", "short_url", "expires", "charset", "files", "ping", "dedupe_days", "status", "body"];
/// The fields that are a list, written in one text.
const LISTS: [&str; 3] = ["addresses", "origins", "dedupe_by"];

#[derive(Template)]
#[template(path = "permission.html")]
struct Form {
    p: Frame,
    is_new: bool,
    /// The key it is stored under; empty for a new one.
    stored: String,
    fields: Fields,
    lines: Vec<Line>,
    workflows: Vec<Choice>,
    triggers: Vec<Choice>,
    snippets: Vec<Snippet>,
    errors: Vec<(String, String)>,
}

/// Something that a caller may be allowed to run.
struct Choice {
    key: String,
    title: String,
    is_chosen: bool,
}

/// What the form holds.
#[derive(Debug, Default)]
struct Fields {
    texts: Map<String, Value>,
    workflows: BTreeSet<String>,
    triggers: BTreeSet<String>,
    enabled: bool,
}

impl Fields {
    fn get(&self, name: &str) -> &str {
        self.texts.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    fn set(&mut self, name: &str, text: impl Into<String>) {
        self.texts.insert(name.to_owned(), Value::String(text.into()));
    }
}

impl Form {
    /// Whether one of the fields for callers that cannot be changed says something, or something is wrong there.
    fn has_more(&self) -> bool {
        let more = ["charset", "ping", "dedupe_by", "dedupe_days", "origins", "status"];
        more.iter().any(|name| !self.fields.get(name).is_empty() || self.errors_of(name).next().is_some())
            || self.fields.get("files") == "drop"
            || self.errors_of("answer").next().is_some()
    }

    /// What is wrong with a field.
    fn errors_of<'s>(&'s self, field: &'s str) -> impl Iterator<Item = &'s String> {
        self.errors.iter().filter(move |(path, _)| path == field).map(|(_, message)| message)
    }

    /// What is wrong beside the fields: with the whole, and with keys that have no field.
    fn other_errors(&self) -> impl Iterator<Item = &String> {
        self.errors.iter().filter(move |(path, _)| !has_field(path)).map(|(_, message)| message)
    }
}

/// An empty form; `?address=` fills in the address of a caller.
pub async fn new(visit: &Visit<'_>) -> Result<Response, Refusal> {
    let mut fields = Fields { enabled: true, ..Fields::default() };
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
            Saved::Faulty(found) => found.into_iter().map(error).collect(),
        }
    };
    reply::unsaved(&form(visit, fields, stored.as_ref(), errors).await?)
}

/// The first part of a path is the field. What is wrong with the whole is that it allows nothing.
fn error(located: Located) -> (String, String) {
    let field = located.finding.path.split('.').next().filter(|field| !field.is_empty()).unwrap_or("workflows");
    (field.to_owned(), located.finding.message)
}

async fn form(
    visit: &Visit<'_>,
    fields: Fields,
    stored: Option<&Value>,
    mut errors: Vec<(String, String)>,
) -> Result<Form, Refusal> {
    let lines = addresses::lines(fields.get("addresses"));
    if lines.iter().any(Line::is_faulty) {
        // Each faulty rule says so in its own line.
        errors.retain(|(field, _)| field != "addresses");
    }
    Ok(Form {
        p: Frame::new(visit, Section::HttpHandler).await,
        is_new: stored.is_none(),
        stored: stored.map(|document| saving::key(Kind::Permission, document)).unwrap_or_default(),
        lines,
        workflows: choices(visit, Kind::Workflow, &fields.workflows).await?,
        triggers: choices(visit, Kind::Trigger, &fields.triggers).await?,
        snippets: stored.map(|document| snippets::of(visit, document)).unwrap_or_default(),
        fields,
        errors,
    })
}

/// All that are stored, and those that are chosen although they are not (or no longer) stored.
async fn choices(visit: &Visit<'_>, kind: Kind, chosen: &BTreeSet<String>) -> Result<Vec<Choice>, Refusal> {
    let mut choices: Vec<Choice> = (saving::load(visit, kind).await?.iter())
        .map(|document| {
            let key = saving::key(kind, document);
            Choice { is_chosen: chosen.contains(&key), title: saving::title(document).to_owned(), key }
        })
        .collect();
    let missing: Vec<&String> = chosen.iter().filter(|key| choices.iter().all(|one| one.key != **key)).collect();
    choices.extend(missing.into_iter().map(|key| Choice {
        key: key.clone(),
        title: visit.t("not-stored"),
        is_chosen: true,
    }));
    Ok(choices)
}

fn of_document(document: &Value) -> Fields {
    let mut fields = Fields { enabled: document["enabled"].as_bool().unwrap_or(true), ..Fields::default() };
    for name in TEXTS {
        fields.set(name, text(&document[name]));
    }
    let answer = &document["answer"];
    // An answer with a text has the status 200 without the key.
    let status = if answer["body"].is_null() && answer["type"].is_null() { String::new() } else { "200".to_owned() };
    fields.set("status", if answer["status"].is_null() { status } else { text(&answer["status"]) });
    fields.set("body", text(&answer["body"]));
    let lines = |value: &Value| match value {
        Value::Array(items) => items.iter().map(text).collect::<Vec<_>>().join("\n"),
        other => text(other),
    };
    for name in LISTS {
        fields.set(name, lines(&document[name]));
    }
    let all = |value: &Value| value.as_array().into_iter().flatten().map(text).collect();
    (fields.workflows, fields.triggers) = (all(&document["workflows"]), all(&document["triggers"]));
    fields
}

fn of_form(visit: &Visit<'_>) -> Fields {
    let mut fields = Fields { enabled: visit.form.get("enabled") == "true", ..Fields::default() };
    for name in TEXTS.into_iter().chain(LISTS) {
        let text = visit.form.get(name);
        // What is answered may begin and end as it likes.
        fields.set(name, if name == "body" { text } else { text.trim() });
    }
    let all = |name| visit.form.all(name).map(str::to_owned).collect();
    (fields.workflows, fields.triggers) = (all("workflows"), all("triggers"));
    fields
}

/// The document that the fields say; what is empty is left out.
fn to_document(fields: &Fields) -> Value {
    let mut document = Map::new();
    let mut put = |name: &str, value: Value| document.insert(name.to_owned(), value);
    let list = |name| -> Vec<Value> { words(fields.get(name)).into_iter().map(Value::String).collect() };
    // Null is what is missing, and said to be.
    put("permission", Some(fields.get("permission")).filter(|key| !key.is_empty()).map_or(Value::Null, Value::from));
    if !fields.get("title").is_empty() {
        put("title", fields.get("title").into());
    }
    put("addresses", Value::Array(lines(fields.get("addresses"))));
    if !fields.workflows.is_empty() {
        put("workflows", fields.workflows.iter().map(|id| number_or_text(id)).collect());
    }
    if !fields.triggers.is_empty() {
        put("triggers", fields.triggers.iter().map(|key| Value::from(key.as_str())).collect());
    }
    for name in ["short_url", "expires", "charset", "files", "ping"] {
        // `refuse` is what holds without the key.
        if !fields.get(name).is_empty() && fields.get(name) != "refuse" {
            put(name, fields.get(name).into());
        }
    }
    if !fields.get("status").is_empty() {
        let mut answer = Map::new();
        answer.insert("status".to_owned(), number_or_text(fields.get("status")));
        answer.insert("body".to_owned(), fields.get("body").into());
        put("answer", Value::Object(answer));
    }
    for name in ["dedupe_by", "origins"] {
        if !list(name).is_empty() {
            put(name, Value::Array(list(name)));
        }
    }
    if !fields.get("dedupe_days").is_empty() {
        put("dedupe_days", number_or_text(fields.get("dedupe_days")));
    }
    if !fields.enabled {
        put("enabled", false.into());
    }
    Value::Object(document)
}

/// The same document with the keys of the stored one that have no field in the form.
fn with_others(mut document: Value, stored: Option<&Value>) -> Value {
    let others = |map: &Value, has_field: fn(&str) -> bool| -> Map<String, Value> {
        let all = map.as_object().into_iter().flatten();
        all.filter(|(key, _)| !has_field(key)).map(|(key, value)| (key.clone(), value.clone())).collect()
    };
    let Some((stored, document_map)) = stored.zip(document.as_object_mut()) else { return document };
    document_map.extend(others(stored, has_field));
    let of_answer = others(&stored["answer"], |key| matches!(key, "status" | "body"));
    if !of_answer.is_empty() {
        let answer = document_map.entry("answer").or_insert_with(|| Value::Object(Map::new()));
        answer.as_object_mut().into_iter().for_each(|answer| answer.extend(of_answer.clone()));
    }
    document
}

/// Whether the form has a field for a key of the document.
fn has_field(key: &str) -> bool {
    TEXTS.contains(&key) || LISTS.contains(&key) || matches!(key, "workflows" | "triggers" | "answer" | "enabled")
}

/// One item a line; blanks belong to the item, as around the `-` of a range.
fn lines(text: &str) -> Vec<Value> {
    text.split(['\n', ',']).map(str::trim).filter(|line| !line.is_empty()).map(Value::from).collect()
}

fn words(text: &str) -> Vec<String> {
    text.split(|c: char| c == ',' || c.is_whitespace()).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// What is no number stays a text, which the validator then names.
fn number_or_text(text: &str) -> Value {
    text.parse::<i64>().map_or_else(|_| text.into(), Value::from)
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// A key for whoever does not want to think of one: `Landing page` is `landing-page`, or `landing-page-2` if that is
/// taken; a title without Latin letters, such as a Russian one, gives `permission`.
fn free_key(title: &str, is_taken: impl Fn(&str) -> bool) -> String {
    let words = title.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    // Room for a number stays within the 64 bytes of a key.
    let key: String = words.collect::<Vec<_>>().join("-").to_lowercase().chars().take(56).collect();
    let key = if key.is_empty() { Kind::Permission.name().to_owned() } else { key };
    let numbered = (2..).map(|number: u32| format!("{key}-{number}"));
    std::iter::once(key.clone()).chain(numbered).find(|key| !is_taken(key)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_document_that_went_through_the_form_is_the_same() {
        let document = json!({
            "permission": "office", "title": "Office", "addresses": ["192.168.0.*", "10.0.0.1"], "workflows": [77],
            "triggers": ["web_lead"], "short_url": "office", "expires": "2027-01-01", "charset": "windows-1251",
            "files": "drop", "ping": "test=test", "answer": {"status": 200, "body": " OK"}, "dedupe_by": ["lead_id"],
            "origins": ["https://a.example"], "dedupe_days": 7, "enabled": false,
        });
        assert_eq!(to_document(&of_document(&document)), document);
        let mut more = document.clone();
        more["query_values"] = json!("env");
        more["answer"]["type"] = json!("text/xml");
        assert_eq!(with_others(to_document(&of_document(&more)), Some(&more))["query_values"], "env");
        assert_eq!(with_others(to_document(&of_document(&more)), Some(&more))["answer"]["type"], "text/xml");
        for answer in
            [json!({"redirect": "https://a.example/"}), json!({"status": 200, "type": "text/xml", "body": "x"})]
        {
            let page = json!({"permission": "a", "addresses": ["any"], "triggers": ["x"], "answer": answer, "wait": 5});
            assert_eq!(with_others(to_document(&of_document(&page)), Some(&page)), page);
        }
        let short = json!({"permission": "a", "addresses": ["any"], "triggers": ["x"]});
        assert_eq!(to_document(&of_document(&short)), short);
    }

    #[test]
    fn a_title_makes_a_key() {
        let key = |title| free_key(title, |key| ["new", "office", "office-2"].contains(&key));
        assert_eq!(key("Landing page 2 (Köln)"), "landing-page-2-k-ln");
        assert_eq!((key("Офис"), key("Office"), key("New")), ("permission".into(), "office-3".into(), "new-2".into()));
        assert!(key(&"a".repeat(100)).len() < 64);
    }
}
