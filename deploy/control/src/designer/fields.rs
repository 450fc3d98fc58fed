//! The fields of the modules on whose records steps work: what is declared, and what the other system tells.

use postern_shared::connection::description::Description;
use postern_shared::message::{ConnectionFault, Message};
use postern_shared::module::Module;
use serde_json::{Map, Value};

use super::outputs::task;

/// The most choices of one field that are offered.
const MAX_CHOICES: usize = 40;

/// The modules that are known.
#[derive(Debug, Default)]
pub struct Fields {
    /// The declared ones.
    pub modules: Vec<Module>,
    /// What other systems tell, by connection and module.
    pub described: Vec<(String, String, Description)>,
}

/// What is offered where the name of a field is typed.
#[derive(Debug, PartialEq, Eq)]
pub struct Offer {
    /// The field.
    pub name: String,
    /// Its type, and its name for people.
    pub help: String,
    /// The values that can be picked.
    pub choices: Vec<String>,
}

impl Fields {
    /// The module of a name.
    pub fn module(&self, name: &str) -> Option<&Module> {
        self.modules.iter().find(|module| module.name.as_str() == name)
    }

    /// What the other system tells of a declared module.
    fn description(&self, module: &Module) -> Option<&Description> {
        let connection = module.connection.as_ref()?.as_str();
        let is_it = |(of, name, _): &&(String, String, Description)| of == connection && name == module.name.as_str();
        self.described.iter().find(is_it).map(|(_, _, description)| description)
    }

    /// The fields of a module: the declared ones, and in an open module those that the other system has besides.
    pub fn offers(&self, name: &str) -> Vec<Offer> {
        let Some(module) = self.module(name) else { return Vec::new() };
        let help = |kind: &str, label: &str, name: &str| match label {
            "" => kind.to_owned(),
            label if label == name => kind.to_owned(),
            label => format!("{kind} · {label}"),
        };
        let theirs = self.description(module);
        let declared = module.fields.iter().map(|field| {
            let told = theirs.and_then(|theirs| theirs.field(&field.name));
            let choices = match field.kind.options() {
                [] => told.map(|told| told.options.as_slice()).unwrap_or_default(),
                options => options,
            };
            let label = told.map(|told| told.label.as_str()).filter(|_| field.label.is_empty()).unwrap_or(&field.label);
            let help = help(field.kind.name(), label, &field.name);
            Offer { name: field.name.clone(), help, choices: choices.iter().take(MAX_CHOICES).cloned().collect() }
        });
        let told = theirs.filter(|_| !module.strict).into_iter().flat_map(|theirs| &theirs.fields);
        let told = told.filter(|field| !field.fixed && module.field(&field.name).is_none()).map(|field| Offer {
            name: field.name.clone(),
            help: help(&field.kind, &field.label, &field.name),
            choices: field.options.iter().take(MAX_CHOICES).cloned().collect(),
        });
        declared.chain(told).collect()
    }

    /// What steps set or look for that the other system does not have, or has otherwise: the step, and what is wrong.
    pub fn drift(&self, document: &Value) -> Vec<(String, Message)> {
        let steps = document["steps"].as_object().into_iter().flatten();
        steps
            .flat_map(|(name, step)| self.drift_of(document, step).into_iter().map(move |one| (name.clone(), one)))
            .collect()
    }

    fn drift_of(&self, document: &Value, step: &Value) -> Vec<Message> {
        let module = module_of(document, step).and_then(|name| self.module(name));
        let Some((module, theirs)) = module.and_then(|module| Some((module, self.description(module)?))) else {
            return Vec::new();
        };
        let named = named(step);
        let drift = theirs.drift(module);
        let is_demanded = |fault: &Message| matches!(fault, Message::Connection(fault) if matches!(**fault, ConnectionFault::DriftMandatory { .. }));
        let of_named = drift.iter().filter(|one| named.contains(&one.field.as_str()) && !is_demanded(&one.message));
        let gone = named.iter().filter(|name| module.field(name).is_none() && theirs.field(name).is_none());
        let gone = gone.map(|name| Message::from(ConnectionFault::DriftGone { field: (*name).to_owned() }));
        // What the module demands as well is a mistake of the step already.
        let is_met = |name: &str| {
            let declared = module.field(name).is_some_and(|field| field.required || field.default.is_some());
            declared || named.contains(&name)
        };
        let unset = theirs.fields.iter().filter(|field| creates(step) && field.must_be_set() && !is_met(&field.name));
        let unset = unset.map(|field| Message::from(ConnectionFault::DriftUnset { field: field.name.clone() }));
        of_named.map(|one| one.message.clone()).chain(gone).chain(unset).collect()
    }
}

/// The name of the module on whose records a step works; none = it works on none, or on one that it names when it runs.
pub fn module_of<'d>(document: &'d Value, step: &'d Value) -> Option<&'d str> {
    match task(step)?.spec.name {
        key @ ("create_record" | "find_record") => step[key].as_str(),
        "set_value" if step["record"].is_null() => document["start"]["module"].as_str(),
        _ => None,
    }
}

/// The modules that a workflow names, each once: that of its start, and those of its steps.
pub fn modules_of(document: &Value) -> Vec<&str> {
    let steps = document["steps"].as_object().into_iter().flat_map(Map::values);
    let all = document["start"]["module"].as_str().into_iter();
    let all = all.chain(steps.filter_map(|step| module_of(document, step)));
    let mut named = Vec::new();
    for name in all.filter(|name| !name.is_empty() && !name.contains('$')) {
        if !named.contains(&name) {
            named.push(name);
        }
    }
    named
}

fn creates(step: &Value) -> bool {
    task(step).is_some_and(|kind| kind.spec.name == "create_record")
}

/// The fields that a step names.
pub fn named(step: &Value) -> Vec<&str> {
    let maps = ["fields", "set_value", "where"].into_iter().filter_map(|key| step[key].as_object());
    // `id` is asked for, and is no field.
    maps.flat_map(Map::keys).map(String::as_str).filter(|name| *name != "id").collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn fields() -> Fields {
        let module = json!({"module": "Leads", "connection": "crm", "fields": {
            "lastname": {"type": "text", "label": "Name"}, "fax": "text", "source": "text"}});
        let description = json!({"fields": [
            {"name": "lastname", "kind": "string", "mandatory": true},
            {"name": "source", "kind": "picklist", "options": ["Web"], "label": "Quelle"},
            {"name": "city", "kind": "string", "label": "city"},
            {"name": "lead_no", "kind": "string", "fixed": true},
        ]});
        Fields {
            modules: vec![Module::from_document(&module).unwrap()],
            described: vec![("crm".into(), "Leads".into(), serde_json::from_value(description).unwrap())],
        }
    }

    #[test]
    fn fields_are_offered_with_types_and_choices_as_declared_and_told() {
        let offers = fields().offers("Leads");
        let offers: Vec<(&str, &str, usize)> =
            offers.iter().map(|one| (one.name.as_str(), one.help.as_str(), one.choices.len())).collect();
        let expected =
            [("lastname", "text · Name", 0), ("fax", "text", 0), ("source", "text · Quelle", 1), ("city", "string", 0)];
        assert_eq!(offers, expected);
        assert!(fields().offers("Contacts").is_empty());
    }

    #[test]
    fn the_modules_that_a_workflow_names_are_known() {
        let document = json!({"start": {"module": "Leads"}, "steps": {
            "a": {"create_record": "Notes"}, "b": {"find_record": "Leads"}, "c": {"create_record": null}, "d": 5}});
        assert_eq!(modules_of(&document), ["Leads", "Notes"]);
        assert!(modules_of(&json!({})).is_empty());
    }

    #[test]
    fn a_step_is_told_of_the_fields_that_the_other_system_does_not_have() {
        let document = json!({"start": {"module": "Leads"}, "steps": {
            "a": {"create_record": "Leads", "fields": {"fax": 1, "city": 1}},
            "b": {"set_value": {"nothing": 1, "source": 1}},
            "c": {"find_record": "Leads", "where": {"lastname": "x", "id": "1"}},
            "d": {"set_value": {"fax": 1}, "record": "$env[\"other\"]"},
            "e": {"create_record": "Notes", "fields": {"fax": 1}},
        }});
        let drift = fields().drift(&document);
        let drift: Vec<(&str, String)> = drift.iter().map(|(step, one)| (step.as_str(), one.code())).collect();
        let expected = [("a", "drift-gone"), ("a", "drift-unset"), ("b", "drift-gone")];
        assert_eq!(drift, expected.map(|(step, code)| (step, code.to_owned())));
    }
}
