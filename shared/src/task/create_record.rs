//! `create_record`: leaves by `created` or `existing`.

use crate::document::Reader;
use crate::expression::Template;
use crate::id::ModuleName;

/// Settings of a `create_record` step.
#[derive(Debug)]
pub struct CreateRecord {
    /// The module of the new record.
    pub module: ModuleName,
    /// One key is one record of the module, under any concurrency; an empty key is no key. None = that of the
    /// module's unique field, if it has one.
    pub unique: Option<Template>,
    /// What a record that is there already gets.
    pub if_exists: IfExists,
    /// The fields of the record, in written order.
    pub fields: Vec<(String, Template)>,
    /// The `$env` name that gets the id of the record, new or existing.
    pub store_id: Option<String>,
}

/// What a record that is there already gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum IfExists {
    /// It stays as it is.
    #[default]
    Skip,
    /// The step's fields are set on it.
    Update,
}

impl CreateRecord {
    /// Its key in a step.
    pub const NAME: &str = "create_record";
    /// Where it can lead.
    pub const OUTPUTS: &[&str] = &["created", "existing"];

    /// Reads `create_record: <module>`, `unique`, `if_exists`, `fields` and `store_id`.
    pub fn parse(reader: &mut Reader) -> Option<Self> {
        let module = reader.required_id(Self::NAME);
        let unique = reader.template("unique");
        let if_exists = reader.choice("if_exists", &[("skip", IfExists::Skip), ("update", IfExists::Update)]);
        let fields = reader.field_templates("fields");
        let store_id = reader.env_name("store_id");
        Some(Self { module: module?, unique, if_exists: if_exists.unwrap_or_default(), fields, store_id })
    }
}
