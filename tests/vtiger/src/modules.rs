//! The modules with their fields, as `describe` told them.

use std::sync::LazyLock;

use serde_json::{Map, Value, json};

use crate::crm::{Crm, Variant};
use crate::http::{Answer, Request};

static MODULES: LazyLock<Map<String, Value>> =
    LazyLock::new(|| serde_json::from_str(include_str!("../data/modules.json")).unwrap());

/// A module.
#[derive(Debug, Clone, Copy)]
pub struct Module {
    pub name: &'static str,
    described: &'static Value,
    variant: Variant,
}

/// A field.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    pub name: &'static str,
    described: &'static Value,
}

impl Module {
    pub fn find(name: &str, variant: Variant) -> Option<Self> {
        let (name, described) = MODULES.get_key_value(name)?;
        Some(Self { name, described, variant })
    }

    /// The module of which an id begins like this.
    pub fn of_id(id: &str, variant: Variant) -> Option<Self> {
        let prefix = &id[..=id.find('x')?];
        MODULES.keys().filter_map(|name| Self::find(name, variant)).find(|module| module.prefix() == prefix)
    }

    /// Such as `10x`.
    pub fn prefix(&self) -> &'static str {
        self.described["prefix"].as_str().unwrap()
    }

    /// The field that numbers the records, and what its values begin with.
    pub fn numbering(&self) -> Option<(&'static str, &'static str)> {
        Some((self.described["number_field"].as_str()?, self.described["number"].as_str()?))
    }

    /// In the order of the variant.
    pub fn fields(&self) -> impl Iterator<Item = Field> {
        let order = if self.variant == Variant::A { "A" } else { "B" };
        let described = self.described;
        let names = described["order"][order].as_array().unwrap().iter().filter_map(Value::as_str);
        names.map(move |name| Field { name, described: &described["fields"][name] })
    }

    pub fn field(&self, name: &str) -> Option<Field> {
        self.fields().find(|field| field.name == name)
    }
}

impl Field {
    pub fn kind(&self) -> &'static str {
        self.described["type"].as_str().unwrap()
    }

    pub fn is_mandatory(&self) -> bool {
        self.described["mandatory"] == true
    }

    /// Whether an element may set it.
    pub fn is_editable(&self) -> bool {
        self.described["editable"] != false
    }

    /// The modules to which it refers.
    pub fn refers_to(&self) -> Vec<&'static str> {
        self.described["refers_to"].as_array().into_iter().flatten().filter_map(Value::as_str).collect()
    }

    /// The letters that its column holds.
    pub fn length(&self) -> usize {
        self.described["length"].as_u64().map_or(255, |length| usize::try_from(length).unwrap())
    }
}

impl Crm {
    /// `listtypes`.
    pub fn types(&self) -> Answer {
        let names: Vec<&String> = MODULES.keys().filter(|name| self.module(name).is_some()).collect();
        let kind = |name: &&String| ((*name).clone(), json!({"isEntity": true, "label": name, "singular": name}));
        let information: Map<String, Value> = names.iter().map(kind).collect();
        Answer::result(&json!({"types": names, "information": information}))
    }

    /// `describe`.
    pub fn describe(&self, request: &Request) -> Answer {
        let name = request.asked("elementType");
        let Some(module) = self.module(name) else {
            return Answer::error(
                "ACCESS_DENIED",
                &format!("Permission to perform the operation is denied for name : {name}"),
            );
        };
        let fields: Vec<Value> = module.fields().filter_map(|field| self.told(module, field)).collect();
        Answer::result(&json!({
            "label": name, "name": name, "createable": true, "updateable": true, "deleteable": true, "retrieveable": true,
            "fields": fields, "idPrefix": module.prefix().trim_end_matches('x'), "isEntity": true,
            "allowDuplicates": false, "labelFields": "lastname,firstname",
        }))
    }

    fn told(&self, module: Module, field: Field) -> Option<Value> {
        let mut described = self.described(module, field);
        if let Some(change) = self.told.get(&(module.name.to_owned(), field.name.to_owned())) {
            let change = change.as_ref()?.as_object().unwrap();
            change.iter().for_each(|(key, value)| described[key] = value.clone());
        }
        Some(described)
    }

    fn described(&self, module: Module, field: Field) -> Value {
        let mut kind = json!({"name": field.kind()});
        if !field.refers_to().is_empty() {
            kind = json!({"refersTo": field.refers_to(), "name": "reference"});
        }
        if let Some(options) = field.described["options"].as_array() {
            let options: Vec<Value> = options.iter().map(|one| json!({"label": one, "value": one})).collect();
            kind = json!({"picklistValues": options, "defaultValue": "", "name": "picklist"});
        }
        let is_unique = self.unique.contains(&(module.name.to_owned(), field.name.to_owned()));
        json!({
            "name": field.name, "label": field.name, "mandatory": field.is_mandatory(), "type": kind,
            "isunique": is_unique, "nullable": !field.is_mandatory(), "editable": field.is_editable(), "default": "",
        })
    }
}
