//! `create_record`: leaves by `created` or `existing`.

use crate::expression::Template;
use crate::id::ModuleName;

/// Settings of a `create_record` step.
#[derive(Debug)]
pub struct CreateRecord {
    /// The module of the new record.
    pub module: ModuleName,
    /// One key is one record of the module, under any concurrency; an empty key is no key.
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
