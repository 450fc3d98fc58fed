//! Values that a person edits one by one: a field for each, as a text or as JSON.

use postern_shared::env::Env;
use serde_json::Value;

use super::visit::Pairs;

/// How many values can be edited; those beyond stay as they are.
const EDITED: usize = 200;

/// The field of a value that is a text, and of one that is written as JSON.
const TEXT: &str = "text:";
const JSON: &str = "json:";

/// The field of an object that holds several values.
const OBJECT: &str = "object";

/// A value to edit.
#[derive(Debug)]
pub struct Field {
    /// The name of the field in the form.
    pub key: String,
    pub name: String,
    pub value: String,
    pub is_json: bool,
    /// Whether it has several lines, or may get some.
    pub is_long: bool,
}

/// The fields of values, each as it was typed last or else as it is, and how many values have none.
pub fn fields(form: &Pairs, env: &Env) -> (Vec<Field>, i64) {
    let fields = env.0.iter().take(EDITED).map(|(name, value)| field(form, name, value));
    (fields.collect(), i64::try_from(env.0.len().saturating_sub(EDITED)).unwrap_or(i64::MAX))
}

fn field(form: &Pairs, name: &str, value: &Value) -> Field {
    let (key, text) = written(name, value);
    let typed = form.all(&key).next().map(str::to_owned);
    let (value, is_json) = (typed.unwrap_or(text), key.starts_with(JSON));
    Field { name: name.to_owned(), is_long: is_json || value.contains('\n'), is_json, value, key }
}

/// The field of a value, and the text in it.
fn written(name: &str, value: &Value) -> (String, String) {
    match value {
        Value::String(text) => (format!("{TEXT}{name}"), text.clone()),
        other => (format!("{JSON}{name}"), other.to_string()),
    }
}

/// What was changed of the values; nothing if something is no JSON. A browser writes the end of a line as two characters.
pub fn edited(form: &Pairs, env: &Env) -> Option<Env> {
    let mut changed = Env::default();
    for (name, value) in env.0.iter().take(EDITED) {
        let (key, text) = written(name, value);
        let Some(typed) = form.all(&key).next() else { continue };
        if typed.replace("\r\n", "\n") == text.replace("\r\n", "\n") {
            continue;
        }
        let value = if key.starts_with(JSON) { serde_json::from_str(typed).ok()? } else { Value::from(typed) };
        changed.set(name.clone(), value);
    }
    let name = form.get("new_name").trim();
    if !name.is_empty() {
        changed.set(name, form.get("new_value").into());
    }
    Some(changed)
}

/// All values with what was typed, also those that were added before, and those of an object that is written as JSON;
/// nothing if something is no JSON.
pub fn typed(form: &Pairs, env: &Env) -> Option<Env> {
    let mut all = env.clone();
    for (key, text) in form.iter() {
        let (name, value) = match (key.strip_prefix(TEXT), key.strip_prefix(JSON)) {
            (Some(name), _) if env.get(name).is_none() => (name, text.into()),
            (_, Some(name)) if env.get(name).is_none() => (name, serde_json::from_str(text).ok()?),
            _ => continue,
        };
        all.set(name, value);
    }
    let object = form.get(OBJECT).trim();
    let object: Env = if object.is_empty() { Env::default() } else { serde_json::from_str(object).ok()? };
    edited(form, env)?.0.into_iter().chain(object.0).for_each(|(name, value)| all.set(name, value));
    Some(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env(json: &str) -> Env {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn what_is_typed_stands_in_the_place_of_what_was_there() {
        let before = env(r#"{"a": "x", "n": 1}"#);
        for (form, expected) in [
            ("", Some(r#"{"a":"x","n":1}"#)),
            ("text:a=y&json:n=[2]", Some(r#"{"a":"y","n":[2]}"#)),
            ("text:b=new&json:c=true", Some(r#"{"a":"x","n":1,"b":"new","c":true}"#)),
            ("new_name=d&new_value=1", Some(r#"{"a":"x","n":1,"d":"1"}"#)),
            (r#"object={"a":{"b":1}}"#, Some(r#"{"a":{"b":1},"n":1}"#)),
            ("json:n=x", None),
            ("json:other=x", None),
            ("object=[1]", None),
        ] {
            let typed = typed(&Pairs::read(form.as_bytes()), &before);
            assert_eq!(typed.map(|env| env.to_string()).as_deref(), expected, "{form}");
        }
    }
}
