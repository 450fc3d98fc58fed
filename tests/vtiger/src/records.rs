//! Records are created, read, changed and deleted. Nothing is validated, and unknown fields are ignored.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::crm::{Crm, Record, Variant};
use crate::http::{Answer, Request};
use crate::modules::{Field, Module};
use crate::values;

const DENIED: &str = "Permission to perform the operation is denied";

/// The letters that the column of labels holds.
const MAX_LABEL: usize = 255;

type Element = Map<String, Value>;

impl Crm {
    /// `create`.
    pub fn create(&mut self, request: &Request, user: u64) -> Answer {
        let Some(module) = self.module(request.posted("elementType")) else {
            return Answer::error("ACCESS_DENIED", DENIED);
        };
        let element = match serde_json::from_str(request.posted("element")) {
            Ok(Value::Object(element)) => element,
            Ok(Value::String(_)) => return self.broken(),
            Ok(_) | Err(_) => Element::new(),
        };
        if let Err(answer) = self.check_references(module, &element) {
            return answer;
        }
        if let Err(answer) = missing(module, |field| element.get(field.name).is_none_or(values::is_blank)) {
            return answer;
        }
        if let Err(answer) = self.check_owner(&element, user) {
            return answer;
        }
        if self.has_twin(module, &element, None) {
            return Answer::error(0, "Duplicate(s) detected!");
        }
        if element.iter().any(|(name, value)| value.is_array() && module.field(name).is_some()) {
            let number = self.insert(module, &Element::new(), user);
            let record = self.records.remove(&number).unwrap();
            let half = Record { fields: BTreeMap::new(), label: String::new(), ..record };
            return Answer::behind(
                "Input array has 21 params, does not match query",
                &self.shown(module, number, &half),
            );
        }
        let number = self.insert(module, &element, user);
        Answer::result(&self.shown(module, number, &self.records[&number]))
    }

    /// Writes a new record; its number.
    pub(crate) fn insert(&mut self, module: Module, element: &Element, user: u64) -> u64 {
        let number = if self.zero_id { 0 } else { self.last + 1 };
        self.last = self.last.max(number);
        let (time, modified) = (self.time(), format!("19x{user}"));
        let mut fields: BTreeMap<&'static str, String> = BTreeMap::new();
        for field in module.fields() {
            let value = element.get(field.name).filter(|_| field.is_editable());
            fields.insert(field.name, self.value(field, value));
        }
        if let Some((field, begins)) = module.numbering() {
            let count = self.numbers.entry(module.name).or_default();
            *count += 1;
            fields.insert(field, format!("{begins}{count}"));
        }
        for (name, value) in [("createdtime", time.clone()), ("modifiedtime", time), ("source", "WEBSERVICE".into())] {
            fields.insert(name, value);
        }
        fields.insert(if module.name == "ModComments" { "creator" } else { "modifiedby" }, modified);
        let label = self.label(module, element);
        let record = Record { module: module.name, fields, label };
        self.zeros.extend((number == 0).then(|| record.clone()));
        self.records.insert(number, record);
        number
    }

    /// `retrieve`.
    pub fn retrieve(&self, request: &Request) -> Answer {
        let id = request.asked("id");
        match self.find(id) {
            Ok((module, number)) => {
                let Value::Object(mut shown) = self.shown(module, number, &self.records[&number]) else {
                    unreachable!()
                };
                // The id comes back as it was written.
                shown.insert("id".to_owned(), id.into());
                Answer::result(&shown.into())
            }
            Err(answer) => answer,
        }
    }

    /// `revise`.
    pub fn revise(&mut self, request: &Request, user: u64) -> Answer {
        self.change(request, user, false)
    }

    /// `update`: all mandatory fields must stand in the element.
    pub fn update(&mut self, request: &Request, user: u64) -> Answer {
        self.change(request, user, true)
    }

    fn change(&mut self, request: &Request, user: u64, all: bool) -> Answer {
        let element: Element = serde_json::from_str(request.posted("element")).unwrap_or_default();
        let (module, number) = match self.find(element.get("id").and_then(Value::as_str).unwrap_or_default()) {
            Ok(found) => found,
            Err(answer) => return answer,
        };
        if let Err(answer) = self.check_references(module, &element) {
            return answer;
        }
        let lacks = |field: &Field| element.get(field.name).map_or(all, values::is_blank);
        if let Err(answer) = missing(module, lacks) {
            return answer;
        }
        if let Err(answer) = self.check_owner(&element, user) {
            return answer;
        }
        if self.has_twin(module, &element, Some(number)) {
            return Answer::error(0, "Duplicate(s) detected!");
        }
        let changed: Vec<(&'static str, String)> = (module.fields())
            .filter(Field::is_editable)
            .filter_map(|field| Some((field.name, self.value(field, Some(element.get(field.name)?)))))
            .collect();
        let time = self.time();
        let record = self.records.get_mut(&number).unwrap();
        record.fields.extend(changed);
        record.fields.insert("modifiedtime", time);
        record.fields.insert("modifiedby", format!("19x{user}"));
        Answer::result(&self.shown(module, number, &self.records[&number]))
    }

    /// `delete`.
    pub fn delete(&mut self, request: &Request) -> Answer {
        match self.find(request.posted("id")) {
            Ok((_, number)) => {
                self.records.remove(&number);
                Answer::result(&json!({"status": "successful"}))
            }
            Err(answer) => answer,
        }
    }

    /// The record of an id. What stands behind the number is not read.
    fn find(&self, id: &str) -> Result<(Module, u64), Answer> {
        if id.is_empty() || (!id.contains('x') && id.parse::<u64>().is_err()) {
            return Err(Answer::error("ACCESS_DENIED", &format!("{DENIED} for id")));
        }
        let denied = || Answer::error("ACCESS_DENIED", DENIED);
        let module = Module::of_id(id, self.variant).ok_or_else(denied)?;
        let number = values::leading_number(&id[module.prefix().len()..]);
        match self.records.get(&number) {
            None => Err(denied()),
            Some(record) if record.module != module.name => {
                Err(Answer::error("INVALID_ID_ATTRIBUTE", "Id specified is incorrect"))
            }
            Some(_) => Ok((module, number)),
        }
    }

    /// A record as answers hold it.
    pub(crate) fn shown(&self, module: Module, number: u64, record: &Record) -> Value {
        let value = |field: &Field| record.fields.get(field.name).cloned().unwrap_or_default();
        let mut shown: Element = module.fields().map(|field| (field.name.to_owned(), value(&field).into())).collect();
        shown.insert("id".to_owned(), format!("{}{number}", module.prefix()).into());
        shown.insert("label".to_owned(), record.label.clone().into());
        shown.into()
    }

    fn label(&self, module: Module, element: &Element) -> String {
        let names: &[&str] = match (module.name, self.variant) {
            ("Accounts", _) => &["accountname"],
            ("ModComments", _) => &["commentcontent"],
            (_, Variant::A) => &["lastname", "firstname"],
            (_, Variant::B) => &["firstname", "lastname"],
        };
        let text = |name: &&str| match element.get(*name) {
            Some(Value::Object(_)) => "Array".to_owned(),
            other => other.map(values::php_text).unwrap_or_default(),
        };
        let words: Vec<String> = names.iter().map(text).filter(|word| !word.is_empty()).collect();
        values::html(&words.join(" ").trim().chars().take(MAX_LABEL).collect::<String>())
    }

    fn check_references(&self, module: Module, element: &Element) -> Result<(), Answer> {
        for field in module.fields().filter(|field| field.kind() == "reference" && field.is_editable()) {
            let Some(id) = element.get(field.name).map(values::php_text).filter(|id| !id.is_empty()) else { continue };
            let Some(to) = Module::of_id(&id, self.variant) else {
                return Err(Answer::error("ACCESS_DENIED", &format!("{DENIED} for id")));
            };
            if !field.refers_to().contains(&to.name) {
                let text = format!("Invalid reference specified for {}", field.name);
                return Err(Answer::error("REFERENCE_INVALID", &text));
            }
        }
        Ok(())
    }

    /// An admin may name an owner who does not exist.
    fn check_owner(&self, element: &Element, user: u64) -> Result<(), Answer> {
        let Some(owner) = element.get("assigned_user_id").map(values::php_text) else { return Ok(()) };
        let number = owner.rsplit('x').next().and_then(|number| number.parse::<u64>().ok()).unwrap_or(0);
        let is_known = owner.starts_with("20x") || self.users.iter().any(|user| user.number == number);
        let is_admin = self.users.iter().any(|one| one.number == user && one.is_admin);
        if is_known || is_admin {
            return Ok(());
        }
        Err(Answer::error("ACCESS_DENIED", "Cannot assign record to the given user"))
    }

    fn has_twin(&self, module: Module, element: &Element, except: Option<u64>) -> bool {
        let fields = self.unique.iter().filter(|(name, _)| name == module.name).map(|(_, field)| field.as_str());
        let mut values = fields.filter_map(|field| Some((field, values::php_text(element.get(field)?))));
        values.any(|(field, value)| {
            let is_twin = |record: &Record| record.module == module.name && record.fields.get(field) == Some(&value);
            !value.is_empty() && self.records.iter().any(|(number, one)| Some(*number) != except && is_twin(one))
        })
    }

    /// What is kept of a value.
    fn value(&self, field: Field, value: Option<&Value>) -> String {
        let text = values::kept(field, value);
        match field.kind() {
            "owner" => self.owner(&text),
            "reference" => {
                let number = text.split_once('x').map_or(0, |(_, number)| values::leading_number(number));
                let is_user = field.refers_to() == ["Users"];
                if is_user || self.records.contains_key(&number) { text } else { String::new() }
            }
            _ => text,
        }
    }

    fn owner(&self, text: &str) -> String {
        let number = text.rsplit('x').next().unwrap_or_default();
        let is_user = self.users.iter().any(|user| user.number.to_string() == number) && !text.starts_with("20x");
        match (is_user, text.starts_with("20x"), self.variant) {
            (true, _, _) => format!("19x{number}"),
            (false, true, Variant::B) => text.to_owned(),
            (false, ..) => number.to_owned(),
        }
    }
}

/// The first mandatory field that is blank.
fn missing(module: Module, is_blank: impl Fn(&Field) -> bool) -> Result<(), Answer> {
    match module.fields().find(|field| field.is_mandatory() && is_blank(field)) {
        Some(field) => Err(Answer::error("MANDATORY_FIELDS_MISSING", &format!("{} does not have a value", field.name))),
        None => Ok(()),
    }
}
