//! A module: what kind of thing a record is, such as `Leads`, and which fields are declared of it. A module without a
//! document is open: any field may hold anything. With one, what is written to a declared field has its type, and a
//! strict module has no other fields.

pub mod agreement;
mod convert;
mod cycles;
pub mod field;
mod lost_responses;
mod twins;

use std::collections::HashMap;

use jiff::tz::TimeZone;
use serde_json::Value;

use crate::document::{self, MAX_TITLE_BYTES, Reader};
use crate::finding::Finding;
use crate::id::{ConnectionName, ModuleName, RecordId};
use crate::message::{DocumentFault, Message};
use crate::record_ref::ConnectedId;
use crate::spec::{Kind, Setting, Spec};
use field::{Field, OnError};

/// The most fields of one module: more than any form has, and a page still shows them.
pub const MAX_FIELDS: usize = 500;

/// A module as it is described.
pub const SPEC: Spec = Spec {
    name: "module",
    outputs: &[],
    settings: &[
        Setting::new("module", Kind::Name(document::Kind::Module)).required(),
        Setting::new("title", Kind::Text(MAX_TITLE_BYTES)),
        Setting::new("connection", Kind::Name(document::Kind::Connection)),
        Setting::flag("strict", false),
        Setting::new("fields", Kind::FieldTypes(&field::SETTINGS)),
    ],
    example: r"module: Leads
strict: true
fields:
  lastname: {type: text, required: true}
  email: {type: email, unique: true}
  source: {type: choice, options: [web, fair], default: web}
  contact_id: {type: reference, module: Contacts}",
};

/// A module with its declared fields.
#[derive(Debug, Clone, PartialEq)]
pub struct Module {
    /// Its name, everywhere.
    pub name: ModuleName,
    /// For people only.
    pub title: String,
    /// The connection to the vtiger in which its records live; none = they live here.
    pub connection: Option<ConnectionName>,
    /// Whether a field that is not declared is refused.
    pub strict: bool,
    /// In written order.
    pub fields: Vec<Field>,
}

/// Values of a record's fields.
#[derive(Debug, Clone, PartialEq)]
pub struct Typed {
    /// Each as its field's type.
    pub values: Vec<(String, Value)>,
    /// What is said of those that were left out.
    pub dropped: Vec<Message>,
}

/// The modules that are declared, by their names.
#[derive(Debug, Clone, Default)]
pub struct Modules(HashMap<ModuleName, Module>);

impl Module {
    /// Reads the document of a module.
    pub fn from_document(document: &Value) -> Result<Self, Vec<Finding>> {
        let mut findings = Vec::new();
        let module = Reader::new("", document, SPEC.settings, &mut findings).and_then(|mut reader| {
            let name = reader.id("module");
            let connection = reader.value("connection").and_then(|_| reader.id("connection"));
            let (title, strict) = (reader.title("title"), reader.flag("strict"));
            let fields = reader.inner("fields", &[]).map(read_fields).unwrap_or_default();
            reader.finish();
            Some(Self { name: name?, title, connection, strict, fields })
        });
        module.filter(|_| findings.is_empty()).ok_or(findings)
    }

    /// A declared field.
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// The field whose value one record has at most.
    pub fn unique(&self) -> Option<&Field> {
        self.fields.iter().find(|field| field.unique)
    }

    /// The values of a new record, each as its field's type: defaults filled in, nothing that is required missing. Clock
    /// times are those of the zone. The error names the field and what it must be, never the value.
    pub fn new_values(&self, values: Vec<(String, Value)>, zone: &TimeZone) -> Result<Typed, Message> {
        let Typed { mut values, dropped } = self.converted(values, zone)?;
        for field in &self.fields {
            if values.iter().any(|(name, value)| *name == field.name && !value.is_null()) {
                continue;
            }
            match &field.default {
                Some(default) => values.push((field.name.clone(), default.clone())),
                None if field.required => {
                    return Err(Message::FieldRequired { field: field.name.clone(), module: self.name.clone() });
                }
                None => {}
            }
        }
        Ok(Typed { values, dropped })
    }

    /// The values to set on a record, each as its field's type; what is required is not cleared.
    /// What is dropped leaves the record's value as it is.
    pub fn changed_values(&self, values: Vec<(String, Value)>, zone: &TimeZone) -> Result<Typed, Message> {
        let typed = self.converted(values, zone)?;
        let cleared =
            |(name, value): &&(String, Value)| value.is_null() && self.field(name).is_some_and(|field| field.required);
        match typed.values.iter().find(cleared) {
            Some((name, _)) => Err(Message::FieldCleared { field: name.clone(), module: self.name.clone() }),
            None => Ok(typed),
        }
    }

    /// What is said of a change to a value of the unique field that another record has.
    pub fn taken(&self, holder: RecordId) -> Message {
        let field = self.unique().map(|field| field.name.clone()).unwrap_or_default();
        Message::FieldTaken { field, module: self.name.clone(), record: holder }
    }

    /// The id of a record as the system writes it that keeps the records of this module, such as `11x852`.
    fn id_elsewhere(&self, field: &Field, value: &Value) -> Option<Value> {
        let (_, _) = (self.connection.as_ref()?, field.kind.refers_to()?);
        let id: ConnectedId = value.as_str()?.trim().parse().ok()?;
        id.number().map(|_| Value::from(id.as_str()))
    }

    fn converted(&self, values: Vec<(String, Value)>, zone: &TimeZone) -> Result<Typed, Message> {
        let mut typed = Typed { values: Vec::with_capacity(values.len()), dropped: Vec::new() };
        for (name, value) in values {
            let Some(field) = self.field(&name) else {
                if self.strict {
                    return Err(Message::FieldUndeclared { field: name, module: self.name.clone() });
                }
                typed.values.push((name, value));
                continue;
            };
            let converted = field.convert(&value, zone).or_else(|| self.id_elsewhere(field, &value));
            match (converted, field.on_error) {
                (Some(value), _) => typed.values.push((name, value)),
                (None, OnError::Drop) => {
                    let kind = Box::new(field.kind.must_be());
                    typed.dropped.push(Message::FieldDropped { field: name, module: self.name.clone(), kind });
                }
                (None, OnError::Fail) => {
                    let kind = Box::new(field.kind.must_be());
                    return Err(Message::FieldMustBe { field: name, module: self.name.clone(), kind });
                }
            }
        }
        Ok(typed)
    }
}

impl Modules {
    /// The modules that are declared, in no order.
    pub fn iter(&self) -> impl Iterator<Item = &Module> {
        self.0.values()
    }

    /// A declared module.
    pub fn get(&self, name: &ModuleName) -> Option<&Module> {
        self.0.get(name)
    }
}

/// Each takes the place of one of the same name.
impl Extend<Module> for Modules {
    fn extend<I: IntoIterator<Item = Module>>(&mut self, modules: I) {
        self.0.extend(modules.into_iter().map(|module| (module.name.clone(), module)));
    }
}

impl FromIterator<Module> for Modules {
    fn from_iter<I: IntoIterator<Item = Module>>(modules: I) -> Self {
        let mut all = Self::default();
        all.extend(modules);
        all
    }
}

fn read_fields(mut reader: Reader) -> Vec<Field> {
    let names: Vec<&str> = reader.keys().collect();
    if names.len() > MAX_FIELDS {
        reader.report("", DocumentFault::ModuleFields { most: MAX_FIELDS, count: names.len() });
        return Vec::new();
    }
    let mut fields: Vec<Field> = Vec::with_capacity(names.len());
    for name in names.into_iter() {
        if !reader.check_field(name, name) {
            continue;
        }
        let Some(field) = field::read(&mut reader, name) else { continue };
        if let Some(other) = fields.iter().find(|other| field.unique && other.unique) {
            reader.report(&format!("{name}.unique"), DocumentFault::UniqueTwice { field: other.name.clone() });
        }
        fields.push(field);
    }
    fields
}

#[cfg(test)]
mod tests;
