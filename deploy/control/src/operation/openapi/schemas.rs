//! The schemas of inputs and outputs. Inputs are described as they are read, outputs as they are written: what may be
//! left out of an input is not required, what an output always has is.

use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value};

use super::parts::Parameter;

/// Where named schemas stand in the document.
const NAMED: &str = "/components/schemas";

/// What makes schemas.
pub struct Schemas {
    /// Of what is read.
    pub inputs: SchemaGenerator,
    /// Of what is written.
    pub outputs: SchemaGenerator,
}

impl Schemas {
    /// Without any schema.
    pub fn new() -> Self {
        let settings = || {
            SchemaSettings::draft2020_12().with(|settings| {
                settings.definitions_path = NAMED.into();
                settings.meta_schema = None;
            })
        };
        let inputs = settings().for_deserialize().into_generator();
        Self { inputs, outputs: settings().for_serialize().into_generator() }
    }

    /// All schemas that have a name.
    pub fn named(self) -> Map<String, Value> {
        let mut named = self.inputs.definitions().clone();
        named.extend(self.outputs.definitions().iter().map(|(name, schema)| (name.clone(), closed(schema.clone()))));
        named
    }

    /// The names of schemas that inputs and outputs describe differently.
    #[cfg(test)]
    pub fn differing(&self) -> Vec<String> {
        let outputs = self.outputs.definitions();
        let inputs = self.inputs.definitions().iter();
        let differing = inputs.filter(|(name, schema)| outputs.get(*name).is_some_and(|other| other != *schema));
        differing.map(|(name, _)| name.clone()).collect()
    }
}

/// The schema of an output: an object has the fields that are named, and no other ones.
pub fn closed(mut schema: Value) -> Value {
    close(&mut schema);
    schema
}

fn close(schema: &mut Value) {
    match schema {
        Value::Object(map) => {
            if map.contains_key("properties") && !map.contains_key("additionalProperties") {
                map.insert("additionalProperties".to_owned(), Value::Bool(false));
            }
            map.values_mut().for_each(close);
        }
        Value::Array(items) => items.iter_mut().for_each(close),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// The parameters of an input, and what is left of it for the body.
pub fn input_parts(mut schema: Value, argument: Option<&str>, has_body: bool) -> (Vec<Parameter>, Option<Value>) {
    let required: Vec<String> = schema["required"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|name| name.as_str().map(str::to_owned))
        .collect();
    let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) else {
        return (Vec::new(), has_body.then_some(schema));
    };
    properties.values_mut().for_each(without_null);
    let mut parameters = Vec::new();
    for (name, property) in std::mem::take(properties) {
        let is_argument = argument == Some(name.as_str());
        if has_body && !is_argument {
            properties.insert(name, property);
            continue;
        }
        let description = property["description"].as_str().map(str::to_owned);
        let mut schema = property;
        if let Some(map) = schema.as_object_mut() {
            map.shift_remove("description");
        }
        let is_required = is_argument || required.contains(&name);
        let place = if is_argument { "path" } else { "query" };
        parameters.push(Parameter { name, place, required: is_required, description, schema });
    }
    if let Some(required) = schema.get_mut("required").and_then(Value::as_array_mut) {
        required.retain(|name| name.as_str() != argument);
    }
    (parameters, has_body.then_some(schema))
}

/// What may be left out is left out, and not sent as null.
fn without_null(property: &mut Value) {
    let Some(map) = property.as_object_mut() else { return };
    if let Some(types) = map.get_mut("type").and_then(Value::as_array_mut) {
        types.retain(|one| one != "null");
        if let [only] = types.as_slice() {
            let only = only.clone();
            map.insert("type".to_owned(), only);
        }
    }
    if let Some(words) = map.get_mut("enum").and_then(Value::as_array_mut) {
        words.retain(|word| !word.is_null());
    }
    let null = |one: &Value| one["type"] == "null";
    if let Some(Value::Array(choices)) = map.get("anyOf")
        && let [one, other] = choices.as_slice()
        && null(other)
        && let Value::Object(one) = one.clone()
    {
        map.shift_remove("anyOf");
        map.extend(one);
    }
}
