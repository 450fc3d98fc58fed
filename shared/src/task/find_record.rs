//! `find_record`: leaves by `found` or `not_found`.

use serde_json::Value;

use crate::document::{self, Reader};
use crate::expression::Template;
use crate::id::ModuleName;
use crate::message::{Message, StepFault};
use crate::spec::{Kind, Setting, Spec};

/// The task as it is described.
pub const SPEC: Spec = Spec {
    name: "find_record",
    outputs: &["found", "not_found"],
    settings: &[
        Setting::new("find_record", Kind::Name(document::Kind::Module)).required(),
        Setting::new("where", Kind::Conditions),
        Setting::new("sort", Kind::Sort),
        Setting::new("limit", Kind::Number(1, MAX_FOUND as i64)),
        Setting::new("store_id", Kind::EnvName),
        Setting::new("store_ids", Kind::EnvName),
    ],
    example: r#"lead:
  create_record: Leads
  fields: {lastname: '$env["lastname"]', budget: 1500}
  created: rich
rich:
  find_record: Leads
  where:
    lastname: $env["lastname"]
    budget: {above: 1000}
  sort: -budget
  store_id: lead_id
  found: note
  not_found: nothing
note:
  comment: Please call today
  record: $env["lead_id"]
nothing:
  stop: finished"#,
};

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

/// How a field is compared: with a value of its declared type, by the rules of [`crate::comparison`]. An empty value is
/// found nowhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operator {
    /// An equal value.
    Is,
    /// Another value, or none.
    IsNot,
    /// The text stands in it, in upper or lower case.
    Contains,
    /// Greater.
    Above,
    /// Less.
    Below,
}

impl Operator {
    /// Whether it asks for an order of values.
    pub fn is_order(self) -> bool {
        matches!(self, Self::Above | Self::Below)
    }
}

/// One level of the order of found records.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Sort {
    /// The field, compared as its declared type, or else as text.
    pub field: String,
    /// Greatest first.
    pub descending: bool,
}

impl FindRecord {
    /// Reads `find_record: <module>`, `where`, `sort`, `limit`, `store_id` and `store_ids`. Without a limit it
    /// finds one record, or [`MAX_FOUND`] if it stores the ids of all.
    pub fn parse(reader: &mut Reader) -> Option<Self> {
        let module = reader.id(SPEC.name);
        let conditions = conditions(reader);
        let sort = sort(reader);
        let (store_id, store_ids) = (reader.env_name("store_id"), reader.env_name("store_ids"));
        let default = if store_ids.is_some() { MAX_FOUND } else { 1 };
        let limit = reader.number("limit").unwrap_or(default);
        Some(Self { module: module?, conditions, sort, limit, store_id, store_ids })
    }
}

const OPERATORS: [(&str, Operator); 5] = [
    ("is", Operator::Is),
    ("is_not", Operator::IsNot),
    ("contains", Operator::Contains),
    ("above", Operator::Above),
    ("below", Operator::Below),
];

/// Reads `where: {email: value, amount: {above: 5, below: 9}}`: a value alone is compared with `is`.
fn conditions(reader: &mut Reader) -> Vec<FieldCondition> {
    let mut conditions = Vec::new();
    for (field, value) in reader.fields("where") {
        let place = format!("where.{field}");
        let Value::Object(operators) = value else {
            let value = reader.template_at(&place, value);
            conditions.extend(value.map(|value| condition(field, Operator::Is, value)));
            continue;
        };
        if operators.is_empty() {
            reader.report(&place, StepFault::OperatorMissing);
        }
        for (name, value) in operators {
            match OPERATORS.iter().find(|(word, _)| word == name) {
                Some((_, operator)) => {
                    let value = reader.template_at(&format!("{place}.{name}"), value);
                    conditions.extend(value.map(|value| condition(field, *operator, value)));
                }
                None => {
                    let words = OPERATORS.map(|(word, _)| word);
                    let meant = reader.did_you_mean(name, words);
                    let fault = Message::from(StepFault::OperatorUnknown { known: words.join(", ") });
                    reader.report(&place, fault.meant(meant));
                }
            }
        }
    }
    conditions
}

fn condition(field: &str, operator: Operator, value: Template) -> FieldCondition {
    FieldCondition { field: field.to_owned(), operator, value }
}

/// Reads `sort: [lastname, -amount]`.
fn sort(reader: &mut Reader) -> Vec<Sort> {
    let levels = reader.texts("sort").into_iter().filter_map(|(place, text)| {
        let (descending, field) = text.strip_prefix('-').map_or((false, text.as_str()), |field| (true, field));
        reader.check_field(&place, field).then(|| Sort { field: field.to_owned(), descending })
    });
    levels.collect()
}
