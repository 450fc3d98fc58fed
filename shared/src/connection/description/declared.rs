//! The module document that a description makes.

use serde_json::{Map, Value};

use super::{DescribedField, Description};
use crate::document::MAX_TITLE_BYTES;
use crate::id::{ConnectionName, ModuleName};
use crate::module::field::FieldType;
use crate::module::{MAX_FIELDS, Module};

impl Description {
    /// A strict module with the fields that a call can set, each of the type that loses nothing. A field that cannot be
    /// declared is left out.
    pub fn declared(&self, connection: &ConnectionName, name: &ModuleName) -> Value {
        let document = |fields: Map<String, Value>| {
            let mut document = Map::new();
            document.insert("module".to_owned(), name.as_str().into());
            document.insert("connection".to_owned(), connection.as_str().into());
            document.insert("strict".to_owned(), true.into());
            document.insert("fields".to_owned(), fields.into());
            Value::Object(document)
        };
        let can_be = |name: &str, declared: &Map<String, Value>| {
            let one = Map::from_iter([(name.to_owned(), Value::Object(declared.clone()))]);
            Module::from_document(&document(one)).is_ok()
        };
        let (mut fields, mut has_unique) = (Map::new(), false);
        for field in self.fields.iter().filter(|field| !field.fixed).take(MAX_FIELDS) {
            let mut declared = field.declared(&field.field_type());
            if !can_be(&field.name, &declared) {
                declared = field.declared(&FieldType::Text);
            }
            if !can_be(&field.name, &declared) {
                continue;
            }
            let unique = Map::from_iter(declared.clone().into_iter().chain([("unique".to_owned(), true.into())]));
            if field.unique && !has_unique && can_be(&field.name, &unique) {
                (declared, has_unique) = (unique, true);
            }
            let declared = match (declared.len(), declared.get("type")) {
                (1, Some(kind)) => kind.clone(),
                _ => Value::Object(declared),
            };
            fields.insert(field.name.clone(), declared);
        }
        document(fields)
    }
}

impl DescribedField {
    /// The type of this field in a module document.
    pub fn field_type(&self) -> FieldType {
        let refers_to: Vec<ModuleName> = self.refers_to.iter().filter_map(|name| name.parse().ok()).collect();
        match (self.kind.as_str(), refers_to.as_slice()) {
            ("integer", _) => FieldType::Integer,
            ("double" | "currency" | "percentage", _) => FieldType::Number,
            ("boolean", _) => FieldType::Boolean,
            ("date", _) => FieldType::Date,
            ("email", _) => FieldType::Email,
            ("phone", _) => FieldType::Phone,
            ("url", _) => FieldType::Url,
            ("picklist", _) if !self.options.is_empty() => FieldType::Choice(self.options.clone()),
            ("reference", [module]) => FieldType::Reference(module.clone()),
            // A moment is kept in a zone that nobody tells, and several choices in one text.
            _ => FieldType::Text,
        }
    }

    fn declared(&self, kind: &FieldType) -> Map<String, Value> {
        let mut declared = Map::from_iter([("type".to_owned(), Value::from(kind.name()))]);
        let is_label = !self.label.is_empty() && self.label != self.name && self.label.len() <= MAX_TITLE_BYTES;
        if is_label {
            declared.insert("label".to_owned(), self.label.clone().into());
        }
        if !kind.options().is_empty() {
            declared.insert("options".to_owned(), kind.options().to_vec().into());
        }
        if let Some(module) = kind.refers_to() {
            declared.insert("module".to_owned(), module.as_str().into());
        }
        if self.must_be_set() {
            declared.insert("required".to_owned(), true.into());
        }
        declared
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::connection::description::OWNER;

    fn field(name: &str, kind: &str) -> DescribedField {
        DescribedField { name: name.to_owned(), label: name.to_owned(), kind: kind.to_owned(), ..Default::default() }
    }

    #[test]
    fn a_description_makes_a_module_that_can_be_saved() {
        let long = vec!["x".repeat(300)];
        let fields = vec![
            DescribedField { mandatory: true, label: "Фамилия".to_owned(), ..field("lastname", "string") },
            DescribedField { unique: true, ..field("email", "email") },
            DescribedField { unique: true, ..field("code", "string") },
            DescribedField { mandatory: true, ..field(OWNER, "owner") },
            DescribedField { fixed: true, ..field("createdtime", "datetime") },
            DescribedField { options: vec!["Web".to_owned()], ..field("source", "picklist") },
            DescribedField { options: vec!["Web".to_owned()], ..field("tags", "multipicklist") },
            DescribedField { options: long, ..field("odd", "picklist") },
            DescribedField { refers_to: vec!["Accounts".to_owned()], ..field("account_id", "reference") },
            DescribedField { refers_to: vec!["A".to_owned(), "B".to_owned()], ..field("parent", "reference") },
            DescribedField { unique: true, ..field("sum", "currency") },
        ];
        let document = Description { fields }.declared(&"crm".parse().unwrap(), &"Leads".parse().unwrap());
        let expected = json!({"module": "Leads", "connection": "crm", "strict": true, "fields": {
            "lastname": {"type": "text", "label": "Фамилия", "required": true},
            "email": {"type": "email", "unique": true},
            "code": "text",
            "assigned_user_id": "text",
            "source": {"type": "choice", "options": ["Web"]},
            "tags": "text",
            "odd": "text",
            "account_id": {"type": "reference", "module": "Accounts"},
            "parent": "text",
            "sum": "number",
        }});
        assert_eq!(document, expected);
        assert!(Module::from_document(&document).is_ok());
    }
}
