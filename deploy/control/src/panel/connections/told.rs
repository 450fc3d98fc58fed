//! The modules that a vtiger shows, as the page of its connection lists them.

use postern_shared::document::Kind;
use postern_shared::store::described_modules;

use crate::panel::frame::Frame;
use crate::panel::reply::Refusal;
use crate::panel::saving;
use crate::panel::shown::Moment;
use crate::panel::visit::Visit;

/// A module of the other system.
pub struct Told {
    pub module: String,
    /// Whether a document declares a module of this name.
    pub is_declared: bool,
    /// How many fields it has, and when it told them; none = nobody has asked for them.
    pub fields: Option<(usize, Moment)>,
}

/// Those of a connection: the declared ones first.
pub async fn of(visit: &Visit<'_>, p: &Frame, connection: &str) -> Result<Vec<Told>, Refusal> {
    if connection.is_empty() {
        return Ok(Vec::new());
    }
    let declared: Vec<String> =
        saving::load(visit, Kind::Module).await?.iter().map(|one| saving::key(Kind::Module, one)).collect();
    let told = described_modules::of(&visit.connection().await?, connection).await?;
    let mut all: Vec<Told> = told
        .into_iter()
        .map(|one| Told {
            is_declared: declared.contains(&one.module),
            fields: one.description.zip(one.described_at).map(|(told, at)| (told.fields.len(), p.moment(&at))),
            module: one.module,
        })
        .collect();
    all.sort_by_key(|one| !one.is_declared);
    Ok(all)
}
