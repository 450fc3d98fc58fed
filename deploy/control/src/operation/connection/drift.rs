//! What modules declare that the other system has otherwise, by what it told last.

use postern_shared::document::Kind;
use postern_shared::id::ConnectionName;
use postern_shared::message::{Coded, Language, Message};
use postern_shared::module::Module;
use postern_shared::store::{Connection, StoreError, described_modules, documents};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::operation::{About, Error, Nothing, Operation, Who};
use crate::state::State;

/// Lists drift.
#[derive(Debug)]
pub struct ListDrift;

/// The drift of all modules.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct Output {
    /// In the order of the modules.
    pub drift: Vec<Drift>,
}

/// A field that is declared, and that the other system does not have or has otherwise; or one that it demands.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct Drift {
    /// The connection.
    pub connection: String,
    /// The module.
    pub module: String,
    /// The field.
    pub field: String,
    /// What is otherwise.
    pub message: String,
    /// The same, for programs.
    pub message_code: Coded,
}

/// The same before it is put into words.
#[derive(Debug)]
pub struct Found {
    /// The connection.
    pub connection: String,
    /// The module.
    pub module: String,
    /// The field.
    pub field: String,
    /// What is otherwise.
    pub message: Message,
}

impl Drift {
    /// In the words of a language.
    pub fn new(found: Found, language: Language) -> Self {
        let Found { connection, module, field, message } = found;
        Self { connection, module, field, message: message.text(language), message_code: message.coded() }
    }
}

/// The drift of the modules of a connection, or of all.
pub async fn find(connection: &Connection, name: Option<&ConnectionName>) -> Result<Vec<Found>, StoreError> {
    let described = described_modules::all(connection).await?;
    let mut all = Vec::new();
    for document in documents::load(connection, Kind::Module).await? {
        let Ok(module) = Module::from_document(&document) else { continue };
        let of = module.connection.as_ref().filter(|of| name.is_none_or(|name| name == *of));
        let Some(of) = of.map(ConnectionName::as_str) else { continue };
        let theirs = described.iter().find(|(name, told, _)| name == of && told == module.name.as_str());
        let Some((_, _, description)) = theirs else { continue };
        all.extend(description.drift(&module).into_iter().map(|one| Found {
            connection: of.to_owned(),
            module: module.name.to_string(),
            field: one.field,
            message: one.message,
        }));
    }
    Ok(all)
}

impl Operation for ListDrift {
    type Input = Nothing;
    type Output = Output;
    const ABOUT: About = About::get(
        "listDrift",
        "/drift",
        "what modules declare that vtiger does not have, or has otherwise, by what it told last",
        r#"{"drift": [{"connection": "crm", "module": "Leads", "field": "fax", "message": "vtiger has no field fax any more", "message_code": {"code": "drift-gone", "field": "fax"}}]}"#,
    );

    async fn run(state: &State, who: &Who, _: Nothing) -> Result<Output, Error> {
        let found = find(&state.store.connection().await?, None).await?;
        Ok(Output { drift: found.into_iter().map(|one| Drift::new(one, who.language)).collect() })
    }
}
