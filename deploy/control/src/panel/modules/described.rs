//! What the other system tells of a module, beside what the document declares.

use std::time::SystemTime;

use postern_shared::connection::description::{DescribedField, Description};
use postern_shared::module::Module;
use postern_shared::store::described_modules;

use crate::panel::frame::Frame;
use crate::panel::reply::Refusal;
use crate::panel::shown::Moment;
use crate::panel::visit::Visit;

/// What the other system tells of a module.
pub struct Described {
    pub connection: String,
    /// When it told the fields; none = nobody has asked for them yet.
    pub at: Option<Moment>,
    pub fields: Vec<DescribedField>,
    /// What the document declares otherwise.
    pub drift: Vec<String>,
    /// What came of asking: whether it told, and the words.
    pub said: Option<(bool, String)>,
}

/// What is known of a module, if another system keeps its records.
pub async fn of(visit: &Visit<'_>, p: &Frame, module: Option<&Module>) -> Result<Option<Described>, Refusal> {
    let Some(module) = module else { return Ok(None) };
    let Some(connection) = &module.connection else { return Ok(None) };
    let told = find(visit, connection.as_str(), module.name.as_str()).await?;
    let drift = told.iter().flat_map(|(description, _)| description.drift(module));
    let drift = drift.map(|one| p.words_of(&one.message)).collect();
    let at = told.as_ref().map(|(_, at)| p.moment(at));
    let fields = told.map(|(description, _)| description.fields).unwrap_or_default();
    Ok(Some(Described { connection: connection.to_string(), at, fields, drift, said: None }))
}

/// The description of a module, and when it was told.
pub async fn find(
    visit: &Visit<'_>,
    connection: &str,
    module: &str,
) -> Result<Option<(Description, SystemTime)>, Refusal> {
    let all = described_modules::of(&visit.connection().await?, connection).await?;
    let told = all.into_iter().find(|one| one.module == module);
    Ok(told.and_then(|one| one.description.zip(one.described_at)))
}
