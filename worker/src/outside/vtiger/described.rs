//! What vtiger tells of a module: the beginning of its ids, and its fields.

use std::collections::HashMap;
use std::time::Duration;

use postern_shared::id::ModuleName;
use postern_shared::record_ref::ConnectedId;
use serde_json::Value;

/// How long a description is used before vtiger is asked again.
pub const LIFE: Duration = Duration::from_secs(10 * 60);

/// A module of vtiger.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Described {
    /// Such as `10x`.
    prefix: String,
    /// Names of fields that a new record must have.
    mandatory: Vec<String>,
    /// The fields, by their names.
    fields: HashMap<String, Kind>,
}

/// What a field holds.
#[derive(Debug, PartialEq, Eq)]
struct Kind {
    /// The word of vtiger for its type.
    word: String,
    /// The module of its records, if it is one alone.
    module: Option<ModuleName>,
}

impl Kind {
    fn read(kind: &Value) -> Self {
        let module = match kind["refersTo"].as_array().map(Vec::as_slice) {
            Some([one]) => one.as_str().and_then(|name| name.parse().ok()),
            _ => None,
        };
        Self { word: kind["name"].as_str().unwrap_or_default().to_owned(), module }
    }
}

impl Described {
    /// Reads the answer of `describe`.
    pub fn read(answer: &Value) -> Self {
        let prefix = answer["idPrefix"].as_str().map(str::to_owned).unwrap_or_else(|| answer["idPrefix"].to_string());
        let mandatory = answer["fields"].as_array().into_iter().flatten().filter(|field| field["mandatory"] == true);
        let field = |field: &Value| Some((field["name"].as_str()?.to_owned(), Kind::read(&field["type"])));
        Self {
            prefix: format!("{}x", prefix.trim_end_matches('x')),
            mandatory: mandatory.filter_map(|field| field["name"].as_str()).map(str::to_owned).collect(),
            fields: answer["fields"].as_array().into_iter().flatten().filter_map(field).collect(),
        }
    }

    /// Whether a new record must name its owner.
    pub fn needs_owner(&self) -> bool {
        self.mandatory.iter().any(|name| name == OWNER)
    }

    /// Whether a field holds the id of a record or of a user.
    pub fn refers(&self, field: &str) -> bool {
        matches!(self.kind(field), "reference" | "owner")
    }

    /// The word of vtiger for the type of a field; empty = it has no such field.
    pub fn kind(&self, field: &str) -> &str {
        self.fields.get(field).map_or("", |kind| &kind.word)
    }

    /// The module to whose records a field refers, if it is one alone.
    pub fn module_of(&self, field: &str) -> Option<&ModuleName> {
        self.fields.get(field)?.module.as_ref()
    }

    /// The id of a record as vtiger has it: digits, an `x` and digits, so that it may stand in a query. None = the id is no
    /// number, or begins as those of another module.
    pub fn id(&self, id: &ConnectedId) -> Option<String> {
        let number = id.number()?;
        let whole: ConnectedId = format!("{}{number}", self.prefix).parse().ok()?;
        let is_of_module = id.as_str() == number || *id == whole;
        (is_of_module && whole.number() == Some(number)).then(|| whole.into())
    }
}

/// The field of the owner.
pub const OWNER: &str = "assigned_user_id";

/// The number in an id that vtiger answered. A row with the number 0 cannot be reached: see [`Row`].
pub fn row(id: &Value) -> Row {
    let Some((prefix, number)) = id.as_str().and_then(|id| id.split_once('x')) else { return Row::None };
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match number.parse() {
        Ok(id) if is_number(prefix) && is_number(number) && !number.starts_with('0') => Row::Record(id),
        _ if number.bytes().all(|byte| byte == b'0') => Row::Zero,
        _ => Row::None,
    }
}

/// What an id names.
#[derive(Debug, PartialEq, Eq)]
pub enum Row {
    /// A record.
    Record(ConnectedId),
    /// The row that vtiger writes when its table of numbers is locked.
    Zero,
    /// Nothing.
    None,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_description_gives_the_id_of_a_record() {
        let owner = json!({"name": OWNER, "mandatory": true});
        let account = json!({"name": "account_id", "type": {"name": "reference", "refersTo": ["Accounts"]}});
        for (prefix, id, expected) in [
            (json!("10"), "852", Some("10x852")),
            (json!("10x"), "10x852", Some("10x852")),
            (json!(4), "852", Some("4x852")),
            (json!("10"), "11x852", None),
            (json!("10"), "0852", None),
            (json!("10"), "852'or'1'='1", None),
            (json!("10"), "10x852'or'1'='1", None),
            (json!(null), "852", None),
        ] {
            let described = Described::read(&json!({"idPrefix": prefix, "fields": [owner, account]}));
            assert_eq!(described.id(&id.parse().unwrap()).as_deref(), expected, "{prefix} {id}");
            assert!(described.needs_owner());
            assert_eq!(["account_id", OWNER, "city"].map(|field| described.refers(field)), [true, false, false]);
            assert_eq!(described.module_of("account_id").map(ModuleName::as_str), Some("Accounts"));
            assert_eq!(described.module_of(OWNER), None);
        }
    }

    #[test]
    fn only_an_id_with_a_number_above_zero_names_a_record() {
        for (id, expected) in [
            (json!("10x852"), Row::Record("852".parse().unwrap())),
            (json!("10x0"), Row::Zero),
            (json!("10x"), Row::Zero),
            (json!("x5"), Row::None),
            (json!("10x05"), Row::None),
            (json!("10x5' or 1=1"), Row::None),
            (json!(852), Row::None),
            (json!(""), Row::None),
            (Value::Null, Row::None),
        ] {
            assert_eq!(row(&id), expected, "{id}");
        }
    }
}
