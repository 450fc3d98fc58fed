//! The JSON Schema of all documents, for editors: completion, help and checks while a person types. Draft 7, since
//! that is what the language servers for YAML know best. The validator of documents knows more than a schema can say.

use serde_json::{Map, Value, json};

use super::texts::{self, EN};
use super::{DOCUMENTS, Kind, Setting, Spec};
use crate::{document, task, yaml};

#[cfg(test)]
mod tests;

/// The schema of one document of any kind.
pub fn schema() -> Value {
    let mut definitions = Map::new();
    definitions.insert("step".to_owned(), step());
    for kind in &task::KINDS {
        definitions.insert(kind.spec.name.to_owned(), map(kind.spec, kind.spec.text_key()));
    }
    for spec in DOCUMENTS {
        definitions.insert(document(spec), map(spec, spec.text_key()));
    }
    let kinds: Vec<(String, &Spec)> = DOCUMENTS.iter().map(|spec| (document(spec), *spec)).collect();
    let mut schema = one_of(kinds.iter().map(|(definition, spec)| (definition.as_str(), *spec)));
    schema.insert("$schema".to_owned(), json!("http://json-schema.org/draft-07/schema#"));
    schema.insert("title".to_owned(), json!("A document of Postern"));
    schema.insert("definitions".to_owned(), Value::Object(definitions));
    Value::Object(schema)
}

fn document(spec: &Spec) -> String {
    format!("{} document", spec.name)
}

fn reference(definition: &str) -> Value {
    json!({"$ref": format!("#/definitions/{}", definition.replace(' ', "%20"))})
}

/// A step: exactly one task, with its settings and outputs.
fn step() -> Value {
    let mut step = one_of(task::KINDS.iter().map(|kind| (kind.spec.name, kind.spec)));
    describe(&mut step, "step");
    Value::Object(step)
}

/// A map that is what one of its keys tells. All these keys are listed first, so that an editor offers them for an
/// empty map.
fn one_of<'s>(kinds: impl Iterator<Item = (&'s str, &'s Spec)>) -> Map<String, Value> {
    let (mut properties, mut any, mut then) = (Map::new(), Vec::new(), Vec::new());
    let kinds: Vec<(&str, &Spec)> = kinds.collect();
    for (definition, spec) in &kinds {
        let mut property = Map::new();
        describe(&mut property, &spec.text_key());
        properties.insert(spec.name.to_owned(), Value::Object(property));
        let mut is = json!({"required": [spec.name]});
        // The key may be a setting of another kind, which the map is then.
        let others = kinds.iter().filter(|(_, other)| other.name != spec.name && other.setting(spec.name).is_some());
        let others: Vec<Value> = others.map(|(_, other)| json!({"required": [other.name]})).collect();
        if !others.is_empty() {
            is["not"] = json!({"anyOf": others});
        }
        then.push(json!({"if": is, "then": reference(definition)}));
        any.push(is);
    }
    let Value::Object(map) = json!({"type": "object", "properties": properties, "oneOf": any, "allOf": then}) else {
        return Map::new();
    };
    map
}

/// The map of a task or a document.
fn map(spec: &Spec, prefix: String) -> Value {
    let mut map = settings(spec.settings, &prefix);
    if let Some(properties) = map.get_mut("properties").and_then(Value::as_object_mut) {
        for output in spec.outputs {
            let mut steps = of_kind(Kind::Steps, false);
            describe(&mut steps, "output");
            properties.insert((*output).to_owned(), Value::Object(steps));
        }
    }
    describe(&mut map, &prefix);
    Value::Object(map)
}

fn settings(settings: &[Setting], prefix: &str) -> Map<String, Value> {
    let mut properties = Map::new();
    for setting in settings {
        let mut property = of_kind(setting.kind, setting.required);
        describe(&mut property, &setting.text_key(prefix));
        if let Some(default) = setting.default.and_then(|text| yaml::read(text).ok()?.pop()) {
            property.insert("default".to_owned(), default.value);
        }
        properties.insert(setting.key.to_owned(), Value::Object(property));
    }
    let required: Vec<&str> = settings.iter().filter(|setting| setting.required).map(|setting| setting.key).collect();
    let mut map = Map::new();
    map.insert("type".to_owned(), json!("object"));
    map.insert("properties".to_owned(), Value::Object(properties));
    map.insert("additionalProperties".to_owned(), json!(false));
    if !required.is_empty() {
        map.insert("required".to_owned(), json!(required));
    }
    map
}

fn describe(schema: &mut Map<String, Value>, key: &str) {
    if let Some(text) = texts::find(EN, key) {
        schema.insert("title".to_owned(), json!(text.title));
        schema.insert("description".to_owned(), json!(text.help));
    }
}

/// What a value may be. A number may be written where a text is read, and the other way round.
fn of_kind(kind: Kind, required: bool) -> Map<String, Value> {
    let text = || json!({"type": ["string", "number"]});
    let schema = match kind {
        Kind::Template | Kind::Html | Kind::MailAddresses | Kind::Value => json!({}),
        Kind::Address => json!({"type": "string", "pattern": "^\\s*[Hh][Tt][Tt][Pp][Ss]?://"}),
        Kind::Url | Kind::EnvName | Kind::Delay | Kind::Time | Kind::Charset | Kind::ShortUrl | Kind::Pairs => text(),
        Kind::UrlOr(prefix, inner) => json!({"anyOf": [text(), settings(inner, prefix)]}),
        Kind::Secret => secret(),
        Kind::DelayOr(prefix, inner) => json!({"anyOf": [text(), settings(inner, prefix)]}),
        Kind::SecretOr(prefix, inner) => json!({"anyOf": [secret(), settings(inner, prefix)]}),
        Kind::Zone | Kind::Rate | Kind::MediaType | Kind::Moment | Kind::Duration(_) => json!({"type": "string"}),
        Kind::Expression => json!({"type": ["string", "number", "boolean"]}),
        Kind::Text(max_bytes) => json!({"type": ["string", "number"], "maxLength": max_bytes}),
        Kind::Flag => json!({"type": "boolean"}),
        Kind::True => json!({"const": true}),
        Kind::Whole => json!({"type": ["integer", "string"], "pattern": "^[+-]?[0-9]+$"}),
        Kind::Number(min, max) => {
            json!({"type": ["integer", "string"], "minimum": min, "maximum": max, "pattern": "^[0-9]+$"})
        }
        Kind::Status => json!({"type": ["integer", "string"], "minimum": 200, "maximum": 599}),
        Kind::Choice(words) => json!({"enum": choice(words)}),
        Kind::Fields | Kind::Env | Kind::Headers | Kind::Conditions => {
            json!({"type": "object", "minProperties": usize::from(required)})
        }
        Kind::Name(document::Kind::Workflow) => json!({"type": ["integer", "string"], "minimum": 1}),
        Kind::Name(_) => text(),
        Kind::Names(_) | Kind::Steps | Kind::Statuses | Kind::Sort | Kind::Texts => several(),
        Kind::AddressRules | Kind::Origins => several(),
        Kind::Cases => json!({"type": "object", "minProperties": 1, "additionalProperties": several()}),
        Kind::Maps(prefix, inner) => json!({"type": "array", "items": settings(inner, prefix)}),
        Kind::Map(prefix, inner) => Value::Object(settings(inner, prefix)),
        Kind::FieldTypes(inner) => {
            let words = inner.iter().find_map(|setting| match setting.kind {
                Kind::Choice(words) => Some(words),
                _ => None,
            });
            let field = json!({"anyOf": [{"enum": words}, settings(inner, "field")]});
            json!({"type": "object", "additionalProperties": field})
        }
        Kind::Graph => json!({"type": "object", "minProperties": 1, "additionalProperties": reference("step")}),
    };
    let Value::Object(schema) = schema else { return Map::new() };
    schema
}

/// The reference to a secret; quotes may be typographic.
fn secret() -> Value {
    json!({"type": "string", "pattern": "^\\s*\\$secret\\["})
}

fn several() -> Value {
    json!({"anyOf": [{"type": ["string", "number"]}, {"type": "array", "items": {"type": ["string", "number"]}}]})
}

/// Words that are numbers are written as such, too.
fn choice(words: &[&str]) -> Vec<Value> {
    let numbers = words.iter().filter_map(|word| word.parse::<u16>().ok()).map(Value::from);
    words.iter().map(|word| Value::from(*word)).chain(numbers).collect()
}
