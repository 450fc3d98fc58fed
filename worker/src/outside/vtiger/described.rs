//! What vtiger tells of a module: the beginning of its ids, and its fields.

use std::time::Duration;

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
    /// Names of fields that hold the id of a record or of a user.
    references: Vec<String>,
}

impl Described {
    /// Reads the answer of `describe`.
    pub fn read(answer: &Value) -> Self {
        let prefix = answer["idPrefix"].as_str().map(str::to_owned).unwrap_or_else(|| answer["idPrefix"].to_string());
        let names = |is_meant: fn(&Value) -> bool| {
            let fields = answer["fields"].as_array().into_iter().flatten().filter(|field| is_meant(field));
            fields.filter_map(|field| field["name"].as_str()).map(str::to_owned).collect()
        };
        Self {
            prefix: format!("{}x", prefix.trim_end_matches('x')),
            mandatory: names(|field| field["mandatory"] == true),
            references: names(|field| matches!(field["type"]["name"].as_str(), Some("reference" | "owner"))),
        }
    }

    /// Whether a new record must name its owner.
    pub fn needs_owner(&self) -> bool {
        self.mandatory.iter().any(|name| name == OWNER)
    }

    /// Whether a field holds the id of a record or of a user.
    pub fn refers(&self, field: &str) -> bool {
        self.references.iter().any(|name| name == field)
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
        let account = json!({"name": "account_id", "type": {"name": "reference"}});
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
