//! `find_record`: leaves by `found` or `not_found`.

use crate::expression::Template;
use crate::id::ModuleName;

/// Settings of a `find_record` step.
#[derive(Debug)]
pub struct FindRecord {
    /// The module to search.
    pub module: ModuleName,
    /// All must hold.
    pub conditions: Vec<FieldCondition>,
    /// The order of the found records; by id behind these.
    pub sort: Vec<Sort>,
    /// How many to find at most, 1 to [`MAX_FOUND`].
    pub limit: u16,
    /// The `$env` name that gets the id of the first one.
    pub store_id: Option<String>,
    /// The `$env` name that gets the list of all ids.
    pub store_ids: Option<String>,
}

/// The most records one step may find: their ids live in `$env`.
pub const MAX_FOUND: u16 = 1_000;

/// A condition on one field.
#[derive(Debug)]
pub struct FieldCondition {
    /// The field of the record.
    pub field: String,
    /// How it is compared.
    pub operator: Operator,
    /// What it is compared with.
    pub value: Template,
}

/// How a field is compared. Both sides are compared as text, except by the last two, which compare numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operator {
    /// The same text.
    Is,
    /// Another text, or no value.
    IsNot,
    /// The text stands in it, in upper or lower case.
    Contains,
    /// The number is greater.
    Above,
    /// The number is less.
    Below,
}

/// One level of the order of found records.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Sort {
    /// The field, compared as text.
    pub field: String,
    /// Greatest first.
    pub descending: bool,
}
