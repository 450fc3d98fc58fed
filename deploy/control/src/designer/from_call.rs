//! A first workflow that is made from a call: it creates a record, whose fields take the posted names.

use postern_shared::env::Env;
use postern_shared::module::Module;
use postern_shared::submission::Target;
use serde_json::{Map, Value, json};

/// The module where none is declared.
const LEADS: &str = "Leads";

/// The document. `title` and the name of its `step` are in the language of the person. Of several modules the one is taken
/// that has most of the posted names as fields.
pub fn document(id: i64, (title, step): (&str, &str), target: &Target, posted: &Env, modules: &[Module]) -> Value {
    let module =
        modules.iter().max_by_key(|module| posted.0.keys().filter(|name| field(module, name).is_some()).count());
    let mut fields = Map::new();
    for name in posted.0.keys() {
        let field = match module {
            Some(module) => field(module, name).or_else(|| (!module.strict).then(|| name.clone())),
            None => Some(name.clone()),
        };
        if let Some(field) = field.filter(|field| !field.is_empty()) {
            fields.entry(field).or_insert_with(|| Value::String(reference(name)));
        }
    }
    let mut made = Map::new();
    made.insert("create_record".to_owned(), module.map_or(LEADS, |module| module.name.as_str()).into());
    // The unique field of a module is its key already.
    if module.is_none_or(|module| module.unique().is_none())
        && let Some(mail) = posted.0.keys().find(|name| normal(name).contains("mail"))
    {
        made.insert("unique".to_owned(), format!("{{{{ {}|lower|trim }}}}", reference(mail)).into());
    }
    made.insert("fields".to_owned(), Value::Object(fields));
    let triggers = if let Target::Trigger(key) = target { vec![key.as_str()] } else { Vec::new() };
    let start = json!({"triggers": triggers, "without_record": true, "next": step});
    let steps = Map::from_iter([(step.to_owned(), Value::Object(made))]);
    json!({"workflow": id, "title": title, "active": true, "start": start, "steps": steps})
}

/// The field of a module that a posted name means: whatever its capitals and its signs are.
fn field(module: &Module, name: &str) -> Option<String> {
    let fields = || module.fields.iter();
    let same = fields().find(|field| field.name == name);
    let meant = normal(name);
    let is_meant = |text: &str| !meant.is_empty() && normal(text) == meant;
    let alike = || fields().find(|field| is_meant(&field.name) || is_meant(&field.label));
    same.or_else(alike).map(|field| field.name.clone())
}

fn normal(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

fn reference(name: &str) -> String {
    format!("$env[{}]", Value::from(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(posted: &str, modules: &[Value]) -> Value {
        let modules: Vec<Module> = modules.iter().map(|one| Module::from_document(one).unwrap()).collect();
        let (posted, target) = (serde_json::from_str(posted).unwrap(), Target::Trigger("web_lead".parse().unwrap()));
        document(7, ("New", "create"), &target, &posted, &modules)
    }

    #[test]
    fn posted_names_become_fields_of_the_module_that_has_most_of_them() {
        let contacts = json!({"module": "Contacts", "strict": true, "fields": {"last_name": "text", "email": {"type": "email", "unique": true}}});
        let tasks = json!({"module": "Tasks", "fields": {"due": "date"}});
        let made = made(r#"{"Last-Name": "x", "email": "a@b.c", "utm": "y"}"#, &[tasks, contacts]);
        let fields = json!({"last_name": "$env[\"Last-Name\"]", "email": "$env[\"email\"]"});
        assert_eq!(made["steps"]["create"], json!({"create_record": "Contacts", "fields": fields}));
        assert_eq!(made["start"], json!({"triggers": ["web_lead"], "without_record": true, "next": "create"}));
    }

    #[test]
    fn without_modules_every_name_is_a_field_and_the_mail_the_key() {
        let made = made(r#"{"name": "x", "E-Mail": "a@b.c"}"#, &[]);
        let fields = json!({"name": "$env[\"name\"]", "E-Mail": "$env[\"E-Mail\"]"});
        let unique = "{{ $env[\"E-Mail\"]|lower|trim }}";
        assert_eq!(made["steps"]["create"], json!({"create_record": "Leads", "unique": unique, "fields": fields}));
    }
}
