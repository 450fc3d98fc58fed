//! What a module declares and the other system does not have, or has otherwise.

use super::{DescribedField, Description};
use crate::message::{ConnectionFault, Message};
use crate::module::Module;
use crate::module::field::{Field, FieldType};

/// The choices that one message names.
const MAX_NAMED: usize = 5;

/// What is wrong with a declared field, or with one that is missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drift {
    /// The field.
    pub field: String,
    /// What is wrong.
    pub message: Message,
}

impl Description {
    /// What of a module is no longer as the other system has it.
    pub fn drift(&self, module: &Module) -> Vec<Drift> {
        let mut all: Vec<Drift> = module.fields.iter().filter_map(|field| self.drift_of(field)).collect();
        // A module that declares nothing says nothing of it.
        let missing = self.fields.iter().filter(|theirs| !module.fields.is_empty() && theirs.must_be_set());
        for theirs in missing {
            let field = theirs.name.clone();
            let is_met = |ours: &Field| ours.required || ours.default.is_some();
            if module.field(&field).is_none_or(|ours| !is_met(ours)) {
                let message = ConnectionFault::DriftMandatory { field: field.clone() }.into();
                all.push(Drift { field, message });
            }
        }
        all
    }

    fn drift_of(&self, ours: &Field) -> Option<Drift> {
        let field = ours.name.clone();
        let fault = match self.field(&ours.name) {
            None => ConnectionFault::DriftGone { field: field.clone() },
            Some(theirs) if theirs.fixed && (ours.required || ours.default.is_some()) => {
                ConnectionFault::DriftFixed { field: field.clone() }
            }
            Some(theirs) if !theirs.takes(&ours.kind) => {
                let (kind, theirs) = (ours.kind.name().to_owned(), theirs.kind.clone());
                ConnectionFault::DriftType { field: field.clone(), kind, theirs }
            }
            Some(theirs) => {
                let gone = theirs.lacks(&ours.kind);
                let shown = gone.iter().take(MAX_NAMED).copied().collect::<Vec<_>>().join(", ");
                let options = if gone.len() > MAX_NAMED { format!("{shown}, …") } else { shown };
                (!gone.is_empty()).then(|| ConnectionFault::DriftOptions { field: field.clone(), options })?
            }
        };
        Some(Drift { field, message: fault.into() })
    }
}

impl DescribedField {
    /// Whether every value of a type can be kept in this field. A text may be meant for any field.
    fn takes(&self, kind: &FieldType) -> bool {
        let is_text = matches!(self.kind.as_str(), "string" | "text" | "");
        match kind {
            FieldType::Text => true,
            FieldType::Integer => is_text || self.is_number(),
            FieldType::Number => is_text || (self.is_number() && self.kind != "integer"),
            FieldType::Boolean => is_text || self.kind == "boolean",
            FieldType::Date => is_text || matches!(self.kind.as_str(), "date" | "datetime"),
            FieldType::Datetime => is_text || self.kind == "datetime",
            FieldType::Choice(_) => is_text || self.kind.contains("picklist"),
            // vtiger keeps no list, and a step that sends one fails.
            FieldType::List(_) => false,
            FieldType::Reference(module) => {
                let is_named = self.refers_to.iter().any(|name| name == module.as_str());
                self.kind == "reference" && (is_named || self.refers_to.is_empty())
            }
            FieldType::Email | FieldType::Phone | FieldType::Url => is_text || self.kind == kind.name(),
        }
    }

    fn is_number(&self) -> bool {
        matches!(self.kind.as_str(), "integer" | "double" | "currency" | "percentage")
    }

    /// The choices of a type that cannot be picked here.
    fn lacks<'t>(&self, kind: &'t FieldType) -> Vec<&'t str> {
        match kind {
            FieldType::Choice(options) if !self.options.is_empty() => {
                options.iter().filter(|one| !self.options.contains(one)).map(String::as_str).collect()
            }
            _ => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn described() -> Description {
        let fields = json!([
            {"name": "lastname", "kind": "string", "mandatory": true},
            {"name": "assigned_user_id", "kind": "owner", "mandatory": true},
            {"name": "email", "kind": "email"},
            {"name": "source", "kind": "picklist", "options": ["Web", "Fair"]},
            {"name": "visits", "kind": "integer"},
            {"name": "born", "kind": "date"},
            {"name": "lead_no", "kind": "string", "fixed": true},
            {"name": "account_id", "kind": "reference", "refers_to": ["Accounts"]},
        ]);
        serde_json::from_value(json!({"fields": fields})).unwrap()
    }

    fn found(fields: &Value) -> Vec<String> {
        let module = json!({"module": "Leads", "connection": "crm", "fields": fields});
        let module = Module::from_document(&module).unwrap();
        described().drift(&module).into_iter().map(|one| format!("{} {}", one.field, one.message.code())).collect()
    }

    #[test]
    fn a_module_made_of_a_description_has_no_drift() {
        let document = described().declared(&"crm".parse().unwrap(), &"Leads".parse().unwrap());
        assert_eq!(described().drift(&Module::from_document(&document).unwrap()), []);
    }

    #[test]
    fn what_is_declared_and_is_otherwise_there_is_named() {
        for (fields, expected) in [
            (json!({"lastname": "text"}), vec!["lastname drift-mandatory"]),
            (json!({}), vec![]),
            (json!({"lastname": {"type": "text", "default": "?"}}), vec![]),
            (json!({"fax": "text"}), vec!["fax drift-gone", "lastname drift-mandatory"]),
            (
                json!({"source": {"type": "choice", "options": ["Web", "Shop"]}}),
                vec!["source drift-options", "lastname drift-mandatory"],
            ),
            (json!({"visits": "number"}), vec!["visits drift-type", "lastname drift-mandatory"]),
            (json!({"born": "email"}), vec!["born drift-type", "lastname drift-mandatory"]),
            (json!({"email": "list"}), vec!["email drift-type", "lastname drift-mandatory"]),
            (json!({"email": "text", "visits": "text"}), vec!["lastname drift-mandatory"]),
            (
                json!({"lead_no": {"type": "text", "required": true}}),
                vec!["lead_no drift-fixed", "lastname drift-mandatory"],
            ),
            (
                json!({"account_id": {"type": "reference", "module": "Contacts"}}),
                vec!["account_id drift-type", "lastname drift-mandatory"],
            ),
        ] {
            assert_eq!(found(&fields), expected, "{fields}");
        }
    }
}
