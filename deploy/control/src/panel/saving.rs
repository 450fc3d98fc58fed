//! Documents on their way from a form into the store: one validator, the one of API and command line.

use postern_shared::document::Kind;
use postern_shared::document::batch::Batch;
use postern_shared::finding::Located;
use postern_shared::store::{documents, texts};
use serde_json::Value;

use super::reply::Refusal;
use super::visit::Visit;
use crate::known_documents::Documents;
use crate::operation::document;

/// What became of a document.
#[derive(Debug)]
pub enum Saved {
    /// It is in force, under this key.
    Done(String),
    /// It is not saved, and this is what is wrong.
    Faulty(Vec<Located>),
}

/// All documents of a kind.
pub async fn load(visit: &Visit<'_>, kind: Kind) -> Result<Documents, Refusal> {
    Ok(visit.panel.state.documents(kind).await?)
}

/// The document that the path names, as far as the visitor may see it.
pub async fn seen(visit: &Visit<'_>, kind: Kind) -> Result<Value, Refusal> {
    Ok(visit.who().sight().document(&named(visit, kind).await?))
}

/// The document that the path names.
pub async fn named(visit: &Visit<'_>, kind: Kind) -> Result<Value, Refusal> {
    let all = load(visit, kind).await?;
    all.iter().find(|document| key(kind, document) == visit.argument).cloned().ok_or(Refusal::NotFound)
}

/// The document that the path names and its text, comments included, as far as the visitor may see it.
pub async fn written(visit: &Visit<'_>, kind: Kind) -> Result<(Value, String), Refusal> {
    let document = named(visit, kind).await?;
    let text = texts::find(&visit.connection().await?, kind, &visit.argument).await?;
    Ok(visit.who().sight().written(&document, text))
}

/// The number or key of a stored document.
pub fn key(kind: Kind, document: &Value) -> String {
    match &document[kind.name()] {
        Value::String(key) => key.clone(),
        number => number.to_string(),
    }
}

/// The title of a stored document, which may be missing.
pub fn title(document: &Value) -> &str {
    document["title"].as_str().unwrap_or_default()
}

/// Checks a document that a form made and saves it in the visitor's name.
pub async fn save(visit: &Visit<'_>, value: &Value) -> Result<Saved, Refusal> {
    let connection = visit.connection().await?;
    let mut batch = Batch::new(documents::short_urls(&connection).await?);
    batch.add_json("", value.to_string().as_bytes());
    batch.agree(Some(&documents::stored(&connection, &batch).await?));
    drop(connection);
    keep(visit, batch).await
}

/// Saves the one document of a batch.
pub async fn keep(visit: &Visit<'_>, batch: Batch) -> Result<Saved, Refusal> {
    if !batch.findings.is_empty() || batch.documents.is_empty() {
        return Ok(Saved::Faulty(batch.findings.into_iter().map(|found| found.located).collect()));
    }
    let (applied, _) = document::keep(&mut visit.connection().await?, &visit.who(), batch).await?;
    Ok(Saved::Done(applied.into_iter().next().map(|one| one.key).unwrap_or_default()))
}

/// Deletes the document that the path names, in the visitor's name.
pub async fn delete(visit: &Visit<'_>, kind: Kind) -> Result<(), Refusal> {
    let name = kind.parse_name(&visit.argument).map_err(|_| Refusal::NotFound)?;
    Ok(document::remove(&visit.panel.state, &visit.who(), &name).await?)
}
